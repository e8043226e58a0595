"""A worker that dies while it sends leaves a message in doubt, and no customer gets it twice."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from ccx.kernel.events.effects import DEAD_AFTER
from ccx.kernel.events.failpoints import KILLED
from interactions.handling.models import Sending, SendingState
from interactions.handling.outgoing import settle_the_silent
from tests.factories.contacts import make_centre
from tests.factories.desks import arrive, reply

pytestmark = pytest.mark.django_db(transaction=True)


def work(folder: Path, failpoint: str = "") -> int:
    """A worker's whole life; its exit code."""
    database = connection.settings_dict
    who = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = {
        "DATABASE_URL": f"postgresql://{who}/{database['NAME']}",
        "CCX_FAILPOINT": failpoint,
        "CCX_FAILPOINTS_ALLOWED": "1",
        "DJANGO_SETTINGS_MODULE": "ccx.settings.test",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.interactions.handling.send_process", str(folder)],
        env=os.environ | environment,
        cwd=django_settings.BASE_DIR,
        timeout=60,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize(("failpoint", "mails"), [("message.before_send", 0), ("message.after_send", 1)])
def test_a_worker_killed_while_sending_leaves_the_message_in_doubt_and_never_sends_it_again(
    tmp_path: Path, settings: Any, failpoint: str, mails: int
) -> None:
    settings.CCX_UNDO_SECONDS = 0
    centre = make_centre()
    centre.email.address = "help@ccx.test"
    centre.email.save()
    reply(arrive(centre.email), centre.alice)

    assert work(tmp_path, failpoint) == KILLED
    assert work(tmp_path) == 0
    assert settle_the_silent() == 0
    assert settle_the_silent(timezone.now() + DEAD_AFTER) == 1
    assert work(tmp_path) == 0

    assert Sending.objects.get().state == SendingState.UNKNOWN
    assert len(list(tmp_path.iterdir())) == mails
