"""Which table answers which question."""

from datetime import date

import pytest

from analytics.kpis.maturing import Clock
from analytics.kpis.planner import Source, Visibility, plan_for
from analytics.kpis.questions import Dimension, Filters, Period, Split
from analytics.kpis.registry import kpi_of

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
TWO_YEARS = Period(date(2024, 1, 1), date(2025, 12, 31))
CLOCK = Clock(((1, 0, date(2026, 3, 31)),))
ALL = Visibility()


def plan(key="contacts", period=MARCH, split=Split.NONE, visibility=ALL, clock=CLOCK, **filters):
    return plan_for(
        kpis=[kpi_of(key)],
        period=period,
        filters=Filters(**filters),
        split=split,
        visibility=visibility,
        clock=clock,
    )


@pytest.mark.parametrize(
    ("asked", "source", "dimension"),
    [
        ({}, Source.DAYS, None),
        ({"split": Split.DAY}, Source.DAYS, None),
        ({"split": Split.REASON}, Source.DAYS, Dimension.REASON),
        ({"queue": 1}, Source.DAYS, Dimension.QUEUE),
        ({"agent": 1, "split": Split.DAY}, Source.DAYS, Dimension.AGENT),
        ({"team": 1, "split": Split.TEAM}, Source.DAYS, Dimension.TEAM),
        ({"team": 1, "channel": 1}, Source.CUBE, None),
        ({"team": 1, "channel": 1, "split": Split.REASON}, Source.CUBE, None),
        ({"queue": 1, "channel": 1}, Source.FACTS, None),
        ({"queue": 1, "channel": 1, "period": TWO_YEARS}, Source.REFUSED, None),
        ({"agent": 1, "split": Split.REASON}, Source.FACTS, None),
        ({"period": TWO_YEARS}, Source.MONTHS, None),
        ({"period": TWO_YEARS, "split": Split.MONTH, "team": 1}, Source.MONTHS, Dimension.TEAM),
        ({"period": TWO_YEARS, "split": Split.DAY}, Source.DAYS, None),
        ({"period": TWO_YEARS, "agent": 1}, Source.DAYS, Dimension.AGENT),
        ({"key": "aht"}, Source.DAYS, Dimension.CHANNEL),
        ({"key": "aht", "split": Split.TEAM}, Source.WORK, Dimension.TEAM),
        ({"key": "aht", "split": Split.QUEUE}, Source.WORK, Dimension.QUEUE),
        ({"key": "aht", "split": Split.AGENT, "period": TWO_YEARS}, Source.WORK, Dimension.AGENT),
        ({"key": "aht", "split": Split.REASON}, Source.CUBE, None),
        ({"key": "aht", "split": Split.AGENT, "team": 1}, Source.FACTS, None),
        ({"key": "answered", "split": Split.AGENT}, Source.WORK, Dimension.AGENT),
        ({"key": "answered", "split": Split.TEAM}, Source.DAYS, Dimension.TEAM),
        ({"key": "abandon_queue_ex_short"}, Source.DAYS, None),
        ({"key": "abandon_queue_ex_short", "period": TWO_YEARS}, Source.MONTHS, None),
    ],
)
def test_a_question_is_answered_by_the_smallest_table_that_holds_it(asked, source, dimension) -> None:
    found = plan(**asked)
    assert (found.source, found.dimension) == (source, dimension)


def test_months_serve_a_windowed_figure_only_when_all_have_matured() -> None:
    assert plan("fcr", TWO_YEARS).source is Source.MONTHS
    young = Clock(((1, 7, date(2026, 1, 4)),))
    assert plan("fcr", TWO_YEARS, clock=young).source is Source.DAYS
    assert plan("contacts", TWO_YEARS, clock=young).source is Source.MONTHS


@pytest.mark.parametrize(
    ("keys", "asked", "source"),
    [
        ({Dimension.TEAM: frozenset({1})}, {}, Source.DAYS),
        ({Dimension.TEAM: frozenset({1})}, {"channel": 1}, Source.CUBE),
        ({Dimension.TEAM: frozenset({1})}, {"queue": 1}, Source.FACTS),
        ({Dimension.QUEUE: frozenset({1})}, {}, Source.DAYS),
        ({Dimension.QUEUE: frozenset({1})}, {"channel": 1}, Source.FACTS),
        ({Dimension.TEAM: frozenset({1}), Dimension.QUEUE: frozenset({1})}, {}, Source.FACTS),
        ({Dimension.TEAM: frozenset({1}), Dimension.REASON: frozenset({1})}, {"period": TWO_YEARS}, Source.REFUSED),
    ],
)
def test_grants_are_a_dimension_more(keys, asked, source) -> None:
    assert plan(visibility=Visibility(keys), **asked).source is source


def test_a_refusal_says_how_much_may_be_asked() -> None:
    assert "92 days" in plan(queue=1, channel=1, period=TWO_YEARS).reason
