"""A chat is offered by a message: its link opens one chat, once, for a day, in the same case, and shows no history."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope
from interactions.cases.choices import AuthorKind, Direction, InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities
from interactions.channels.models import Inbox
from interactions.customers.models import Consent, Identity
from interactions.customers.services import erase_customer
from interactions.doors.chat.services import close_empty_chats
from interactions.doors.chat.tokens import mail_token, offer_of, was_sent_to
from interactions.doors.models import ChatDevice, ChatLink, ChatVisitor
from interactions.handling import outgoing
from interactions.handling.errors import ReplyIsNotPossibleError, TextIsTooLongError
from interactions.handling.models import Sending, SendingState
from interactions.handling.selectors.choosing import Going
from interactions.models import Interaction, Message, Queue
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, reply
from tests.factories.lines import PretendLine, pretend_lines
from tests.factories.people import make_grant, make_user
from tests.factories.visitors import Visitor, open_line

PHONE = "+4915112345678"
SECRET_WORDS = "My account number is 4711-0815."


@pytest.fixture(autouse=True)
def lines(centre: Centre) -> Iterator[dict[Channel, PretendLine]]:
    cache.clear()
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    open_line(centre.chat)
    with pretend_lines(chat=Capabilities(is_instant=True)) as pretended:
        yield pretended


@pytest.fixture
def sms(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="sms", channel=Channel.SMS, default_queue=centre.queue)


def by_sms(sms: Inbox, external_id: str = "s1", **fields: Any) -> int:
    who = claim(PHONE, kind="phone")
    return arrive(sms, external_id, **{"identity": who, "thread_token": PHONE, "body": SECRET_WORDS} | fields)


def offer(centre: Centre, number: int, lines: dict[Channel, PretendLine], **how: Any) -> tuple[Message, str]:
    """Alice offers the chat, the worker sends it: the message, and the secret in its link."""
    message = reply(number, centre.alice, "Let us chat.", going=Going(chat_line_id=centre.chat.pk, **how)).message
    Sending.objects.update(due_at=timezone.now())
    outgoing.send_due_messages()
    (sent,) = [one for line in lines.values() for one in line.sent if one.reference == message.public_id]
    link = re.search(r"(\S+)#ccx-chat=(\S+)", sent.body)
    assert link is not None
    assert link[1].endswith(f"/chat/{centre.chat.public_id}/")
    return message, link[2]


def opened(inbox: Inbox, token: str) -> tuple[Any, Visitor]:
    browser = Visitor(inbox)
    answer = browser.ask("link", {"token": token})
    if answer.status_code == 201:
        browser.token = answer.json()["token"]
    return answer, browser


def test_the_case_goes_on_in_the_chat_with_its_agent_and_the_visitor_sees_a_greeting_and_no_word_of_before(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    message, token = offer(centre, number, lines)
    assert token not in Message.objects.get(pk=message.pk).body
    assert len(token) < 80
    assert Interaction.objects.filter(channel=Channel.CHAT).count() == 0

    answer, browser = opened(centre.chat, token)
    assert answer.status_code == 201
    before, chat = Interaction.objects.get(pk=number), Interaction.objects.get(channel=Channel.CHAT)
    assert (chat.case_id, chat.customer_id, chat.agent) == (before.case_id, before.customer_id, centre.alice)
    assert (chat.direction, chat.status, chat.assurance) == (Direction.OUTBOUND, InteractionStatus.PENDING, 2)
    state = answer.json()["state"]
    assert [(said["from"], "knows what it is about" in said["body"]) for said in state["messages"]] == [
        ("system", True)
    ]
    assert "4711" not in answer.content.decode()
    assert PHONE not in answer.content.decode()
    message.refresh_from_db()
    assert message.meta["chat_offer"]["opened_at"]

    assert browser.say("Here I am.").status_code == 201
    heard = Message.objects.get(body="Here I am.")
    assert heard.interaction_id == chat.pk
    chat.refresh_from_db()
    assert (chat.assurance, chat.identity.source) == (2, "link to a chat")
    reply(chat.pk, centre.alice, "Good to see you.")
    assert [said["body"] for said in browser.state()["messages"]][1:] == ["Here I am.", "Good to see you."]
    assert Interaction.objects.values("case_id").distinct().count() == 1
    shown = Client()
    shown.force_login(centre.alice)
    thread = shown.get(f"/desk/{before.public_id}/")
    assert "With a link to the chat" in thread.text
    assert "By Chat" in thread.text


def test_should_its_agent_be_away_it_waits_with_those_who_chat_and_not_behind_other_work(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    chats = Queue.objects.create(name="Chats", team=centre.team)
    Inbox.objects.filter(pk=centre.chat.pk).update(default_queue=chats)
    number = by_sms(sms)
    _message, token = offer(centre, number, lines)
    opened(centre.chat, token)
    assert Interaction.objects.get(channel=Channel.CHAT).queue == chats
    assert Interaction.objects.get(pk=number).queue == centre.queue


def test_a_link_sent_by_text_message_attests_the_number_and_never_an_e_mail(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    _message, token = offer(centre, by_sms(sms), lines)
    visitor = ChatVisitor.objects.get()
    ChatVisitor.objects.update(email="victim@example.test")
    _answer, browser = opened(centre.chat, token)
    visitor.refresh_from_db()
    assert visitor.email == ""
    browser.ask("email", {"email": "victim@example.test"})
    assert not Identity.objects.filter(kind="email", value="victim@example.test").exists()
    assert Identity.objects.get(kind="visitor").assurance == 2


def test_a_link_in_a_mail_attests_only_the_address_that_it_was_mailed_to(centre: Centre) -> None:
    browser = Visitor(centre.chat)
    browser.begin(email="ann@example.test")
    browser.say()
    token, digest = mail_token("ann@example.test")
    until = timezone.now() + timedelta(days=1)
    ChatLink.objects.create(visitor=browser.row, token_sha256=digest, expires_at=until)
    browser.ask("email", {"email": "victim@example.test"})
    assert opened(centre.chat, token)[0].status_code == 201
    assert not Identity.objects.filter(kind="email").exists()
    assert was_sent_to(token, "Ann@example.test")
    assert not was_sent_to(token, "victim@example.test")
    assert not was_sent_to(token, "")


def test_a_link_works_once_and_on_its_own_line_and_for_a_day(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    _message, token = offer(centre, number, lines)
    elsewhere = open_line(Inbox.objects.create(name="Other chat", channel=Channel.CHAT, default_queue=centre.queue))
    assert opened(elsewhere, token)[0].status_code == 410
    for altered in (token[:-1] + ("A" if token[-1] != "A" else "B"), f"{token}x", "chat.x", "chat.", token[5:]):
        assert opened(centre.chat, altered)[0].status_code == 410
    assert opened(centre.chat, token)[0].status_code == 201
    assert opened(centre.chat, token)[0].status_code == 410
    assert ChatDevice.objects.count() == 1

    _message, late = offer(centre, number, lines)
    ChatLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert opened(centre.chat, late)[0].status_code == 410
    assert Interaction.objects.filter(channel=Channel.CHAT).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_a_link_at_once_one_is_let_in(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    _message, token = offer(centre, by_sms(sms), lines)

    def let_in(_one: int) -> int:
        try:
            return int(opened(centre.chat, token)[0].status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(let_in, range(4))) == [201, 410, 410, 410]
    assert Interaction.objects.filter(channel=Channel.CHAT).count() == 1


def test_who_was_forwarded_a_link_reads_nothing_of_another_contact_nor_of_earlier_chats(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    own = Visitor(centre.chat)
    own.begin()
    own.say("A word of an earlier chat")
    Identity.objects.filter(kind="visitor").update(customer=Interaction.objects.get(pk=number).customer)
    _message, token = offer(centre, number, lines)
    _answer, stranger = opened(centre.chat, token)
    seen = stranger.ask("state?after=0").content.decode()
    assert "earlier chat" not in seen
    assert "4711" not in seen
    assert "Let us chat." not in seen
    assert stranger.ask(f"files/{uuid4()}").status_code == 404


def test_only_an_address_that_somebody_vouches_for_is_offered_a_chat_and_only_with_consent(
    centre: Centre, sms: Inbox
) -> None:
    claimed = arrive(centre.email, "c9", identity=claim("eve@example.test", assurance=1))
    with pytest.raises(ReplyIsNotPossibleError, match="vouches"):
        reply(claimed, centre.alice, going=Going(chat_line_id=centre.chat.pk))
    number = arrive(centre.email)
    known = Identity.objects.create(
        customer=Interaction.objects.get(pk=number).customer, kind="phone", value=PHONE, assurance=2
    )
    there = {"inbox_id": sms.pk, "identity_id": known.pk, "chat_line_id": centre.chat.pk}
    with pytest.raises(ReplyIsNotPossibleError, match="agreed"):
        reply(number, centre.alice, going=Going(**there))
    with pytest.raises(ReplyIsNotPossibleError, match="one person"):
        reply(number, centre.alice, going=Going(chat_line_id=centre.chat.pk, copies=("eve@example.test",)))
    Consent.objects.create(
        customer=known.customer, purpose="service", channel=Channel.EMAIL, state="withdrawn", source="agent",
        at=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip
    with pytest.raises(ReplyIsNotPossibleError, match="asked not to"):
        reply(number, centre.alice, going=Going(chat_line_id=centre.chat.pk))
    stranger = make_user(team=None, email="stranger@example.test")
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, stranger, going=Going(**there))


def test_a_text_that_fits_alone_and_not_with_its_link_is_refused_before_it_is_sent(centre: Centre, sms: Inbox) -> None:
    number = by_sms(sms)
    with pytest.raises(TextIsTooLongError):
        reply(number, centre.alice, "x" * 1590, going=Going(chat_line_id=centre.chat.pk))


def test_a_customer_who_was_told_apart_or_erased_meanwhile_is_not_let_in(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    _message, first = offer(centre, number, lines)
    _message, second = offer(centre, number, lines)
    other = arrive(centre.email, "c7", identity=claim("ben@example.test"))
    Interaction.objects.filter(pk=number).update(customer=Interaction.objects.get(pk=other).customer)
    assert opened(centre.chat, first)[0].status_code == 410
    Interaction.objects.filter(pk=number).update(customer=Identity.objects.get(value=PHONE).customer)
    erase_customer(customer_id=Identity.objects.get(value=PHONE).customer_id, by=centre.alice)
    assert opened(centre.chat, second)[0].status_code == 410
    assert ChatLink.objects.filter(used_at=None).count() == 2


def test_a_message_that_is_sent_again_offers_the_same_chat_and_one_whose_line_is_off_is_not_sent(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    message, token = offer(centre, number, lines)
    Sending.objects.filter(message=message).update(state=SendingState.QUEUED, sent_at=None, due_at=timezone.now())
    outgoing.send_due_messages()
    assert lines[Channel.SMS].sent[0].body == lines[Channel.SMS].sent[1].body
    assert (ChatLink.objects.count(), offer_of(token)) == (1, message.public_id)
    Inbox.objects.filter(pk=centre.chat.pk).update(is_active=False)
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, centre.alice, going=Going(chat_line_id=centre.chat.pk))
    Sending.objects.filter(message=message).update(state=SendingState.QUEUED, sent_at=None, due_at=timezone.now())
    outgoing.send_due_messages()
    failed = Sending.objects.get(message=message)
    assert (failed.state, "switched off" in failed.last_error) == (SendingState.FAILED, True)


def test_an_offered_chat_in_which_nobody_speaks_ends_as_no_contact_and_one_where_they_do_stays(
    centre: Centre, sms: Inbox, lines: dict[Channel, PretendLine]
) -> None:
    number = by_sms(sms)
    opened(centre.chat, offer(centre, number, lines)[1])
    _answer, browser = opened(centre.chat, offer(centre, number, lines)[1])
    browser.say("I am here")
    assert close_empty_chats() == 0
    assert close_empty_chats(timezone.now() + timedelta(days=2)) == 1
    silent, spoken = Interaction.objects.filter(channel=Channel.CHAT).order_by("pk")
    assert silent.outcome == Outcome.NOT_A_CONTACT
    assert spoken.closed_at is None
    assert Message.objects.filter(interaction=spoken, author_kind=AuthorKind.CUSTOMER).count() == 1


def test_the_page_of_ours_shows_the_chat_of_a_line_that_is_in_use(client: Client, centre: Centre) -> None:
    shown = client.get(f"/chat/{centre.chat.public_id}/")
    assert shown.status_code == 200
    assert f'data-inbox="{centre.chat.public_id}"' in shown.text
    assert shown["Referrer-Policy"] == "no-referrer"
    Inbox.objects.filter(pk=centre.chat.pk).update(is_active=False)
    assert client.get(f"/chat/{centre.chat.public_id}/").status_code == 404
    assert client.get(f"/chat/{centre.email.public_id}/").status_code == 404
