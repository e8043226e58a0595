"""How far behind: told per reader, for the whole log, and cheaply."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ccx.kernel.events.lag import lag_report
from ccx.kernel.events.models import EventRow, ReaderPosition
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import FIRST


def make_old(position: int | None, seconds: int) -> None:
    """As if the event had been recorded so long ago (within the month, so that it stays in its table)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_event SET recorded_at = recorded_at - make_interval(secs => %s)"
            " WHERE position IS NOT DISTINCT FROM %s",
            [seconds, position],
        )


def test_nothing_waits_in_an_empty_log(event_log: None) -> None:
    report = lag_report()

    assert (report.head, report.unnumbered, report.seconds, report.quarantined) == (0, 0, 0.0, 0)
    assert [reader.name for reader in report.readers] == ["first", "second", "postman"]


def test_lag_is_told_in_events_and_in_the_age_of_the_oldest_unread(event_log: None) -> None:
    tell(1, 2, 3)
    number_events()
    run_reader(FIRST)
    make_old(1, 100)
    make_old(2, 40)
    ReaderPosition.objects.create(name="second", position=1)
    tell(4)
    make_old(None, 7)

    report = lag_report()

    first, second, postman = report.readers
    assert (first.events, first.seconds) == (0, 0.0)
    assert second.events == 2
    assert 40 <= second.seconds < 60
    assert postman.events == 3
    assert 100 <= postman.seconds < 120
    assert report.unnumbered == 1
    assert 7 <= report.unnumbered_seconds < 27
    assert report.seconds == postman.seconds


def test_owed_effects_are_counted_by_state(event_log: None) -> None:
    tell(1, 2)
    pump_everything()
    assert lag_report().effects == {}
    number_events()


def test_the_report_costs_the_same_however_long_the_log_is(event_log: None) -> None:
    tell(1)
    pump_everything()
    with CaptureQueriesContext(connection) as few:
        lag_report()
    tell(*range(50))
    pump_everything()
    with CaptureQueriesContext(connection) as many:
        lag_report()

    assert EventRow.objects.count() == 51
    # Head; unnumbered; places; quarantined; effects by state; oldest due effect.
    assert len(few) == len(many) == 6
