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
from ccx.kernel.events.pumping import pump_everything
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import taken
from tests.killing import exit_code_of


@pytest.mark.parametrize("failpoint", ["sequencer.after_number", "reader.after_handle", "reader.after_commit"])
def test_a_pump_killed_anywhere_loses_nothing_and_doubles_nothing(event_log: None, failpoint: str) -> None:
    tell(*range(7))
    assert exit_code_of(pump_everything, failpoint) == KILLED
    tell(7)
    assert exit_code_of(pump_everything, failpoint) in {KILLED, 0}

    assert exit_code_of(pump_everything) == 0

    expected = list(range(8))
    assert taken("first") == taken("second") == taken("postman") == taken("outside") == expected
    assert ReaderEffect.objects.filter(state="done").count() == 8


def test_a_sender_killed_after_sending_leaves_an_unknown_outcome_and_is_not_sent_again(event_log: None) -> None:
    tell(1, 2)
    assert exit_code_of(pump_everything, "effect.after_send") == KILLED
    assert exit_code_of(pump_everything) == 0
    assert taken("outside") == [1, 2]

    settle_the_silent(timezone.now() + DEAD_AFTER)
    assert exit_code_of(pump_everything) == 0

    assert taken("outside") == [1, 2]
    assert list(ReaderEffect.objects.order_by("event_id").values_list("state", flat=True)) == ["unknown", "done"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"CCX_FAILPOINTS_ALLOWED": "1"}, "here"),
        ({"CCX_FAILPOINTS_ALLOWED": "0"}, ""),
        ({"CCX_FAILPOINTS_ALLOWED": "1", "CCX_PRODUCTION": "1", "CCX_SECRET_KEY": "k" * 60}, ""),
    ],
)
def test_fail_points_need_both_variables_and_are_never_in_production(asked: dict[str, str], found: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.CCX_FAILPOINT)"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ccx.settings.test", "CCX_FAILPOINT": "here"} | asked,
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout == f"{found}\n"
