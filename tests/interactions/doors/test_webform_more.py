"""Files with a form, and the mail that confirms it: nothing chosen is lost, and nobody is bombed with our mails."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ccx.kernel.access import rates
from ccx.kernel.events.effects import TemporaryEffectError
from ccx.kernel.events.models import ReaderEffect
from ccx.kernel.events.pumping import pump, pump_everything
from interactions.channels.choices import Channel
from interactions.doors.models import WebForm
from interactions.doors.webform import confirming, holding
from interactions.models import Attachment, Inbox, Interaction

URL = "/forms/contact/"
FIELDS = [
    {"name": "name", "label": "Name", "kind": "text"},
    {"name": "mail", "label": "E-mail", "kind": "email"},
    {"name": "message", "label": "Message", "kind": "textarea", "required": True},
]
EVIL = "Buy pills at https://evil.test"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def web_form(db: None) -> WebForm:
    inbox = Inbox.objects.create(name="Contact form", channel=Channel.WEB_FORM)
    return WebForm.objects.create(
        inbox=inbox, slug="contact", title="Contact us", fields=FIELDS, takes_files=True, confirms=True
    )


def ticket_of(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def send(ticket: str = "", *, address: str = "10.0.0.1", language: str = "en", **data: Any) -> Any:
    client = Client(REMOTE_ADDR=address, headers={"accept-language": language})
    ticket = ticket or ticket_of(client.get(URL).text)
    told = {"f_message": "Where is it?", "f_mail": "ann@example.test", "f_name": "Ann", "ticket": ticket} | data
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=True):
        return client.post(URL, told)


def a_file(name: str = "bill.pdf", content: bytes = b"%PDF-1.7 bill", kind: str = "text/html") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def held_files() -> set[str]:
    try:
        return set(default_storage.listdir(f"{holding.FOLDER}/{timezone.now():%Y-%m-%d}")[1])
    except FileNotFoundError:
        return set()


def test_files_hang_on_the_message_under_their_true_kind(web_form: WebForm) -> None:
    answer = send(files=[a_file(), a_file("../../x\u202egnp.exe", PNG)])
    assert answer.status_code == 200
    found = {file.content_type: file for file in Attachment.objects.all()}
    assert set(found) == {"application/pdf", "image/png"} or set(found) == {
        "application/pdf",
        "application/octet-stream",
    }
    assert all("/" not in file.name and "\u202e" not in file.name for file in found.values())
    assert Interaction.objects.count() == 1


def test_a_mistake_elsewhere_loses_no_file(web_form: WebForm) -> None:
    page, before = Client().get(URL).text, held_files()
    assert 'enctype="multipart/form-data"' in page
    wrong = send(ticket_of(page), f_message="", files=[a_file()])
    assert wrong.status_code == 400
    assert "bill.pdf" in wrong.text
    [held] = re.findall(r'name="held" value="([^"]+)"', wrong.text)
    assert not Attachment.objects.exists()
    # Its ticket is of this form's number: with another it is nobody's.
    other = send(held=[held])
    assert (other.status_code, "A file is gone." in other.text) == (400, True)

    assert send(ticket_of(page), held=[held], files=[a_file("two.pdf")]).status_code == 200
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["bill.pdf", "two.pdf"]
    assert held_files() == before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([a_file(f"{n}.pdf") for n in range(6)], "At most 5 files can be sent."),
        ([a_file("big.pdf", b"x" * (10 * 1024 * 1024 + 1))], "big.pdf is larger than 10 MB."),
        ([a_file("none.pdf", b"")], "none.pdf is empty."),
    ],
)
def test_what_cannot_be_taken_is_said_at_the_files(files: list[Any], words: str, web_form: WebForm) -> None:
    answer = send(files=files)
    assert answer.status_code == 400
    assert 'id="field-files-error"' in answer.text
    assert words in answer.text
    assert "Where is it?" in answer.text
    assert not Interaction.objects.exists()


def test_a_form_that_takes_no_files_takes_none(web_form: WebForm) -> None:
    WebForm.objects.update(takes_files=False)
    assert send(files=[a_file()]).status_code == 200
    assert not Attachment.objects.exists()


def test_a_flood_of_files_is_not_held_and_a_body_without_end_is_not_read(
    web_form: WebForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _n in range(10):
        assert 'name="held"' in send(f_message="", files=[a_file()]).text
    assert 'name="held"' not in send(f_message="", files=[a_file()]).text
    monkeypatch.setattr("interactions.doors.webform.views.MAX_BODY", 10)
    assert send().status_code == 413


def test_files_nobody_sends_go_after_two_days(web_form: WebForm) -> None:
    send(f_message="", files=[a_file()])
    assert holding.forget_uploads() == 0
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert holding.forget_uploads() >= 1


carry_out = pump_everything


@pytest.fixture
def log(web_form: WebForm) -> WebForm:
    """The reader looks forward only: it has its place before the contacts that count."""
    WebForm.objects.update(confirms=False)
    send(f_mail="first@example.test")
    pump_everything()
    assert mail.outbox == []
    WebForm.objects.update(confirms=True)
    return web_form


def test_a_form_is_confirmed_once_without_a_word_of_its_sender(log: WebForm) -> None:
    send(f_name=EVIL, f_message=EVIL, f_mail="Ann@example.test")
    carry_out()
    carry_out()
    [sent] = mail.outbox
    number = confirming.number_of(Interaction.objects.order_by("pk").last())
    assert sent.to == ["ann@example.test"]
    assert sent.subject == f"We have your message ({number})"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert number in sent.body
    for told in ("evil.test", "pills", "Buy", "Ann"):
        assert told not in f"{sent.subject}{sent.body}{sent.extra_headers}"


def test_a_confirmation_is_in_the_language_of_the_page(log: WebForm) -> None:
    send(language="de", f_mail="uwe@example.test")
    carry_out()
    [sent] = mail.outbox
    assert sent.subject.startswith("Wir haben Ihre Nachricht (")
    assert "Ihre Nachricht ist angekommen" in sent.body


def test_a_thousand_forms_in_the_name_of_others_are_a_few_mails(log: WebForm, monkeypatch: pytest.MonkeyPatch) -> None:
    spellings = [
        "victim@gmail.com",
        "v.ictim@gmail.com",
        "Victim+1@gmail.com",
        "victim+2@GMAIL.com",
        "victim@gmail.com",
    ]
    for number, spelling in enumerate(spellings):
        assert send(address=f"10.1.0.{number}", f_mail=spelling).status_code == 200
    carry_out()
    assert len(mail.outbox) == 1
    monkeypatch.setattr(confirming, "ALL_RATE", rates.Rate(name="form-confirmations-low", per_minute=1 / 60, burst=3))
    for number in range(8):
        assert send(address=f"10.2.0.{number}", f_mail=f"victim{number}@example.test").status_code == 200
    carry_out()
    assert len(mail.outbox) == 1 + 3
    assert Interaction.objects.count() >= 9


def test_an_allowed_mail_is_tried_again_and_none_goes_out_while_nobody_counts(
    log: WebForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    pump()
    effect = ReaderEffect.objects.get(reader=confirming.NAME)
    unknown = rates.Decision(rate=confirming.ALL_RATE, is_allowed=True, remaining=None)
    with monkeypatch.context() as patched:
        patched.setattr(confirming, "take", lambda **_asked: unknown)
        with pytest.raises(TemporaryEffectError):
            confirming.confirm(effect)
    assert mail.outbox == []
    with monkeypatch.context() as patched:
        patched.setattr(confirming, "deliver", lambda **_told: (_ for _ in ()).throw(TemporaryEffectError("down")))
        with pytest.raises(TemporaryEffectError):
            confirming.confirm(effect)
    effect.refresh_from_db()
    confirming.confirm(effect)
    assert len(mail.outbox) == 1


def test_a_form_that_does_not_confirm_writes_to_nobody(log: WebForm) -> None:
    WebForm.objects.update(confirms=False)
    send()
    carry_out()
    assert mail.outbox == []
