"""A reader: its events in order, its position with its effect, and what happens when it fails."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from ccx.kernel.events.errors import EventIsGoneError, StillFailsError
from ccx.kernel.events.log import announce
from ccx.kernel.events.models import EventRow, Origin, QuarantinedEvent, ReaderPosition
from ccx.kernel.events.pumping import pump
from ccx.kernel.events.quarantine import MOST_PER_BATCH, run_again
from ccx.kernel.events.readers import Reader
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events
from ccx.kernel.people.choices import Role
from tests.factories.people import make_user
from tests.kernel.events import recording
from tests.kernel.events.conftest import Writer, tell
from tests.kernel.events.recording import FIRST, SECOND, OtherThingHappened, taken, write_down


def failing_on(*poison: int, error: Exception | None = None) -> Reader:
    """The first reader, but it cannot take some numbers."""

    def handle(events: Sequence[EventRow]) -> None:
        write_down("first", events)
        if any(event.data["number"] in poison for event in events):
            raise error or ValueError("Mrs Miller wrote: hello")

    return replace(FIRST, handle=handle)


def try_again_now() -> None:
    """As if the pause after a failure were over."""
    ReaderPosition.objects.update(retry_at=None)


def run_until_it_passes(reader: Reader, runs: int) -> None:
    for _ in range(runs):
        try_again_now()
        run_reader(reader)


def test_readers_follow_the_log_each_at_its_own_position(event_log: None) -> None:
    tell(1, 2, 3)
    number_events()
    run_reader(FIRST)
    tell(4)
    number_events()
    run_reader(FIRST)
    run_reader(SECOND)

    assert taken("first") == taken("second") == [1, 2, 3, 4]
    assert dict(ReaderPosition.objects.values_list("name", "position")) == {"first": 4, "second": 4}


def test_a_reader_takes_at_most_the_batches_it_is_told_to(event_log: None) -> None:
    tell(*range(12))
    number_events()

    assert run_reader(FIRST, max_batches=2) == 2
    assert taken("first") == list(range(10))
    assert run_reader(FIRST) == 1
    assert run_reader(FIRST) == 0


def test_a_reader_passes_over_kinds_it_does_not_follow(event_log: None) -> None:
    with transaction.atomic():
        announce(*[OtherThingHappened() for _ in range(300)])
    tell(1)
    number_events()

    run_reader(FIRST)

    assert taken("first") == [1]
    assert ReaderPosition.objects.get().position == 301


def test_imported_history_reaches_only_readers_that_ask_for_it(event_log: None) -> None:
    tell(1, origin=Origin.HISTORY)
    tell(2)
    number_events()

    run_reader(FIRST)
    run_reader(replace(SECOND, history=True))

    assert taken("first") == [2]
    assert taken("second") == [1, 2]


def test_a_reader_that_only_looks_forward_starts_at_the_end_of_the_log(event_log: None) -> None:
    forward = replace(FIRST, from_beginning=False)
    tell(1)
    number_events()
    run_reader(forward)
    tell(2)
    number_events()
    run_reader(forward)

    assert taken("first") == [2]


def test_a_failure_takes_nothing_and_is_told_without_a_customers_words(event_log: None) -> None:
    tell(1, 2)
    number_events()

    run_reader(failing_on(2))

    place = ReaderPosition.objects.get()
    assert taken("first") == []
    assert (place.position, place.failures) == (0, 1)
    assert place.last_error.startswith("ValueError at events/test_running.py:")
    assert "Miller" not in place.last_error


def test_a_database_error_is_told_by_its_code(event_log: None) -> None:
    def handle(events: Sequence[EventRow]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO kernel_team (id) VALUES (NULL)")

    tell(1)
    number_events()
    run_reader(replace(FIRST, handle=handle))

    assert ReaderPosition.objects.get().last_error.startswith("IntegrityError 23502 at ")


def test_after_a_failure_a_reader_waits_longer_each_time(event_log: None) -> None:
    tell(1)
    number_events()
    waits = []
    for _ in range(3):
        try_again_now()
        before = timezone.now()
        run_reader(failing_on(1))
        waits.append((ReaderPosition.objects.get().retry_at or before) - before)
    assert run_reader(FIRST) == 0

    assert [
        timedelta(seconds=0.5 * 2**step) <= wait <= timedelta(seconds=1.1 * 2**step + 0.5)
        for step, wait in enumerate(waits)
    ] == [True, True, True]
    try_again_now()
    assert run_reader(FIRST) == 1
    assert ReaderPosition.objects.get().failures == 0


def test_a_clock_that_was_set_back_does_not_hold_a_reader_for_hours(event_log: None) -> None:
    tell(1)
    number_events()
    run_reader(failing_on(1))
    ReaderPosition.objects.update(retry_at=timezone.now() + timedelta(hours=1))

    assert run_reader(FIRST) == 1


def test_a_poison_event_is_set_aside_and_later_ones_flow(event_log: None) -> None:
    tell(*range(1, 13))
    number_events()

    run_until_it_passes(failing_on(3), runs=4)

    assert taken("first") == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    poison = QuarantinedEvent.objects.get()
    assert (poison.reader, poison.position, poison.kind) == ("first", 3, "thing_happened")
    assert poison.error.startswith("ValueError at ")
    place = ReaderPosition.objects.get()
    assert (place.position, place.failures, place.last_error) == (12, 0, "")


def test_one_readers_poison_is_another_readers_meat(event_log: None) -> None:
    tell(1, 2)
    number_events()

    run_until_it_passes(failing_on(1), runs=4)
    run_reader(SECOND)

    assert taken("first") == [2]
    assert taken("second") == [1, 2]


def test_a_broken_reader_goes_on_slowly_and_keeps_saying_so(event_log: None) -> None:
    tell(*range(30))
    number_events()
    broken = replace(failing_on(*range(30)), batch_size=30)

    run_until_it_passes(broken, runs=4)

    place = ReaderPosition.objects.get()
    assert QuarantinedEvent.objects.count() == MOST_PER_BATCH
    assert (place.position, place.failures) == (MOST_PER_BATCH, 4)
    assert place.last_error.startswith("ValueError")
    assert place.is_waiting(timezone.now())


def test_an_outage_of_the_database_blames_no_event(event_log: None) -> None:
    tell(1)
    number_events()

    run_until_it_passes(failing_on(1, error=OperationalError("server closed the connection")), runs=6)

    assert QuarantinedEvent.objects.count() == 0
    assert ReaderPosition.objects.get().position == 0
    try_again_now()
    run_reader(FIRST)
    assert taken("first") == [1]


def test_an_event_that_takes_too_long_is_poison_too(event_log: None) -> None:
    def handle(events: Sequence[EventRow]) -> None:
        if any(event.data["number"] == 2 for event in events):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '20ms'")
                cursor.execute("SELECT pg_sleep(2)")
        write_down("first", events)

    tell(1, 2, 3)
    number_events()
    run_until_it_passes(replace(FIRST, handle=handle), runs=4)

    assert taken("first") == [1, 3]
    assert QuarantinedEvent.objects.get().error.startswith("OperationalError 57014")


def test_a_quarantined_event_can_be_run_again(event_log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(1, 2)
    number_events()
    run_until_it_passes(failing_on(1), runs=4)
    quarantined = QuarantinedEvent.objects.get()
    alice = make_user(Role.ADMINISTRATOR)

    monkeypatch.setattr(recording, "READERS", (failing_on(1),))
    with pytest.raises(StillFailsError):
        run_again(reader="first", event_id=quarantined.event_id, by=alice)
    quarantined.refresh_from_db()
    assert quarantined.tries == 2
    assert taken("first") == [2]

    monkeypatch.setattr(recording, "READERS", (FIRST,))
    run_again(reader="first", event_id=quarantined.event_id, by=alice)

    assert taken("first") == [2, 1]
    assert QuarantinedEvent.objects.count() == 0


def test_an_event_whose_month_is_gone_cannot_be_run_again(event_log: None) -> None:
    QuarantinedEvent.objects.create(
        reader="first", event_id=7, position=7, kind="thing_happened", error="", at=timezone.now()
    )

    with pytest.raises(EventIsGoneError):
        run_again(reader="first", event_id=7, by=make_user(Role.ADMINISTRATOR))


def test_two_pumps_at_once_give_nobody_anything_twice(event_log: None) -> None:
    tell(*range(60))
    failures: list[BaseException] = []

    def pumping() -> None:
        try:
            pump(readers=[FIRST, SECOND])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=pumping) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(60, 120):
        tell(number)
    for thread in threads:
        thread.join()
    pump(readers=[FIRST, SECOND])

    assert failures == []
    assert sorted(taken("first")) == taken("first") == list(range(120))
    assert taken("second") == list(range(120))


def test_a_reader_that_runs_elsewhere_is_left_alone(writers: Callable[[], Writer]) -> None:
    tell(1)
    number_events()
    run_reader(SECOND)
    rival, started = writers(), threading.Event()
    rival_may_end = threading.Event()

    def handle(events: Sequence[EventRow]) -> None:
        started.set()
        rival_may_end.wait(20)
        write_down("first", events)

    rival.start(lambda: run_reader(replace(FIRST, handle=handle)))
    assert started.wait(20)

    assert run_reader(FIRST) == 0
    assert pump(readers=[FIRST]) is True
    rival_may_end.set()
    rival.finish()
    assert taken("first") == [1]


def test_the_pump_hands_a_reader_that_is_far_behind_to_someone_else(event_log: None) -> None:
    tell(*range(40))
    handed_over: list[str] = []
    run = replace(SECOND, batch_size=100)

    def hand_over(reader: Reader) -> bool:
        handed_over.append(reader.name)
        return True

    assert pump(readers=[FIRST, run], far_behind=hand_over) is True

    assert handed_over == ["first"]
    assert taken("first") == []
    assert taken("second") == list(range(40))


def test_a_reader_that_nobody_takes_over_is_run_by_the_pump(event_log: None) -> None:
    tell(*range(40))

    assert pump(readers=[FIRST], far_behind=lambda reader: False) is True
    assert taken("first") == list(range(40))


def test_a_slow_reader_does_not_starve_the_others(event_log: None) -> None:
    tell(*range(20))

    pump(readers=[FIRST, SECOND])

    with connection.cursor() as cursor:
        cursor.execute("SELECT reader FROM taken_by_readers ORDER BY step")
        turns = [row[0] for row in cursor.fetchall()]
    assert turns == (["first"] * 5 + ["second"] * 5) * 4


def test_an_integrity_error_of_one_event_leaves_the_effects_of_the_others(event_log: None) -> None:
    def handle(events: Sequence[EventRow]) -> None:
        write_down("first", events)
        if any(event.data["number"] == 2 for event in events):
            raise IntegrityError("duplicate key: +49 170 1234567")

    tell(1, 2, 3)
    number_events()
    run_until_it_passes(replace(FIRST, handle=handle), runs=4)

    assert taken("first") == [1, 3]
    assert "170" not in QuarantinedEvent.objects.get().error
