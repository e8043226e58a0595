"""The log's months: made ahead, found again for strays, dropped only when everyone has read them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from ccx.kernel.events.models import EventRow, QuarantinedEvent, ReaderEffect
from ccx.kernel.events.months import drop_months, ensure_partitions, months_of_the_log
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.events.sequencer import number_events
from tests.kernel.events.conftest import tell

OLD = datetime(2019, 12, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
def old_month(event_log: None) -> Iterator[str]:
    """A month long ago; its table is taken away afterwards."""
    yield "kernel_event_2019_12"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS kernel_event_2019_12")


def tell_long_ago(number: int) -> None:
    """An event recorded in a month that has no table: it lands in the default one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_event (kind, data, occurred_at, recorded_at)"
            " VALUES ('thing_happened', jsonb_build_object('number', %s), %s, %s)",
            [number, OLD, OLD],
        )


def tables_of(number: int) -> list[str]:
    """Where the event lies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM kernel_event WHERE data->>'number' = %s", [str(number)])
        return [row[0] for row in cursor.fetchall()]


def test_this_month_and_the_next_three_have_tables(event_log: None) -> None:
    ensure_partitions()
    now = timezone.now()

    ages = [month.age_in_months(now) for month in months_of_the_log()]
    assert ages[-4:] == [0, -1, -2, -3]


def test_rows_beside_every_month_move_into_theirs_and_keep_their_positions(old_month: str) -> None:
    tell_long_ago(1)
    number_events()
    assert tables_of(1) == ["kernel_event_default"]

    ensure_partitions()

    assert tables_of(1) == [old_month]
    assert EventRow.objects.get().position == 1
    tell_long_ago(2)
    number_events()
    assert tables_of(2) == [old_month]
    assert EventRow.objects.filter(position=2).count() == 1


def test_a_month_that_everyone_has_read_is_dropped_with_its_settled_effects(old_month: str) -> None:
    tell_long_ago(1)
    ensure_partitions()
    tell(2)
    pump_everything()

    out = StringIO()
    call_command("drop_event_months", "--older-than", "12", stdout=out)

    assert out.getvalue().splitlines() == [f"{old_month} dropped"]
    assert [row.data["number"] for row in EventRow.objects.all()] == [2]
    assert ReaderEffect.objects.count() == 1


def test_a_month_that_someone_still_has_to_read_stays(old_month: str) -> None:
    tell_long_ago(1)
    ensure_partitions()
    assert drop_months(older_than=12) == ([], [old_month])
    number_events()
    assert drop_months(older_than=12) == ([], [old_month])


def test_a_month_with_a_quarantined_event_stays(old_month: str) -> None:
    tell_long_ago(1)
    ensure_partitions()
    pump_everything()
    QuarantinedEvent.objects.create(
        reader="first", event_id=1, position=1, kind="thing_happened", error="", at=timezone.now()
    )

    assert drop_months(older_than=12) == ([], [old_month])


def test_a_month_with_an_effect_still_owed_stays_and_so_do_its_effects(old_month: str) -> None:
    tell_long_ago(1)
    tell_long_ago(2)
    ensure_partitions()
    pump_everything()
    ReaderEffect.objects.filter(data__number=1).update(state="queued")

    assert drop_months(older_than=12) == ([], [old_month])
    assert ReaderEffect.objects.count() == 2


def test_young_months_are_never_dropped(event_log: None) -> None:
    tell(1)
    pump_everything()

    assert drop_months(older_than=-5) == ([], [])
