"""Messages on their way out: sent once, tried again only where that is harmless, and shown where nobody knows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ccx.kernel.events.effects import DEAD_AFTER, RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.models import EventRow
from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.handling import outgoing, services
from interactions.handling.errors import MessageHasLeftError, MessageIsNotInDoubtError
from interactions.handling.models import Sending, SendingState
from interactions.handling.outgoing import send_due_messages, settle_sending, settle_the_silent
from interactions.handling.selectors.sending import MessageSender
from interactions.handling.services import After
from interactions.models import Interaction
from tests.factories import desks
from tests.factories.contacts import Centre
from tests.factories.desks import arrive, reply

FAILS: list[Exception] = []


def perhaps(sending: Sending) -> None:
    """Fail as the list says, then work."""
    if FAILS:
        raise FAILS.pop()
    desks.keep(sending)


SENDERS: Mapping[Channel, MessageSender] = {Channel.EMAIL: perhaps}


@pytest.fixture(autouse=True)
def senders(settings: Any) -> None:
    settings.CCX_MESSAGE_SENDERS = "tests.interactions.handling.test_outgoing.SENDERS"
    settings.CCX_UNDO_SECONDS = 0
    FAILS.clear()
    desks.SENT.clear()


@pytest.fixture
def message_id(centre: Centre) -> int:
    return reply(arrive(centre.email), centre.alice, then=After.WAIT).message.pk


def states() -> list[str]:
    settled = EventRow.objects.filter(kind="message_settled").order_by("pk")
    return [row.data["state"] for row in settled]


def test_a_reply_leaves_once_when_nobody_can_take_it_back_any_more(centre: Centre, settings: Any) -> None:
    settings.CCX_UNDO_SECONDS = 5
    said = reply(arrive(centre.email), centre.alice)
    assert send_due_messages() == 0

    Sending.objects.update(due_at=timezone.now())
    assert [send_due_messages(), send_due_messages()] == [1, 0]

    assert (desks.SENT, states()) == ([said.message.pk], ["sent"])
    assert Sending.objects.get().sent_at is not None


def test_what_a_sender_could_not_do_now_is_tried_later(message_id: int) -> None:
    FAILS.append(TemporaryEffectError("busy"))

    send_due_messages()
    waiting = Sending.objects.get()
    assert (waiting.state, waiting.attempts, waiting.due_at > timezone.now()) == (SendingState.QUEUED, 1, True)

    Sending.objects.update(due_at=timezone.now())
    send_due_messages()
    assert (Sending.objects.get().state, desks.SENT) == (SendingState.SENT, [message_id])


def test_what_was_tried_too_often_has_failed(message_id: int) -> None:
    Sending.objects.update(attempts=outgoing.MOST_ATTEMPTS - 1)
    FAILS.append(TemporaryEffectError("busy"))

    send_due_messages()

    assert Sending.objects.get().state == SendingState.FAILED


@pytest.mark.parametrize(
    ("error", "state"),
    [(RefusedEffectError("no such address"), SendingState.FAILED), (OSError("cut off"), SendingState.UNKNOWN)],
)
def test_what_did_not_leave_brings_the_contact_back_and_a_person_sends_it_again(
    centre: Centre, message_id: int, error: Exception, state: SendingState
) -> None:
    FAILS.append(error)

    send_due_messages()

    assert (Sending.objects.get().state, send_due_messages()) == (state, 0)
    found = Interaction.objects.get()
    assert (found.status, found.agent) == (InteractionStatus.WAITING, centre.alice)
    services.retry_sending(message_id=message_id, by=centre.alice)
    send_due_messages()
    assert (desks.SENT, states()) == ([message_id], [state.value, "queued", "sent"])
    with pytest.raises(MessageIsNotInDoubtError):
        services.retry_sending(message_id=message_id, by=centre.alice)


def test_a_worker_killed_while_sending_leaves_a_message_in_doubt_and_not_sent_twice(message_id: int) -> None:
    (claimed,) = outgoing._claim(1)
    assert send_due_messages() == 0
    assert settle_the_silent(timezone.now() + DEAD_AFTER / 2) == 0

    assert settle_the_silent(timezone.now() + DEAD_AFTER + timedelta(seconds=1)) == 1

    assert (Sending.objects.get().state, desks.SENT) == (SendingState.UNKNOWN, [])
    assert not outgoing._settle(claimed, SendingState.SENT)


def test_a_channel_without_a_sender_fails_and_says_so(message_id: int) -> None:
    Sending.objects.update(channel=Channel.SMS)

    assert send_due_messages() == 0

    assert (Sending.objects.get().state, Sending.objects.get().last_error) == (SendingState.FAILED, "no sender")


def test_receipts_move_a_message_forward_only(message_id: int) -> None:
    assert not settle_sending(message_id=message_id, state=SendingState.DELIVERED)
    send_due_messages()

    told = [SendingState.READ, SendingState.DELIVERED, SendingState.SENT, SendingState.FAILED, SendingState.READ]
    moved = [settle_sending(message_id=message_id, state=state) for state in told]

    assert moved == [True, False, False, False, False]
    assert (Sending.objects.get().state, states()) == (SendingState.READ, ["sent", "read"])


def test_a_letter_that_bounces_has_failed_after_all_and_a_receipt_ends_the_doubt(message_id: int) -> None:
    send_due_messages()
    assert settle_sending(message_id=message_id, state=SendingState.FAILED, error="no such mailbox")
    assert (Sending.objects.get().sent_at, Interaction.objects.get().status) == (None, InteractionStatus.WAITING)

    Sending.objects.update(state=SendingState.UNKNOWN)
    assert settle_sending(message_id=message_id, state=SendingState.DELIVERED)
    assert Sending.objects.get().sent_at is not None


def test_what_a_worker_has_claimed_cannot_be_taken_back_and_what_is_taken_back_cannot_be_claimed(
    centre: Centre, message_id: int
) -> None:
    list(outgoing._claim(1))
    with pytest.raises(MessageHasLeftError):
        services.take_back(message_id=message_id, by=centre.alice)

    Sending.objects.update(state=SendingState.QUEUED)
    services.take_back(message_id=message_id, by=centre.alice)
    assert (list(outgoing._claim(1)), send_due_messages()) == ([], 0)
