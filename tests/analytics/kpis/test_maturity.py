"""A day counts once its window and one day more lie before the horizon. Today is 31 March 2026."""

from datetime import date

import pytest

from analytics.kpis.figures import State
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from tests.factories.figures import a_cohort, a_fact, a_source, facts, summed

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
JANUARY_1999 = Period(date(1999, 1, 1), date(1999, 1, 31))


def test_a_day_matures_when_its_window_and_one_day_more_have_passed(boss, read) -> None:
    a_fact(date(2026, 3, 23), end_day=date(2026, 3, 23), fcr_n=1, fcr_yes=1)
    a_fact(date(2026, 3, 24), end_day=date(2026, 3, 24), fcr_n=1)
    summed()
    figure = read("fcr", period=MARCH)
    assert (figure.numerator, figure.denominator, figure.excluded) == (1, 1, 1)
    assert figure.is_partly_immature


def test_the_window_is_the_cohorts_own(boss, read) -> None:
    month = a_cohort(window_days=30)
    a_fact(date(2026, 3, 10), end_day=date(2026, 3, 10), fcr_n=1, cohort_id=month.pk)
    a_fact(date(2026, 3, 10), end_day=date(2026, 3, 10), fcr_n=1, fcr_yes=1)
    summed()
    figure = read("fcr", period=MARCH)
    assert (figure.numerator, figure.denominator, figure.excluded) == (1, 1, 1)


def test_a_figure_with_nothing_mature_says_so_and_has_no_value(boss, read) -> None:
    a_fact(date(2026, 3, 30), end_day=date(2026, 3, 30), fcr_n=1, fcr_yes=1)
    summed()
    figure = read("fcr", period=MARCH)
    assert figure.state is State.IMMATURE
    assert figure.value is None


@pytest.mark.parametrize(("days", "eligible"), [(1, 30), (3, 28), (7, 24)])
def test_a_follow_up_is_known_only_as_far_as_its_source_reaches(boss, read, days, eligible) -> None:
    cohort = a_cohort(a_source(covered_until=date(1999, 2, 1)))
    for day in JANUARY_1999.each_day():
        a_fact(day, follow_n=1, **{f"follow_any_{days}": int(day.day <= 10)}, cohort_id=cohort.pk)
    summed()
    figure = read(f"followed_any_{days}d", period=JANUARY_1999)
    assert (figure.numerator, figure.denominator) == (10, eligible)
    complement = read(f"not_followed_any_{days}d", period=JANUARY_1999)
    assert complement.value == pytest.approx(1 - figure.value)


def test_resolution_counts_on_the_day_the_contact_ended(boss, read) -> None:
    a_fact(date(2026, 3, 5), end_day=date(2026, 3, 8), fcr_n=1, fcr_yes=1, contacts=1)
    summed()
    fifth, eighth = (Period(date(2026, 3, day), date(2026, 3, day)) for day in (5, 8))
    assert read("fcr", period=fifth).state is State.NO_DATA
    assert read("fcr", period=eighth).denominator == 1
    assert read("contacts", period=fifth).value == 1
    assert read("contacts", period=eighth).value == 0


def test_in_a_series_an_immature_day_keeps_its_value_and_is_marked(boss) -> None:
    for day in (date(2026, 3, 20), date(2026, 3, 30)):
        a_fact(day, end_day=day, fcr_n=1, fcr_yes=1)
    summed()
    answer = read_figures(keys=["fcr"], period=MARCH, comparison=None, filters=Filters(), split_by=Split.DAY, user=boss)
    by_day = {group.key: group.figures["fcr"] for group in answer.groups}
    assert by_day[date(2026, 3, 20)].state is State.READY
    assert by_day[date(2026, 3, 30)].state is State.IMMATURE
    assert by_day[date(2026, 3, 30)].value == 1.0
    assert by_day[date(2026, 3, 10)].state is State.NO_DATA
    assert answer.total["fcr"].denominator == 1


def test_looking_back_needs_no_waiting(boss, read) -> None:
    facts(4, date(2026, 3, 31), identified=1, offered=1)
    a_fact(date(2026, 3, 31), identified=1, offered=1, repeat=1)
    a_fact(date(2026, 3, 31), offered=1)
    summed()
    assert read("repeat_rate", period=MARCH).value == pytest.approx(0.2)
    assert read("unidentified_share", period=MARCH).value == pytest.approx(1 / 6)
