"""A worker that dies while it sends leaves a message in doubt, and no customer gets it twice."""

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from ccx.kernel.events.effects import DEAD_AFTER
from ccx.kernel.events.failpoints import KILLED
from interactions.handling.models import Sending, SendingState
from interactions.handling.outgoing import send_due_messages, settle_the_silent
from tests.factories.contacts import make_centre
from tests.factories.desks import arrive, reply
from tests.killing import exit_code_of

pytestmark = pytest.mark.django_db(transaction=True)


def work(folder: Path, failpoint: str = "") -> int:
    """A worker's whole life, with mails into a folder; its exit code."""
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend", EMAIL_FILE_PATH=str(folder)
    ):
        return exit_code_of(send_due_messages, failpoint)


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
