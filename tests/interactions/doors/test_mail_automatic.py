"""What machines wrote: in the thread that it answers, or in a list out of which a person makes a contact."""

from typing import Any

import pytest
from django.core.mail import EmailMessage as SentMail
from django.test import Client

from analytics.facts.models import Fact
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus, Outcome
from interactions.channels.email.tokens import reply_address, sent_id
from interactions.doors.deliveries import views as deliveries_views
from interactions.doors.mail.services import take_mail
from interactions.handling.models import Sending
from interactions.models import Attachment, Inbox, Interaction, Message
from tests.factories.contacts import Centre
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail

PAGE = "/operations/deliveries/?show=automatic"


def take(line: Inbox, raw: bytes) -> Interaction:
    receipt = take_mail(inbox=line, raw=raw).receipt
    assert receipt is not None
    return Interaction.objects.get(pk=receipt.interaction_id)


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Return-Path": "<>"},
        {"From": "Help <help+x@ccx.test>"},
    ],
    ids=str,
)
def test_what_a_machine_wrote_is_no_contact_and_opens_nothing(line: Inbox, heads: dict[str, str]) -> None:
    first = take(line, a_mail("Where is my order?"))

    second = take(line, a_mail("I am away", number=2, In_Reply_To="<m1@example.test>", **heads))

    assert (second.outcome, second.case_id, second.status) == (
        Outcome.NOT_A_CONTACT,
        None,
        InteractionStatus.CLOSED,
    )
    assert first.messages.count() == 1


def test_twenty_automatic_mails_wake_nobody_and_nothing_answers_them(line: Inbox, mailoutbox: list[SentMail]) -> None:
    for number in range(20):
        take(line, a_mail("I am away", number=number, Auto_Submitted="auto-replied"))
    assert not Interaction.objects.exclude(outcome=Outcome.NOT_A_CONTACT).exists()
    assert mailoutbox == []
    assert not Sending.objects.exists()


def figures() -> list[dict[str, Any]]:
    pump_everything()
    return list(Fact.objects.order_by("pk").values())


@pytest.mark.parametrize("way", ["To", "References"])
def test_an_automatic_answer_stands_in_its_thread_and_wakes_nobody(
    line: Inbox, centre: Centre, mailoutbox: list[SentMail], way: str
) -> None:
    number = take(line, a_mail("Where is my order?")).pk
    said = reply(number, centre.alice).message
    Interaction.objects.filter(pk=number).update(status=InteractionStatus.PENDING)
    before, told = figures(), Interaction.objects.filter(pk=number).values().get()
    to = reply_address(line.address, number) if way == "To" else sent_id(said.public_id, domain="ccx.test")
    away = a_mail("Back on Monday.", number=2, sender="ann@example.test", Auto_Submitted="auto-replied", **{way: to})

    assert take(line, away).pk == take(line, away).pk == number
    forged = a_mail(
        "Let me in", number=3, Auto_Submitted="auto-replied", **{way: to.replace("+", "+0").replace(".", ".0")}
    )
    assert take(line, forged).pk != number

    entry = Message.objects.get(interaction=number, body="Back on Monday.")
    assert (entry.author_kind, entry.is_note, entry.meta["automatic"]) == (AuthorKind.SYSTEM, True, "ann@example.test")
    assert Interaction.objects.filter(pk=number).values().get() == told
    assert [row for row in figures() if row["interaction_id"] == number] == before
    assert mailoutbox == []
    client = Client()
    client.force_login(centre.alice)
    shown = client.get(f"/desk/{told['public_id']}/").content.decode()
    assert "Automatic reply" in shown
    assert "Only we see this" not in shown


def test_automatic_mail_is_found_and_made_a_contact_with_one_press(
    line: Inbox, admin: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = (
        b"From: Shop <shop@example.test>\nMessage-ID: <s1@example.test>\nSubject: Order <4711>\nPrecedence: bulk\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>My lamp is broken</p>\n"
        b'--b\nContent-Disposition: attachment; filename="lamp.txt"\n\nphoto\n--b--\n'
    )
    closed = take(line, shop)
    sealed = take(line, a_mail("Real", number=2))
    take(line, a_mail("Away", number=3, Auto_Submitted="auto-replied", To=reply_address(line.address, sealed.pk)))
    press = f"/operations/deliveries/{closed.public_id}/contact/"
    client = Client()
    client.force_login(alice)
    assert (client.get(PAGE).status_code, client.post(press).status_code) == (404, 404)

    client.force_login(admin)
    shown = client.get(PAGE).content.decode()
    assert "Order &lt;4711&gt;" in shown
    assert "My lamp is broken" in shown
    assert "Away" not in shown
    assert "waits to be answered" in client.post(press, follow=True).content.decode()

    made = Interaction.objects.select_related("identity").latest("pk")
    assert (made.status, made.started_at, made.queue) == (
        InteractionStatus.WAITING,
        closed.started_at,
        line.default_queue,
    )
    assert made.identity == closed.identity
    message = made.messages.get()
    assert message.body == "My lamp is broken"
    assert message.html.html.startswith("<p>")
    assert Attachment.objects.get().message == message
    assert client.post(press).status_code == 404
    # Two press at once: the second was shown what the first has taken meanwhile.
    with monkeypatch.context() as patched:
        patched.setattr(deliveries_views, "automatic_mails", lambda _user: Interaction.objects.all())
        assert "Somebody has just made it a contact." in client.post(press, follow=True).content.decode()
    assert Interaction.objects.latest("pk") == made
    assert "No automatic mail came in lately." in client.get(PAGE).content.decode()
    # The same mail once more is nothing new, and an answer of the customer's goes on with the contact.
    assert take(line, shop) == closed
    assert take(line, a_mail("PS", number=4, sender="shop@example.test", References="<s1@example.test>")) == made


def test_an_automatic_mail_without_a_word_keeps_its_files(line: Inbox) -> None:
    head = b"From: Scan <scan@example.test>\nMessage-ID: <scan@example.test>\nAuto-Submitted: auto-generated\n"
    scan = b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="scan.pdf"\n\n%PDF-1.7\n'
    closed = take(line, head + scan)
    assert closed.messages.get().body == "[No text.]"
    assert Attachment.objects.get().message.interaction == closed
