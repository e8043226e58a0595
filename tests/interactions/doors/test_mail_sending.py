"""Our answers over a line's own server, and what its answers make of them."""

from typing import Any

import pytest

from ccx.embedded.ports import a_free_port
from interactions.channels.services import keep_credentials
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages
from interactions.models import Inbox
from tests.factories.contacts import Centre
from tests.factories.desks import arrive, reply
from tests.factories.mailservers import smtp_stub


def send(line: Inbox, centre: Centre, port: int) -> str:
    """Answer over a server at this port; what the sending is then."""
    line.address = "help@ccx.test"
    line.settings = {"from_name": "Help", "smtp": {"host": "127.0.0.1", "port": port, "security": "none"}}
    line.save()
    keep_credentials(inbox_id=line.pk, credentials={"smtp_password": "hush"}, by=None)
    said = reply(arrive(line), centre.alice, "We look\n.\ninto it.")
    Sending.objects.update(due_at=said.message.sent_at)
    send_due_messages()
    return str(Sending.objects.get().state)


def test_an_answer_leaves_over_the_lines_own_server(centre: Centre) -> None:
    with smtp_stub() as server:
        assert send(centre.email, centre, server.port) == "sent"
    (mail,) = server.taken
    assert (mail["From"], mail["To"]) == ("Help <help@ccx.test>", "ann@example.test")
    assert mail["Reply-To"].startswith("help+")
    assert mail.get_content().splitlines() == ["We look", ".", "into it."]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"at_rcpt": "450 4.2.0 Greylisted"}, "queued"),
        ({"at_rcpt": "421 4.3.2 Busy"}, "queued"),
        ({"at_rcpt": "550 5.1.1 Unknown"}, "failed"),
        ({"at_data": "554 5.7.1 Spam"}, "failed"),
        ({"hangs_up": True}, "unknown"),
    ],
    ids=str,
)
def test_what_the_server_says_becomes_of_the_answer(centre: Centre, answers: dict[str, Any], state: str) -> None:
    with smtp_stub(**answers) as server:
        assert send(centre.email, centre, server.port) == state


def test_a_server_that_is_not_there_is_tried_again(centre: Centre) -> None:
    assert send(centre.email, centre, a_free_port()) == "queued"
