"""The week by the hour, from whichever table holds it."""

from datetime import date

import pytest

from analytics.kpis.hours import read_week
from analytics.kpis.questions import Filters, Period
from analytics.rollups.models import HourRollup
from tests.factories.figures import a_queue, a_team, a_user, answered, granted, summed

TUESDAY = date(2026, 3, 10)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
SOME_DAYS = Period(date(2026, 3, 5), date(2026, 3, 15))
LONG_AGO = Period(date(2025, 3, 5), date(2025, 3, 15))
VERY_LONG = Period(date(2024, 1, 5), date(2025, 12, 30))


@pytest.mark.parametrize(
    ("period", "filters", "source"),
    [
        (MARCH, {}, "roll-up month × weekday × hour × channel"),
        (SOME_DAYS, {}, "roll-up day × hour × channel × queue"),
        (SOME_DAYS, {"channel": 1}, "roll-up day × hour × channel × queue"),
        (LONG_AGO, {}, "facts, bounded to 92 days"),
        (VERY_LONG, {}, "refused"),
    ],
)
def test_the_week_is_read_from_the_smallest_table(boss, period, filters, source) -> None:
    assert read_week(key="contacts", period=period, filters=Filters(**filters), user=boss).source == source


def an_hour(hour: int, contacts: int, **fields: int) -> None:
    """What the hours roll-up keeps of a Tuesday; a rebuild leaves out days before the last 60 of the real clock."""
    keys = {"day": TUESDAY, "hour": hour, "channel": 1, "queue_id": 0}
    HourRollup._default_manager.create(**keys | {"contacts": contacts} | fields)


def test_a_contact_stands_at_its_weekday_and_hour_in_whole_months(boss) -> None:
    answered(3, TUESDAY, wait=30, hour=14)
    answered(1, TUESDAY, wait=10, hour=9)
    summed()
    week = read_week(key="contacts", period=MARCH, filters=Filters(), user=boss)
    assert (week.value(2, 14), week.value(2, 9), week.value(3, 9)) == (3, 1, None)
    assert read_week(key="asa_all_answered", period=MARCH, filters=Filters(), user=boss).value(2, 14) == 30.0


def test_a_contact_stands_at_its_weekday_and_hour_in_some_days(boss) -> None:
    an_hour(14, 3, wait_answered_n=3, wait_answered_s=90)
    an_hour(9, 1)
    week = read_week(key="contacts", period=SOME_DAYS, filters=Filters(), user=boss)
    assert (week.value(2, 14), week.value(2, 9), week.value(3, 9)) == (3, 1, None)
    assert read_week(key="asa_all_answered", period=SOME_DAYS, filters=Filters(), user=boss).value(2, 14) == 30.0


def test_a_contact_stands_at_its_weekday_and_hour_long_ago(boss) -> None:
    answered(2, date(2025, 3, 11), wait=30, hour=14)
    week = read_week(key="contacts", period=LONG_AGO, filters=Filters(), user=boss)
    assert week.cells.keys() == {(2, 14)}
    assert week.value(2, 14) == 2


def test_a_lead_sees_the_hours_of_the_team_or_queue_only(db) -> None:
    team, queue = a_team(), a_queue()
    answered(2, TUESDAY, team_id=team.pk, hour=8)
    answered(5, TUESDAY, queue_id=queue.pk, hour=8)
    an_hour(8, 2)
    an_hour(8, 5, queue_id=queue.pk)
    lead = granted(a_user(), "team", team.pk)
    of_queue = granted(a_user(), "queue", queue.pk)
    assert read_week(key="contacts", period=MARCH, filters=Filters(), user=lead).value(2, 8) == 2
    assert read_week(key="contacts", period=SOME_DAYS, filters=Filters(), user=of_queue).value(2, 8) == 5
    assert read_week(key="contacts", period=SOME_DAYS, filters=Filters(), user=a_user()).cells == {}
