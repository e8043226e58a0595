"""Effects outside: owed once, tried by one worker, never repeated blindly."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from ccx.kernel.events.effects import (
    DEAD_AFTER,
    RefusedEffectError,
    Sender,
    TemporaryEffectError,
    effects_are_due,
    owe_effect,
    send_due_effects,
    settle_the_silent,
)
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.events.sequencer import number_events
from tests.kernel.events import recording
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import deliver, taken


@pytest.fixture
def owed(event_log: None) -> EventRow:
    """One event, for which the postman owes one effect."""
    tell(1)
    number_events()
    event = EventRow.objects.get()
    owe_effect("postman", event, {"number": 1})
    return event


def send_with(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> ReaderEffect:
    """Let the worker send with this sender; the effect as it stands afterwards."""
    monkeypatch.setattr(recording, "SENDERS", {"postman": sender})
    send_due_effects()
    return ReaderEffect.objects.get()


def raising(error: Exception) -> Sender:
    """A sender that fails that way."""

    def send(effect: ReaderEffect) -> None:
        raise error

    return Sender(send=send)


def test_an_effect_is_owed_once_and_sent_once(owed: EventRow) -> None:
    owe_effect("postman", owed, {"number": 1})
    assert effects_are_due()

    assert send_due_effects() == 1
    assert send_due_effects() == 0

    assert taken("outside") == [1]
    effect = ReaderEffect.objects.get()
    assert (effect.state, effect.attempts) == ("done", 1)
    assert effect.done_at is not None
    assert not effects_are_due()


def test_receivers_of_one_reader_are_owed_apart(owed: EventRow) -> None:
    owe_effect("postman:north", owed, {"number": 2})
    owe_effect("postman:south", owed, {"number": 3})

    assert send_due_effects() == 3
    assert sorted(taken("outside")) == [1, 2, 3]


def test_workers_at_once_send_each_effect_once(event_log: None) -> None:
    tell(*range(40))
    number_events()
    for event in EventRow.objects.all():
        owe_effect("postman", event, {"number": event.data["number"]})

    def work() -> None:
        try:
            send_due_effects()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken("outside")) == list(range(40))


def test_what_is_due_later_waits(owed: EventRow) -> None:
    ReaderEffect.objects.update(due_at=timezone.now() + timedelta(minutes=1))

    assert send_due_effects() == 0


def test_a_temporary_error_is_tried_again_later(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    effect = send_with(raising(TemporaryEffectError("to mrs.miller@example.org")), monkeypatch)

    assert (effect.state, effect.attempts) == ("queued", 1)
    assert effect.due_at > timezone.now() + timedelta(seconds=1)
    assert "miller" not in effect.last_error
    ReaderEffect.objects.update(due_at=timezone.now())
    assert send_with(Sender(send=deliver), monkeypatch).state == "done"
    assert taken("outside") == [1]


def test_temporary_errors_end_after_so_many_tries(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = replace(raising(TemporaryEffectError()), max_attempts=2)
    send_with(impatient, monkeypatch)
    ReaderEffect.objects.update(due_at=timezone.now())

    assert send_with(impatient, monkeypatch).state == "failed"


def test_a_refusal_is_final(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send_with(raising(RefusedEffectError()), monkeypatch).state == "failed"


def test_an_error_nobody_declared_leaves_the_outcome_unknown(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send_with(raising(TimeoutError()), monkeypatch).state == "unknown"


def test_an_idempotent_sender_is_asked_again_after_any_error(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = replace(raising(TimeoutError()), is_idempotent=True)

    assert send_with(sender, monkeypatch).state == "queued"


def test_a_dead_worker_leaves_the_outcome_unknown(owed: EventRow) -> None:
    ReaderEffect.objects.update(state="sending", claimed_at=timezone.now() - DEAD_AFTER - timedelta(seconds=1))

    assert send_due_effects() == 0
    assert ReaderEffect.objects.get().state == "unknown"


def test_a_dead_worker_of_an_idempotent_sender_is_replaced(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    ReaderEffect.objects.update(state="sending", claimed_at=timezone.now() - DEAD_AFTER - timedelta(seconds=1))

    assert send_with(Sender(send=deliver, is_idempotent=True), monkeypatch).state == "done"
    assert taken("outside") == [1]


def test_a_worker_that_is_still_sending_is_left_alone(owed: EventRow) -> None:
    ReaderEffect.objects.update(state="sending", claimed_at=timezone.now() - DEAD_AFTER + timedelta(seconds=30))

    assert settle_the_silent() == 0


def test_an_effect_without_a_sender_says_so(owed: EventRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SENDERS", {})
    send_due_effects()

    assert ReaderEffect.objects.values_list("state", "last_error").get() == ("failed", "no sender")


def test_the_pump_sends_what_readers_owe(event_log: None) -> None:
    tell(1, 2)

    pump_everything()

    assert taken("outside") == [1, 2]
