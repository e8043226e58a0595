"""Mail of the installation itself: what it looks like, and what became of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.test import override_settings

from ccx.embedded.ports import a_free_port
from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from ccx.kernel.mail import deliver
from tests.factories.mailservers import smtp_stub

Send = Callable[..., None]


def send(port: int, **changes: Any) -> None:
    over_smtp = {"EMAIL_BACKEND": "ccx.kernel.mail.SmtpBackend", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": port}
    values = {"to": "ann@example.test", "subject": "How was it?", "text": "Please tell us.", "key": "survey:1"}
    with override_settings(**over_smtp):
        deliver(**values | changes)


def test_a_mail_arrives_as_text_and_html_and_says_that_a_machine_wrote_it() -> None:
    with smtp_stub() as server:
        send(
            server.port,
            html="<p>Please tell us.</p>",
            language="de",
            headers={"List-Unsubscribe": "<https://x.test/u>"},
        )
        (mail,) = server.taken
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://x.test/u>"
    assert mail["Content-Language"] == "de"
    assert server.recipients == [["ann@example.test"]]


def test_the_same_key_gives_the_same_message_id(settings: LazySettings, mailoutbox: list[EmailMessage]) -> None:
    for key in ("a", "a", "b"):
        deliver(to="ann@example.test", subject="x", text="y", key=key)
    first, again, other = [mail.message()["Message-ID"] for mail in mailoutbox]
    assert first == again != other


def test_line_ends_in_a_subject_make_no_header_and_a_long_name_is_folded(mailoutbox: list[EmailMessage]) -> None:
    deliver(to="ann@example.test", subject="Hello\r\nBcc: eve@example.test\u2028\x0b" + "ü" * 2000, text="y", key="k")
    raw = mailoutbox[0].message().as_bytes()
    assert b"\nBcc:" not in raw
    assert max(map(len, raw.splitlines())) < 998


@pytest.mark.parametrize("address", ["", "nobody", "a@b.test\nBcc: eve@example.test", "a@b.test, c@d.test"])
def test_what_is_no_address_is_refused_for_good(address: str, mailoutbox: list[EmailMessage]) -> None:
    with pytest.raises(RefusedEffectError):
        deliver(to=address, subject="x", text="y", key="k")
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"at_rcpt": "421 4.3.2 Busy"}, TemporaryEffectError),
        ({"at_rcpt": "450 4.2.0 Greylisted"}, TemporaryEffectError),
        ({"at_rcpt": "452 4.3.1 Full"}, TemporaryEffectError),
        ({"at_rcpt": "550 5.1.1 Unknown"}, RefusedEffectError),
        ({"at_data": "451 4.3.0 Later"}, TemporaryEffectError),
        ({"at_data": "554 5.7.1 Spam"}, RefusedEffectError),
        ({"hangs_up": True}, OutcomeIsUnknownError),
    ],
    ids=str,
)
def test_the_servers_answer_says_what_became_of_it(answers: dict[str, Any], error: type[Exception]) -> None:
    with smtp_stub(**answers) as server, pytest.raises(error):
        send(server.port)


def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    with pytest.raises(TemporaryEffectError):
        send(a_free_port())
