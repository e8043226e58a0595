"""The pump is killed at each labelled place; after a restart every effect is there exactly once."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.utils import timezone

from ccx.kernel.events.effects import DEAD_AFTER, settle_the_silent
from ccx.kernel.events.failpoints import KILLED
from ccx.kernel.events.models import ReaderEffect
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import taken
from tests.services import database_address


def run_pump(failpoint: str = "", allowed: str = "1", **more: str) -> int:
    """Run a pump to its end or its death; its exit code."""
    environment = os.environ | {
        "DATABASE_URL": database_address(),
        "CCX_FAILPOINT": failpoint,
        "CCX_FAILPOINTS_ALLOWED": allowed,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "ccx.settings.test"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernel.events.pump_process"],
        env=environment | more,
        cwd=settings.BASE_DIR,
        timeout=60,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("failpoint", ["sequencer.after_number", "reader.after_handle", "reader.after_commit"])
def test_a_pump_killed_anywhere_loses_nothing_and_doubles_nothing(event_log: None, failpoint: str) -> None:
    tell(*range(7))
    assert run_pump(failpoint) == KILLED
    tell(7)
    assert run_pump(failpoint) in {KILLED, 0}

    assert run_pump() == 0

    expected = list(range(8))
    assert taken("first") == taken("second") == taken("postman") == taken("outside") == expected
    assert ReaderEffect.objects.filter(state="done").count() == 8


def test_a_sender_killed_after_sending_leaves_an_unknown_outcome_and_is_not_sent_again(event_log: None) -> None:
    tell(1, 2)
    assert run_pump("effect.after_send") == KILLED
    assert run_pump() == 0
    assert taken("outside") == [1, 2]

    settle_the_silent(timezone.now() + DEAD_AFTER)
    assert run_pump() == 0

    assert taken("outside") == [1, 2]
    assert list(ReaderEffect.objects.order_by("event_id").values_list("state", flat=True)) == ["unknown", "done"]


def test_fail_points_need_both_variables(event_log: None) -> None:
    tell(1)

    assert run_pump("reader.after_handle", allowed="0") == 0


def test_production_has_no_fail_points(event_log: None) -> None:
    tell(1)

    assert run_pump("reader.after_handle", CCX_PRODUCTION="1", CCX_SECRET_KEY="k" * 60) == 0
