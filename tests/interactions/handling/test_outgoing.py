"""Messages on their way out: sent once, tried again only where that is harmless, and shown where nobody knows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccx.kernel.events.effects import (
    DEAD_AFTER,
    CredentialsRefusedError,
    RefusedEffectError,
    TemporaryEffectError,
)
from ccx.kernel.events.models import EventRow
from interactions.cases.choices import InteractionStatus
from interactions.channels.contract import Capabilities, Report, TemplateSlot
from interactions.channels.models import LineHealth, LineState
from interactions.handling import outgoing, services
from interactions.handling.errors import MessageHasLeftError, MessageIsNotInDoubtError
from interactions.handling.models import SENDING_ORDER, EarlyReport, Sending, SendingState
from interactions.handling.outgoing import send_due_messages, settle_the_silent
from interactions.handling.reports import hear_report
from interactions.handling.services import After
from interactions.handling.settling import Settling, is_forward, settle_attempt, settle_sending
from interactions.models import Inbox, Interaction, Message
from tests.factories.contacts import Centre, claim
from tests.factories.desks import FAILS, SENT, PretendMail, arrive, pretend_mail, reply


@pytest.fixture(autouse=True)
def senders(settings: Any) -> Iterator[None]:
    settings.CCX_UNDO_SECONDS = 0
    FAILS.clear()
    SENT.clear()
    with pretend_mail():
        yield


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

    assert (SENT, states()) == ([said.message.pk], ["sent"])
    assert Sending.objects.get().sent_at is not None


def test_what_a_sender_could_not_do_now_is_tried_later(message_id: int) -> None:
    FAILS.append(TemporaryEffectError("busy"))

    send_due_messages()
    waiting = Sending.objects.get()
    assert (waiting.state, waiting.attempts, waiting.due_at > timezone.now()) == (SendingState.QUEUED, 1, True)

    Sending.objects.update(due_at=timezone.now())
    send_due_messages()
    assert (Sending.objects.get().state, SENT) == (SendingState.SENT, [message_id])


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
    assert (SENT, states()) == ([message_id], [state.value, "queued", "sent"])
    with pytest.raises(MessageIsNotInDoubtError):
        services.retry_sending(message_id=message_id, by=centre.alice)


def test_a_worker_killed_while_sending_leaves_a_message_in_doubt_and_not_sent_twice(message_id: int) -> None:
    claimed = outgoing.claim(Sending.objects.get().pk)
    assert claimed is not None
    assert send_due_messages() == 0
    assert settle_the_silent(timezone.now() + DEAD_AFTER / 2) == 0

    assert settle_the_silent(timezone.now() + DEAD_AFTER + timedelta(seconds=1)) == 1

    assert (Sending.objects.get().state, SENT) == (SendingState.UNKNOWN, [])
    assert not settle_attempt(claimed, Settling(state=SendingState.SENT))


def test_a_line_that_nobody_speaks_for_fails_and_says_so(centre: Centre, message_id: int) -> None:
    Inbox.objects.filter(pk=centre.email.pk).update(provider="gone")

    assert send_due_messages() == 0

    sending = Sending.objects.get()
    assert (sending.state, sending.last_error) == (SendingState.FAILED, "This line cannot send.")


def test_messages_of_one_contact_leave_in_the_order_they_were_written(centre: Centre) -> None:
    number = arrive(centre.email)
    first = reply(number, centre.alice, "one").message.pk
    second = reply(number, centre.alice, "two").message.pk
    FAILS.append(TemporaryEffectError("busy", retry_after=1))
    send_due_messages()
    LineHealth.objects.update(retry_at=None)
    assert (send_due_messages(), SENT) == (0, [])

    Sending.objects.update(due_at=timezone.now())
    send_due_messages()
    send_due_messages()

    assert [first, second] == SENT


def test_a_line_whose_provider_is_down_rests_and_comes_back_with_one_message_first(centre: Centre) -> None:
    numbers = [arrive(centre.email, f"c{n}", identity=claim(f"p{n}@example.test")) for n in range(5)]
    sent = [reply(number, centre.alice).message.pk for number in numbers]
    FAILS.extend(TemporaryEffectError("no route") for _ in range(3))

    send_due_messages()

    health = LineHealth.objects.get()
    assert (health.state, health.failures, health.last_error) == (LineState.DOWN, 3, "no route")
    assert send_due_messages() == 0
    LineHealth.objects.update(retry_at=timezone.now())
    Sending.objects.update(due_at=timezone.now())
    assert send_due_messages() == 1
    assert LineHealth.objects.get().state == LineState.WELL
    send_due_messages()
    assert sorted(SENT) == sorted(sent)
    kinds = EventRow.objects.filter(kind="line_changed").order_by("pk")
    assert [row.data["state"] for row in kinds] == ["down", "well"]


def test_a_clock_that_was_set_back_leaves_no_line_alone_for_hours(centre: Centre, message_id: int) -> None:
    now = timezone.now()
    down = LineHealth(inbox=centre.email, state=LineState.DOWN, since=now, retry_at=now + timedelta(minutes=9))
    down.save()
    assert send_due_messages() == 0
    LineHealth.objects.update(retry_at=now + timedelta(hours=1))
    assert send_due_messages() == 1


def test_a_line_whose_password_is_refused_says_so_at_once_and_loses_nothing(centre: Centre, message_id: int) -> None:
    FAILS.append(CredentialsRefusedError("535 no"))

    send_due_messages()

    assert LineHealth.objects.get().state == LineState.REFUSED
    assert Sending.objects.get().state == SendingState.QUEUED


def test_words_that_waited_until_their_window_was_over_are_told_and_not_sent_late(
    centre: Centre, message_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    news = TemplateSlot(name="news", language="en", text="News")
    windowed = Capabilities(can_start=True, has_subject=True, reply_window=timedelta(hours=24), templates=(news,))
    monkeypatch.setattr(PretendMail, "capabilities", lambda *_: windowed)
    FAILS.append(TemporaryEffectError("no route"))
    send_due_messages()
    assert states() == ["queued"]

    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        send_due_messages()

    sending = Sending.objects.get()
    assert (sending.state, sending.error_code, SENT) == (SendingState.FAILED, "window", [])
    assert "Use a template" in sending.last_error


def test_what_a_provider_says_before_it_answers_counts_once_its_name_is_known(centre: Centre, message_id: int) -> None:
    name = f"pretend-{Message.objects.get(pk=message_id).public_id}"
    for state in ("read", "delivered", "read"):
        assert not hear_report(inbox=centre.email, report=Report(provider_id=name, state=state))

    send_due_messages()

    assert (Sending.objects.get().state, EarlyReport.objects.count()) == (SendingState.READ, 0)
    assert not hear_report(inbox=centre.voice, report=Report(provider_id=name, state="failed"))
    assert Sending.objects.get().state == SendingState.READ


@pytest.mark.parametrize(("answer", "state"), [("sent", SendingState.SENT), (None, SendingState.UNKNOWN)])
def test_a_lost_answer_is_asked_for_and_the_rest_is_a_persons_decision(
    centre: Centre, message_id: int, monkeypatch: pytest.MonkeyPatch, answer: str | None, state: SendingState
) -> None:
    FAILS.append(OSError("cut off"))
    send_due_messages()
    assert outgoing.look_up_the_doubtful() == 0

    def look_up(*_args: Any, since: datetime) -> Report | None:
        return Report(provider_id="found", state=answer) if answer else None

    monkeypatch.setattr(PretendMail, "look_up", look_up)
    outgoing.look_up_the_doubtful(timezone.now() + timedelta(minutes=1))
    outgoing.look_up_the_doubtful(timezone.now() + timedelta(hours=2))

    sending = Sending.objects.get()
    assert (sending.state, sending.look_up_at, SENT) == (state, None, [])
    if answer is None:
        services.confirm_sending(message_id=message_id, by=centre.alice)
        assert Sending.objects.get().state == SendingState.SENT


@given(st.permutations(["sent", "delivered", "read", "failed", "delivered", "read"]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reports_in_any_order_never_move_a_message_back(order: list[str]) -> None:
    state, seen = SendingState.SENDING, []
    for told in map(SendingState, order):
        if is_forward(state, told):
            state = told
            seen.append(told)
    ranks = [SENDING_ORDER[one] for one in seen if one in SENDING_ORDER]
    assert ranks == sorted(set(ranks))
    assert state in {SendingState.READ, SendingState.FAILED}


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
    assert outgoing.claim(Sending.objects.get().pk) is not None
    with pytest.raises(MessageHasLeftError):
        services.take_back(message_id=message_id, by=centre.alice)

    Sending.objects.update(state=SendingState.QUEUED)
    services.take_back(message_id=message_id, by=centre.alice)
    assert (outgoing.claim(Sending.objects.get().pk), send_due_messages()) == (None, 0)
