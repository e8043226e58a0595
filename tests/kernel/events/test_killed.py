"""The pump is killed at each labelled place; after a restart every effect is there exactly once."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.utils import timezone

from ccx.kernel.events.effects import DEAD_AFTER, settle_the_silent
from ccx.kernel.events.failpoints import KILLED
from ccx.kernel.events.models import ReaderEffect
from ccx.kernel.events.pumping import pump_everything
from tests.ccx.processes import clean_environment
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


TELL = """
import importlib, os
from ccx.settings import base
told = [base.CCX_FAILPOINT]
for name in ("CCX_FAILPOINTS_ALLOWED", "CCX_PRODUCTION"):
    os.environ[name] = "1"
    told.append(importlib.reload(base).CCX_FAILPOINT)
print(told)
"""


def test_fail_points_need_both_variables_and_production_has_none() -> None:
    told = subprocess.run(
        [sys.executable, "-c", TELL],
        env=clean_environment(CCX_FAILPOINT="reader.after_handle", CCX_SECRET_KEY="k" * 60),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "['', 'reader.after_handle', '']"
