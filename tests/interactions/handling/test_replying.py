"""Answering: once, to the right address, with a view to what happened, and taken back before it leaves."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from interactions.cases.choices import InteractionStatus, Outcome, SegmentKind
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.handling import outgoing, services
from interactions.handling.choices import ChangeKind
from interactions.handling.errors import (
    AnotherAgentHasItError,
    CustomerIsOnTheLineError,
    DraftWasSentError,
    InteractionIsClosedError,
    MessageHasLeftError,
    MessageIsAnothersError,
    NothingIsWrittenError,
    ReplyIsNotPossibleError,
    StaleViewError,
)
from interactions.handling.models import Draft, Sending, SendingState
from interactions.handling.selectors import changes_since, seen_cursor
from interactions.handling.services import After
from interactions.models import Inbox, Interaction, Message, Segment
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, pretend_mail, reply, seen


@pytest.fixture(autouse=True)
def senders() -> Iterator[None]:
    with pretend_mail():
        yield


def the(number: int) -> Interaction:
    return Interaction.objects.get(pk=number)


def test_taking_a_letter_is_no_answer_and_the_first_thing_said_is(centre: Centre) -> None:
    number = arrive(centre.email)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    assert the(number).first_answered_at is None

    said = reply(number, centre.alice)

    assert the(number).first_answered_at == said.message.sent_at


def test_a_letter_that_needs_no_answer_can_be_handled_by_whoever_had_it(centre: Centre) -> None:
    number = arrive(centre.email)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)

    closed = services.close_interaction(interaction_id=number, by=centre.alice)

    assert (closed.outcome, closed.first_answered_at) == (Outcome.HANDLED, None)


def test_who_answers_what_waits_has_taken_it_and_the_draft_is_the_message(centre: Centre) -> None:
    number = arrive(centre.email)
    draft = services.save_draft(interaction_id=number, author=centre.alice, body="We lo")

    said = reply(number, centre.alice, draft_id=draft.public_id)

    assert (the(number).status, the(number).agent) == (InteractionStatus.ACTIVE, centre.alice)
    assert said.message.external_id == str(draft.public_id)
    assert not Draft.objects.exists()
    sending = Sending.objects.get()
    assert (sending.recipient, sending.channel, sending.state) == ("ann@example.test", Channel.EMAIL, "queued")


def test_a_double_click_sends_one_message_and_a_late_save_does_not_bring_the_words_back(centre: Centre) -> None:
    number, draft_id, before = arrive(centre.email), uuid4(), ""
    before = seen(number)

    said = [reply(number, centre.alice, draft_id=draft_id, seen=before) for _ in range(2)]

    assert [one.is_new for one in said] == [True, False]
    assert said[0].message == said[1].message
    assert Sending.objects.count() == 1
    with pytest.raises(DraftWasSentError):
        services.save_draft(interaction_id=number, author=centre.alice, body="We look", draft_id=draft_id)


def test_a_reply_to_what_was_not_seen_is_held_back_and_its_words_are_kept(centre: Centre) -> None:
    number = arrive(centre.email, thread_token="t")
    before = seen(number)
    arrive(centre.email, "c2", thread_token="t", body="And one more thing")

    with pytest.raises(StaleViewError) as refused:
        reply(number, centre.alice, "Yes.", seen=before)

    assert [change.kind for change in refused.value.changes] == [ChangeKind.CUSTOMER_WROTE]
    assert Draft.objects.get().body == "Yes."
    assert the(number).status == InteractionStatus.WAITING
    assert reply(number, centre.alice, "Yes.").is_new


def test_two_who_answer_at_once_are_both_heard_and_the_second_is_warned_first(centre: Centre) -> None:
    number = arrive(centre.email)
    before = seen(number)
    reply(number, centre.alice, "From Alice", seen=before)

    with pytest.raises(StaleViewError) as refused:
        reply(number, centre.bob, "From Bob", seen=before)
    changes = [(change.kind, change.who) for change in refused.value.changes]
    assert changes == [(ChangeKind.COLLEAGUE_WROTE, "Alice"), (ChangeKind.REASSIGNED, "Alice")]

    reply(number, centre.bob, "From Bob")
    assert list(Message.objects.order_by("pk").values_list("body", flat=True))[1:] == ["From Alice", "From Bob"]
    assert the(number).agent == centre.alice


def test_what_one_did_oneself_and_what_moves_by_itself_is_no_news(centre: Centre) -> None:
    number = arrive(centre.email)
    before = seen(number)
    reply(number, centre.alice, seen=before, then=After.WAIT)

    assert changes_since(the(number), before, by=centre.alice) == []
    services.add_note(interaction_id=number, by=centre.bob, body="A note", draft_id=uuid4())
    assert changes_since(the(number), before, by=centre.alice) == []


@pytest.mark.parametrize("cursor", ["", "x", "9999999999999999999999.waiting.0.3", "1.waiting.0.3; DROP TABLE"])
def test_a_cursor_that_is_none_has_seen_nothing(centre: Centre, cursor: str) -> None:
    number = arrive(centre.email)

    assert [change.kind for change in changes_since(the(number), cursor)] == [ChangeKind.CUSTOMER_WROTE]
    assert changes_since(the(number), seen_cursor(the(number))) == []


def test_a_closed_contact_is_not_answered(centre: Centre) -> None:
    number = arrive(centre.email)
    before = seen(number)
    services.accept_interaction(interaction_id=number, agent=centre.bob, by=centre.bob)
    services.close_interaction(interaction_id=number, by=centre.bob)

    with pytest.raises(StaleViewError) as refused:
        reply(number, centre.alice, seen=before)
    assert [change.kind for change in refused.value.changes] == [ChangeKind.REASSIGNED, ChangeKind.CLOSED]
    with pytest.raises(InteractionIsClosedError):
        reply(number, centre.alice, "Too late")
    assert Draft.objects.get().body == "Too late"


def test_a_reply_taken_back_was_never_said(centre: Centre) -> None:
    number = arrive(centre.email)
    said = reply(number, centre.alice, "Dear Bob", then=After.WAIT)
    services.save_draft(interaction_id=number, author=centre.alice, body="And")

    draft = services.take_back(message_id=said.message.pk, by=centre.alice)

    assert draft.body == "Dear Bob\n\nAnd"
    found = the(number)
    assert (found.status, found.agent, found.first_answered_at) == (InteractionStatus.ACTIVE, centre.alice, None)
    assert Sending.objects.get().state == SendingState.CANCELLED
    assert said.message not in found.messages.not_taken_back()
    assert services.take_back(message_id=said.message.pk, by=centre.alice) == draft
    assert reply(number, centre.alice, "Dear Ann", draft_id=draft.public_id).is_new


def test_only_the_author_takes_a_reply_back_and_only_before_it_leaves(centre: Centre, settings: Any) -> None:
    settings.CCX_UNDO_SECONDS = 0
    number = arrive(centre.email)
    said = reply(number, centre.alice)
    with pytest.raises(MessageIsAnothersError):
        services.take_back(message_id=said.message.pk, by=centre.bob)

    assert outgoing.send_due_messages() == 1

    with pytest.raises(MessageHasLeftError):
        services.take_back(message_id=said.message.pk, by=centre.alice)


def test_a_web_form_is_answered_by_the_mail_line_it_names(centre: Centre) -> None:
    form = Inbox.objects.create(name="Form", channel=Channel.WEB_FORM, default_queue=centre.queue)
    number = arrive(form)
    with pytest.raises(ReplyIsNotPossibleError):
        reply(number, centre.alice)
    assert the(number).status == InteractionStatus.WAITING

    form.reply_inbox = centre.email
    form.save()
    reply(number, centre.alice)

    sending = Sending.objects.get()
    assert (sending.inbox, sending.channel) == (centre.email, Channel.EMAIL)


@pytest.mark.parametrize(("assurance", "is_possible"), [(Assurance.ATTESTED, True), (Assurance.CLAIMED, False)])
def test_a_caller_is_written_to_only_at_an_address_somebody_vouches_for(
    centre: Centre, assurance: int, is_possible: bool
) -> None:
    centre.voice.reply_inbox = centre.email
    centre.voice.save()
    letter = the(arrive(centre.email, identity=claim(assurance=assurance)))
    number = arrive(centre.voice, "call", identity=claim("+15550100", kind="phone"), body="")
    Interaction.objects.filter(pk=number).update(customer=letter.customer)

    if is_possible:
        assert reply(number, centre.alice).is_new
    else:
        with pytest.raises(ReplyIsNotPossibleError):
            reply(number, centre.alice)


def test_nothing_is_not_sent_and_a_live_line_is_not_put_off(centre: Centre) -> None:
    number = arrive(centre.email)
    with pytest.raises(NothingIsWrittenError):
        reply(number, centre.alice, "  \n")

    call = arrive(centre.voice, "call", body="")
    services.accept_interaction(interaction_id=call, agent=centre.alice, by=centre.alice)
    with pytest.raises(CustomerIsOnTheLineError):
        services.wait_for_customer(interaction_id=call, by=centre.alice)


def test_who_helps_out_neither_takes_the_contact_nor_wraps_it_up(centre: Centre) -> None:
    number = arrive(centre.email)
    reply(number, centre.alice)

    with pytest.raises(AnotherAgentHasItError):
        reply(number, centre.bob, then=After.WRAP_UP)

    assert the(number).status == InteractionStatus.ACTIVE
    assert Message.objects.filter(author=centre.bob).count() == 0


def test_after_a_reply_the_contact_waits_or_is_wrapped_up_by_the_servers_clock(centre: Centre) -> None:
    number = arrive(centre.email)
    reply(number, centre.alice, then=After.WAIT)
    assert the(number).status == InteractionStatus.PENDING
    assert not Segment.objects.filter(interaction_id=number, ended_at=None).exists()

    reply(number, centre.alice, then=After.WRAP_UP)

    found = the(number)
    assert found.status == InteractionStatus.WRAP_UP
    assert found.wrap_up_ends_at is not None
    assert 110 < (found.wrap_up_ends_at - timezone.now()).total_seconds() <= 120
    assert Segment.objects.get(interaction_id=number, ended_at=None).kind == SegmentKind.WRAP_UP
