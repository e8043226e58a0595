"""Sums read from whole months, less or more some days, are those of the days themselves."""

from datetime import date, timedelta

import pytest

from analytics.facts.models import Fact
from analytics.kpis.hours import read_week
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.rollups.models import HourRollup, WeekHourRollup
from tests.factories.figures import a_fact, summed

FIRST = date(2026, 1, 5)


@pytest.fixture
def history() -> None:
    """Two agents' contacts on every third day of January to March, on two channels."""
    for number, offset in enumerate(range(0, 80, 3)):
        worked = {"answered": 1, "handle_n": 1, "handle_s": 7 + number, "talk_s": 7 + number, "handle_cut_n": 1}
        keys = {"agent_id": 1 + number % 2, "team_id": 3, "queue_id": 4, "channel": 1 + number % 3 // 2}
        a_fact(FIRST + timedelta(days=offset), **keys, **worked)
    summed()


def told_by(period: Period, boss, split: Split) -> dict[object, tuple[float, dict[int, tuple[float, int]]]]:
    answer = read_figures(
        keys=["answered", "aht"], period=period, comparison=None, filters=Filters(), split_by=split, user=boss
    )
    return {
        group.key: (
            group.figures["answered"].value,
            {channel: (part.numerator, part.n) for channel, part in group.figures["aht"].by_channel},
        )
        for group in answer.groups
    }


def counted_by(period: Period, column: str) -> dict[object, tuple[float, dict[int, tuple[float, int]]]]:
    found: dict[object, tuple[float, dict[int, tuple[float, int]]]] = {}
    for fact in Fact.objects.filter(day__range=(period.first, period.last)):
        key = getattr(fact, column)
        answered, by_channel = found.get(key, (0.0, {}))
        seconds, n = by_channel.get(fact.channel, (0, 0))
        found[key] = (answered + 1, by_channel | {fact.channel: (seconds + fact.handle_s, n + 1)})
    return found


@pytest.mark.parametrize(("split", "column"), [(Split.AGENT, "agent_id"), (Split.TEAM, "team_id")])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 1, 20), date(2026, 3, 5)),
        (date(2026, 1, 3), date(2026, 2, 27)),
        (date(2026, 2, 2), date(2026, 2, 26)),
        (date(2026, 2, 10), date(2026, 2, 12)),
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2026, 3, 20), date(2026, 4, 10)),
    ],
)
def test_work_of_any_period_is_the_sum_of_its_contacts(boss, history, split, column, first, last) -> None:
    period = Period(first, last)
    assert told_by(period, boss, split) == counted_by(period, column)


def test_the_week_of_most_of_a_month_is_the_month_less_its_other_days(boss) -> None:
    month = {"month": date(2026, 3, 1), "channel": 1}
    WeekHourRollup._default_manager.create(**month, weekday=2, hour=14, contacts=5)
    WeekHourRollup._default_manager.create(**month, weekday=7, hour=9, contacts=2)
    HourRollup._default_manager.create(day=date(2026, 3, 1), hour=9, channel=1, queue_id=6, contacts=2)
    HourRollup._default_manager.create(day=date(2026, 3, 3), hour=14, channel=1, queue_id=6, contacts=3)
    period = Period(date(2026, 3, 2), date(2026, 3, 31))
    week = read_week(key="contacts", period=period, filters=Filters(), user=boss)
    assert {cell: figure.value for cell, figure in week.cells.items()} == {(2, 14): 5}
    later = Period(date(2026, 3, 4), date(2026, 3, 31))
    week = read_week(key="contacts", period=later, filters=Filters(channel=1), user=boss)
    assert {cell: figure.value for cell, figure in week.cells.items()} == {(2, 14): 2}


@pytest.mark.django_db
def test_one_look_at_agents_work_serves_what_is_told_by_channel_and_what_is_not(
    history, boss, django_assert_num_queries
) -> None:
    month = Period(date(2026, 1, 1), date(2026, 1, 31))
    told_by(month, boss, Split.AGENT)
    with django_assert_num_queries(2):  # the sums, and the agents' names
        told_by(month, boss, Split.AGENT)
