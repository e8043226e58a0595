"""Our answers over a line's own server, and what its answers make of them."""

from typing import Any
from uuid import uuid4

import pytest

from ccx.embedded.ports import a_free_port
from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.contract import Handed, Outgoing, OutgoingFile
from interactions.channels.email.adapter import MailAdapter
from interactions.channels.registry import line_of
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


def hand_over(centre: Centre, port: int, **fields: Any) -> Handed:
    """One mail of the contract over a server at this port."""
    centre.email.address = "help@ccx.test"
    centre.email.settings = {"smtp": {"host": "127.0.0.1", "port": port, "security": "none"}}
    outgoing = Outgoing(reference=uuid4(), recipient="ann@example.test", body="See.", interaction_id=7, **fields)
    return MailAdapter().send(line_of(centre.email), outgoing)


COPIES = ("bo@example.test", "cy@example.test", "ann@example.test", "bo@example.test")


def test_a_copy_that_is_refused_is_told_and_the_others_have_theirs(centre: Centre) -> None:
    with smtp_stub(refuses="bo@example.test") as server:
        handed = hand_over(centre, server.port, copies=COPIES)
    assert server.recipients == [["ann@example.test", "cy@example.test"]]
    assert (handed.state, "bo@example.test: 550" in handed.note) == ("sent", True)
    assert server.taken[0]["Cc"] == "bo@example.test, cy@example.test"


def test_where_the_customers_own_address_is_refused_nobody_gets_anything(centre: Centre) -> None:
    with smtp_stub(refuses="ann@example.test") as server, pytest.raises(RefusedEffectError):
        hand_over(centre, server.port, copies=COPIES)
    assert server.taken == []


def test_files_leave_byte_for_byte_under_names_that_lead_nowhere(centre: Centre) -> None:
    told = [
        ("../../etc/passwd", "text/plain", b"a\nb\r\nc", "passwd"),
        ("a\r\nBcc: eve@evil.test", "application/pdf", b"%PDF\x00\xff", "a Bcc: eve@evil.test"),
        ("\u202egnp.exe", "nonsense", b"MZ", "gnp.exe"),
        (".htaccess", "message/rfc822", b"Subject: x\n\ny", "htaccess"),
        ("Übersicht.txt", "text/plain", b"\xe4 is no UTF-8", "Übersicht.txt"),
        ("x" * 300, "image/png", b"\x89PNG", "x" * 200),
        ("\u200b", "multipart/mixed", b"--x", "file"),
    ]
    files = tuple(
        OutgoingFile(name=name, content_type=kind, size=len(raw), read=lambda raw=raw: raw, url=str)
        for name, kind, raw, _ in told
    )
    with smtp_stub() as server:
        hand_over(centre, server.port, files=files)
    (mail,) = server.taken
    assert mail["Bcc"] is None
    found = [(part.get_filename(), part.get_payload(decode=True)) for part in mail.iter_attachments()]
    assert found == [(name, raw) for _, _, raw, name in told]


def test_a_mail_threads_by_what_both_sides_wrote_and_by_nothing_else(centre: Centre) -> None:
    ours = uuid4()
    thread = ("<m1@example.test>", str(ours), "sms:17", "<m2@example.test>#abcdef", "<a b@x.test>")
    with smtp_stub() as server:
        hand_over(centre, server.port, thread=thread, subject="Order\nBcc: eve@evil.test")
    (mail,) = server.taken
    first, second, third = mail["References"].split()
    assert (first, third, mail["In-Reply-To"]) == ("<m1@example.test>", "<m2@example.test>", third)
    assert second.startswith(f"<{ours.hex}.")
    assert (mail["Bcc"], mail["Subject"]) == (None, "Re: Order Bcc: eve@evil.test")
