"""Positions: unique, without gaps, in an order that causes precede effects, and nobody is ever skipped."""

import threading
from collections.abc import Callable

import psycopg2
from django.db import connection, transaction

from ccx.kernel.events.locks import NAMESPACE
from ccx.kernel.events.log import announce
from ccx.kernel.events.models import EventRow, LogHead
from ccx.kernel.events.pumping import pump
from ccx.kernel.events.sequencer import number_events
from tests.kernel.events.conftest import Writer, tell
from tests.kernel.events.recording import FIRST, ThingHappened, taken

TAKE_LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext('sequencer'))"


def numbered() -> list[tuple[int, int]]:
    """(position, number) of every numbered event, in order."""
    rows = EventRow.objects.filter(position__isnull=False).order_by("position")
    return [(row.position or 0, row.data["number"]) for row in rows]


def test_events_get_consecutive_positions_in_the_order_of_their_ids(event_log: None) -> None:
    tell(1, 2)
    tell(3)

    assert number_events() == 3
    assert numbered() == [(1, 1), (2, 2), (3, 3)]
    assert LogHead.objects.get().position == 3
    assert number_events() == 0


def test_a_limit_leaves_the_rest_for_the_next_time(event_log: None) -> None:
    tell(1, 2, 3)

    assert [number_events(2), number_events(2), number_events(2)] == [2, 1, 0]
    assert numbered() == [(1, 1), (2, 2), (3, 3)]


def test_a_lower_id_that_commits_last_is_late_and_never_skipped(writers: Callable[[], Writer]) -> None:
    slow = writers()
    slow.begin()
    slow.say(1)
    tell(2)
    pump(readers=[FIRST])
    assert taken("first") == [2]

    slow.commit()
    pump(readers=[FIRST])

    assert taken("first") == [2, 1]
    assert numbered() == [(1, 2), (2, 1)]


def test_a_transaction_taken_back_leaves_no_gap(writers: Callable[[], Writer]) -> None:
    fickle = writers()
    fickle.begin()
    fickle.say(1)
    tell(2)
    fickle.roll_back()
    tell(3)

    number_events()

    assert numbered() == [(1, 2), (2, 3)]


def test_who_waits_for_a_row_lock_comes_after_whoever_held_it_though_another_writer_stays_open(
    writers: Callable[[], Writer],
) -> None:
    tell(0)
    number_events()
    bystander, holder, waiter = writers(), writers(), writers()
    # The bystander's event has the lowest id, and it stays open for the whole story.
    bystander.begin()
    bystander.say(99)
    holder.begin()
    waiter.begin()

    def lock_and_tell(number: int) -> Callable[[], None]:
        def order() -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO kernel_team (public_id, name, is_active) VALUES (gen_random_uuid(), 'x', true)"
                    " ON CONFLICT (name) DO UPDATE SET is_active = true"
                )
            Writer.insert(number)

        return order

    holder.do(lock_and_tell(1))
    waiter.start(lock_and_tell(2))
    pump(readers=[FIRST])
    assert taken("first") == [0]
    holder.commit()
    waiter.finish()
    pump(readers=[FIRST])
    assert taken("first") == [0, 1]
    waiter.commit()
    pump(readers=[FIRST])

    assert taken("first") == [0, 1, 2]
    bystander.commit()
    pump(readers=[FIRST])
    assert taken("first") == [0, 1, 2, 99]


def test_an_open_write_transaction_in_another_database_stalls_nobody(event_log: None) -> None:
    parameters = connection.get_connection_params()
    elsewhere = psycopg2.connect(
        host=parameters.get("host"),
        port=parameters.get("port"),
        user=parameters["user"],
        password=parameters.get("password"),
        dbname="postgres",
    )
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        tell(1)
        pump(readers=[FIRST])

        assert taken("first") == [1]
    finally:
        elsewhere.close()


def test_sequencers_at_the_same_time_give_each_position_once(event_log: None) -> None:
    tell(*range(400))
    results: list[int | None] = []

    def number() -> None:
        try:
            results.extend(number_events(20) for _ in range(10))
        finally:
            connection.close()

    threads = [threading.Thread(target=number) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while number_events():
        pass

    assert numbered() == [(number + 1, number) for number in range(400)]


def test_a_sequencer_leaves_at_once_when_another_one_is_at_it(writers: Callable[[], Writer]) -> None:
    tell(1)
    rival = writers()
    rival.begin()
    rival.do(lambda: connection.cursor().execute(TAKE_LOCK, [NAMESPACE]))

    assert number_events() is None
    rival.commit()
    assert number_events() == 1


def test_a_lost_head_goes_on_where_the_log_ends(event_log: None) -> None:
    tell(1, 2)
    number_events()
    LogHead.objects.all().delete()
    tell(3)

    number_events()

    assert numbered() == [(1, 1), (2, 2), (3, 3)]


def test_events_of_one_transaction_keep_the_order_in_which_they_were_announced(event_log: None) -> None:
    with transaction.atomic():
        announce(ThingHappened(number=1))
        announce(ThingHappened(number=2), ThingHappened(number=3))
        announce(ThingHappened(number=4))

    number_events()

    assert [number for _, number in numbered()] == [1, 2, 3, 4]
