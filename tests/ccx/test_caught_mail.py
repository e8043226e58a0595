"""Mail of a demonstration: caught, read and answered as the customer; and nowhere else."""

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as project
from django.core.mail import EmailMessage as SentMail
from django.test import Client

from ccx.demo.caught import caught_mails
from ccx.embedded.ports import a_free_port, answers
from ccx.kernel.people.choices import Role
from interactions.channels.choices import Channel
from interactions.doors.mail.services import take_mail
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages
from interactions.models import Inbox, Interaction
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail
from tests.factories.people import make_user


@pytest.fixture
def centre(db: None, settings: LazySettings, tmp_path: Path) -> Centre:
    settings.DEMO = True
    settings.VAR_DIR = tmp_path
    centre = make_centre()
    Inbox.objects.filter(channel=Channel.EMAIL).update(address="help@ccx.test")
    return centre


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(Role.AGENT))
    return client


def keep(raw: bytes, folder: Path) -> None:
    (folder / "mail").mkdir(exist_ok=True)
    (folder / "mail" / f"{time.time_ns():020d}-{'a' * 32}.eml").write_bytes(raw)


def test_what_customers_would_have_got_is_shown_and_answered_as_they_would(
    centre: Centre, client: Client, mailoutbox: list[SentMail], tmp_path: Path
) -> None:
    assert "No mail was sent yet" in client.get("/demo/mail/").text
    centre.email.refresh_from_db()
    taken = take_mail(inbox=centre.email, raw=a_mail("Where is my order?"))
    assert taken.receipt is not None
    said = reply(taken.receipt.interaction_id or 0, centre.alice, "See https://shop.example/track and wait.")
    Sending.objects.update(due_at=said.message.sent_at)
    send_due_messages()
    keep(mailoutbox[0].message().as_bytes(), tmp_path)

    (caught,) = caught_mails()
    assert "Re: My order" in client.get("/demo/mail/").text
    address = f"/demo/mail/{caught.name}/"
    assert '<a href="https://shop.example/track"' in client.get(address).text
    assert client.post(address, {"words": ""}).status_code == 200
    client.post(address, {"words": "Thank you!"})

    interaction = Interaction.objects.get()
    assert interaction.messages.count() == 3
    assert str(interaction.messages.order_by("-pk")[0].body).startswith("Thank you!")


def test_strangers_are_sent_to_sign_in_and_without_a_demonstration_there_is_nothing(
    centre: Centre, client: Client, settings: LazySettings, tmp_path: Path
) -> None:
    assert Client().get("/demo/mail/").status_code == 302
    assert client.get("/demo/mail/..%2f..%2fetc/").status_code == 404
    settings.PRODUCTION = True
    assert client.get("/demo/mail/").status_code == 404
    settings.PRODUCTION, settings.DEMO = False, False
    assert client.get("/demo/mail/").status_code == 404
    assert Client().get("/demo/mail/").status_code == 404


def test_the_catcher_keeps_what_it_is_given_and_stops_when_asked(tmp_path: Path) -> None:
    port = a_free_port()
    command = [sys.executable, "-m", "ccx.demo.catching", "--port", str(port), "--folder", str(tmp_path / "mail")]
    process = subprocess.Popen(command, cwd=project.BASE_DIR)
    try:
        deadline = time.monotonic() + 30
        while not answers("127.0.0.1", port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "help@ccx.test", "ann@example.test", "Hello"
        mail.set_content("words")
        with smtplib.SMTP("127.0.0.1", port) as line:
            line.send_message(mail)
        (path,) = (tmp_path / "mail").glob("*.eml")
        assert b"Subject: Hello" in path.read_bytes()
    finally:
        process.terminate()
        assert process.wait(20) == 0
