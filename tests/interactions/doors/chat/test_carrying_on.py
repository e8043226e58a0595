"""A visitor leaves: the chat ends, or goes on by mail, and comes back; in one case."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.utils import timezone

from ccx.kernel.events.effects import RefusedEffectError
from ccx.kernel.events.pumping import pump_everything
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.channels.contract import Report
from interactions.channels.email.adapter import MailAdapter
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, Identity
from interactions.customers.services import erase_customer
from interactions.doors.chat import mailing
from interactions.doors.chat.mailing import note_who_left
from interactions.doors.chat.services import leave_lost_chats
from interactions.doors.chat.tokens import digest_of
from interactions.doors.mail.services import take_mail
from interactions.doors.models import ChatLink, ChatVisitor
from interactions.handling.models import Sending, SendingState
from interactions.handling.reports import hear_report
from interactions.handling.services import accept_interaction, wrap_up_interaction
from interactions.intake.services import receive
from interactions.models import Inbox, Interaction, Message
from tests.factories.contacts import Centre, claim, contact
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail, bounce_of
from tests.factories.people import make_user
from tests.factories.visitors import SHOP, Visitor, open_line, signed
from tests.interactions.doors.chat.test_talking import second_line

MINUTE = timedelta(minutes=1)


@pytest.fixture
def visitor(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """On a line whose chats go on over help@ccx.test, without waiting for more to be said."""
    cache.clear()
    monkeypatch.setattr(mailing, "QUIET", timedelta(0))
    centre.email.address = "help@ccx.test"
    centre.email.save()
    Inbox.objects.filter(pk=centre.chat.pk).update(reply_inbox=centre.email)
    centre.chat.refresh_from_db()
    visitor = Visitor(open_line(centre.chat))
    visitor.begin(page={"url": f"{SHOP}/lamps", "title": "Lamps"})
    return visitor


def gone(minutes: float = 5) -> None:
    """Nothing was heard of any visitor for so long."""
    ChatVisitor.objects.update(seen_at=timezone.now() - minutes * MINUTE)


def answer(centre: Centre, body: str) -> Message:
    """Alice writes."""
    chat = Interaction.objects.filter(channel=Channel.CHAT).latest("pk")
    return reply(chat.pk, centre.alice, body).message


def carried_on(mails: list[Any]) -> EmailMessage:
    """The one mail that the last minutes made."""
    note_who_left()
    pump_everything()
    [mail] = mails
    return mail


def test_who_left_unanswered_and_gave_no_address_has_hung_up(visitor: Visitor) -> None:
    visitor.say("Hello?")
    assert leave_lost_chats() == 0
    gone(minutes=2)
    assert leave_lost_chats() == 0
    gone(minutes=4)
    left_at = ChatVisitor.objects.get().seen_at
    Interaction.objects.update(started_at=left_at - MINUTE)
    assert leave_lost_chats() == 1
    chat = Interaction.objects.get()
    assert chat.outcome == Outcome.ABANDONED
    assert leave_lost_chats() == 0


def test_who_gave_an_address_waits_on(visitor: Visitor) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "Ann@example.test"})
    gone(minutes=60)
    assert leave_lost_chats() == 0
    assert Interaction.objects.get().status == InteractionStatus.WAITING


def test_a_chat_goes_on_by_mail_is_answered_by_mail_and_stays_one_case(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any]
) -> None:
    visitor.say("My order number is 4711. It is a present for my sister.")
    visitor.ask("email", {"email": "ann@example.test"})
    seen = answer(centre, "Seen while there")
    visitor.ask("shown", {"seq": visitor.state()["seq"]})
    missed = answer(centre, "It left our house this morning.")
    note_who_left()
    pump_everything()
    assert mailoutbox == []  # still there

    gone()
    mail = carried_on(mailoutbox)
    assert mail.to == ["ann@example.test"]
    assert "It left our house" in str(mail.body)
    assert "4711" not in str(mail.body)
    assert seen.body not in str(mail.body)
    assert Sending.objects.get(message=missed).state == SendingState.SENT
    assert note_who_left() == 0  # once

    wrap_up_interaction(interaction_id=missed.interaction_id, by=centre.alice)
    raw = a_mail("Thank you!", To=mail.reply_to[0], In_Reply_To=str(mail.extra_headers["Message-ID"]))
    taken = take_mail(inbox=centre.email, raw=raw)
    chat = Interaction.objects.get(channel=Channel.CHAT)
    by_mail = Interaction.objects.get(channel=Channel.EMAIL)
    assert taken.receipt is not None
    assert (by_mail.case_id, by_mail.customer_id) == (chat.case_id, chat.customer_id)
    assert by_mail.assurance == Assurance.ATTESTED
    # The browser sees the chat, and nothing of the mail.
    assert "Thank you" not in str(visitor.state())


@pytest.mark.parametrize("is_delivered", [False, True], ids=["sent", "said to be delivered"])
def test_a_mail_that_bounces_has_carried_none_of_its_messages(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any], is_delivered: bool
) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    both = [answer(centre, "It left our house."), answer(centre, "It comes tomorrow.")]
    gone()
    mail = carried_on(mailoutbox)
    if is_delivered:
        told = Report(provider_id=str(mail.extra_headers["Message-ID"]), state="delivered")
        assert hear_report(inbox=centre.email, report=told)
        assert set(Sending.objects.values_list("state", flat=True)) == {"delivered"}
        old = Report(provider_id=told.provider_id, state="failed", at=timezone.now() - MINUTE)
        assert not hear_report(inbox=centre.email, report=old)

    forged = str(mail.extra_headers["Message-ID"]).replace(".", ".0")
    assert take_mail(inbox=centre.email, raw=bounce_of(forged)).bounced == 0
    raw = bounce_of(str(mail.extra_headers["Message-ID"]), number=51)
    assert take_mail(inbox=centre.email, raw=raw).bounced == 1
    assert {(one.state, bool(one.last_error)) for one in Sending.objects.all()} == {("failed", True)}

    # They have not vanished from the chat, and seen there they are no trouble any more.
    assert [said["body"] for said in visitor.state()["messages"]][1:] == [one.body for one in both]
    visitor.ask("shown", {"seq": visitor.state()["seq"]})
    assert {one.state for one in Sending.objects.all()} == {"read"}
    take_mail(inbox=centre.email, raw=bounce_of(str(mail.extra_headers["Message-ID"]), number=52))
    assert {one.state for one in Sending.objects.all()} == {"read"}


def test_an_answer_by_mail_to_a_chat_that_still_runs_is_another_contact_of_its_case(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any]
) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    answer(centre, "Hello!")
    gone()
    mail = carried_on(mailoutbox)
    take_mail(inbox=centre.email, raw=a_mail("By mail now", To=mail.reply_to[0]))
    first, second = Interaction.objects.order_by("pk")
    assert (first.channel, second.channel, first.case_id) == (Channel.CHAT, Channel.EMAIL, second.case_id)


def test_the_address_of_another_customer_learns_nothing_and_stays_theirs(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any]
) -> None:
    """Whoever answers there comes into the case as who they are; the browser sees nothing of what they wrote."""
    victim = receive(contact=contact(centre.email, "old", identity=claim("boss@example.test")), by_id=None)
    visitor.say("A secret of the visitor")
    visitor.ask("email", {"email": "boss@example.test"})
    answer(centre, "How can I help?")
    gone()
    mail = carried_on(mailoutbox)
    assert "secret" not in str(mail.body)
    take_mail(inbox=centre.email, raw=a_mail("My card is 1234", sender="boss@example.test", To=mail.reply_to[0]))
    chat = Interaction.objects.get(channel=Channel.CHAT)
    by_mail = Interaction.objects.latest("pk")
    assert (by_mail.customer_id, by_mail.case_id) == (victim.customer_id, chat.case_id)
    assert chat.customer_id != victim.customer_id
    assert "1234" not in str(visitor.state())
    # A stranger who got hold of the mail is not let into the case by it.
    take_mail(inbox=centre.email, raw=a_mail("Me too", number=2, sender="eve@example.test", To=mail.reply_to[0]))
    assert Interaction.objects.latest("pk").case_id != chat.case_id


def test_the_link_opens_the_chat_elsewhere_once_and_for_a_day(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any]
) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    answer(centre, "Hello!")
    gone()
    mail = carried_on(mailoutbox)
    [token] = re.findall(rf"{SHOP}/lamps#ccx-chat=(\S+)", str(mail.body))
    assert len(token) >= 22  # 128 bits
    assert list(ChatLink.objects.values_list("token_sha256", flat=True)) == [digest_of(token)]

    other_line = Visitor(open_line(second_line(centre)))
    assert other_line.ask("link", {"token": token}).status_code == 410
    assert Visitor(visitor.inbox).ask("link", {"token": token[:-1]}).status_code == 410
    phone = Visitor(visitor.inbox)
    opened = phone.ask("link", {"token": token})
    phone.token = opened.json()["token"]
    assert (opened.status_code, phone.token != visitor.token) == (201, True)
    assert [said["body"] for said in phone.state()["messages"]] == ["Hello?", "Hello!"]
    assert Visitor(visitor.inbox).ask("link", {"token": token}).status_code == 410
    # Who opened it has read the mail: the address is theirs.
    assert Identity.objects.get(kind="email").assurance == Assurance.ATTESTED


def test_a_link_that_is_too_old_or_followed_by_another_opens_nothing(visitor: Visitor) -> None:
    now = timezone.now()
    row = visitor.row
    ChatLink.objects.create(visitor=row, token_sha256=digest_of("old"), expires_at=now)
    ChatLink.objects.create(visitor=row, token_sha256=digest_of("used"), expires_at=now + MINUTE, used_at=now)
    for token in ("old", "used", ""):
        assert Visitor(visitor.inbox).ask("link", {"token": token}).status_code in {400, 410}


def test_who_is_back_in_time_gets_no_mail(visitor: Visitor, centre: Centre, mailoutbox: list[Any]) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    answer(centre, "Hello!")
    gone()
    assert note_who_left() == 1
    visitor.state()
    pump_everything()
    assert mailoutbox == []
    gone()
    cache.clear()
    assert "Hello!" in str(carried_on(mailoutbox).body)  # and left again without having seen it


def test_what_no_mail_can_bring_has_failed_and_the_desk_says_so(
    visitor: Visitor, centre: Centre, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: object) -> None:
        raise RefusedEffectError("no such mailbox")

    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    missed = answer(centre, "It comes tomorrow.")
    gone()
    monkeypatch.setattr(MailAdapter, "send", refuses)
    note_who_left()
    pump_everything()
    sending = Sending.objects.get(message=missed)
    assert (sending.state, sending.last_error, mailoutbox) == (SendingState.FAILED, "no such mailbox", [])


def test_mails_are_apart_and_hold_ten_messages_at_most(visitor: Visitor, centre: Centre, mailoutbox: list[Any]) -> None:
    visitor.say("Hello?")
    visitor.ask("email", {"email": "ann@example.test"})
    for number in range(12):
        answer(centre, f"Answer {number}.")
    gone()
    mail = carried_on(mailoutbox)
    assert ("Answer 9." in str(mail.body), "Answer 10." in str(mail.body)) == (True, False)
    assert note_who_left() == 0  # not before two minutes have passed
    cache.clear()
    note_who_left()
    pump_everything()
    assert len(mailoutbox) == 2
    assert "Answer 11." in str(mailoutbox[1].body)


def test_a_signed_user_with_an_address_nobody_vouches_for_gets_no_link(
    centre: Centre, visitor: Visitor, mailoutbox: list[Any]
) -> None:
    user = Visitor(visitor.inbox)
    user.begin(user=signed(visitor.inbox, email=""), page={"url": f"{SHOP}/", "title": ""})
    user.say("Hello?")
    user.ask("email", {"email": "typed@example.test"})
    answer(centre, "Hello!")
    gone()
    assert "ccx-chat" not in str(carried_on(mailoutbox).body)


def test_an_erased_customer_is_forgotten_here_too(visitor: Visitor, centre: Centre) -> None:
    visitor.begin(name="Ann", email="ann@example.test")
    visitor.say("Hello?")
    chat = Interaction.objects.get()
    accept_interaction(interaction_id=chat.pk, agent=centre.alice, by=centre.alice)
    erase_customer(customer_id=Customer.objects.get().pk, by=make_user(role="administrator"))
    pump_everything()
    row = ChatVisitor.objects.get()
    assert (row.name, row.email, row.page) == ("", "", {})
    assert visitor.ask("state").status_code == 401
