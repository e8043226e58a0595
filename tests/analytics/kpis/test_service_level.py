"""The worked example of the definitions: one day, eight ways to count it, eight points apart."""

from datetime import UTC, datetime, time, timedelta

import pytest

from analytics.rollups.reader import FACTS
from ccx.kernel.events.pumping import pump
from interactions.cases.choices import SegmentKind
from tests.analytics.kpis.conftest import DAY
from tests.factories.figures import a_fact, abandoned, answered, summed
from tests.factories.told import Line, Stretch


@pytest.fixture
def worked_example(db) -> None:
    """Offered 100; answered 90, of them 70 within 20 s; abandoned 10: 3 short, 4 within 20 s, 6 later."""
    answered(70, DAY, wait=15)
    answered(20, DAY, wait=45)
    abandoned(3, DAY, wait=3)
    abandoned(1, DAY, wait=18)
    abandoned(6, DAY, wait=90)
    summed()


PUBLISHED = [
    ("service_level_a_20", 74.0),
    ("service_level_b_all_20", 70.0),
    ("service_level_b_20", 72.2),
    ("service_level_b_no_abandons_20", 77.8),
    ("service_level_c_20", 72.9),
    ("service_level_d_20", 70.0),
    ("service_level_e_20", 74.0),
    ("service_level_f_20", 77.8),
    ("service_level_g_20", 72.9),
    ("service_level", 72.2),
]


@pytest.mark.parametrize(("key", "percent"), PUBLISHED)
def test_the_worked_example_gives_its_published_service_level(worked_example, read, key, percent) -> None:
    assert round(read(key).value * 100, 1) == percent


def test_the_same_day_told_to_intake_gives_the_same_figures(db, read) -> None:
    line, morning = Line(), datetime.combine(DAY, time(9), UTC)
    for number, wait in enumerate([15] * 70 + [45] * 20):
        begins = morning + timedelta(minutes=number)
        line.over(begins, Stretch(SegmentKind.QUEUE, wait), Stretch(SegmentKind.TALK, 60), who=f"caller{number}")
    for number, wait in enumerate([3] * 3 + [18] + [90] * 6):
        line.left(morning + timedelta(hours=3, minutes=number), waited=wait, who=f"gone{number}")
    assert pump(readers=[FACTS])

    found = {key: round(read(key).value * 100, 1) for key, _ in PUBLISHED}

    assert found == dict(PUBLISHED)


@pytest.mark.parametrize(("key", "percent"), [("service_level_d_60", 90.0), ("service_level_f_60", 100.0)])
def test_a_longer_threshold_admits_those_answered_later(worked_example, read, key, percent) -> None:
    assert round(read(key).value * 100, 1) == percent


def test_flow_outs_are_a_switch_of_their_own(worked_example, read) -> None:
    a_fact(DAY, contacts=1, offered=1, live_flow_out=1)
    summed()
    assert read("service_level").denominator == 97
    assert read("service_level_b_flow_outs_target").denominator == 98
    assert read("service_level_b_all_target").denominator == 101


@pytest.mark.parametrize(
    ("key", "numerator", "denominator"),
    [
        ("abandon_offered", 10, 100),
        ("abandon_offered_ex_short", 7, 97),
        ("abandon_offered_ex5", 7, 97),
        ("abandon_offered_ex10", 7, 97),
        ("abandon_queue", 10, 100),
        ("abandon_queue_ex_short", 7, 97),
    ],
)
def test_abandonment_is_counted_four_ways(worked_example, read, key, numerator, denominator) -> None:
    figure = read(key)
    assert (figure.numerator, figure.denominator) == (numerator, denominator)


def test_who_never_queued_counts_among_offered_but_not_in_the_queue(worked_example, read) -> None:
    abandoned(2, DAY, wait=0)
    answered(5, DAY, wait=0)
    summed()
    assert (read("abandon_offered").numerator, read("abandon_offered").denominator) == (12, 107)
    assert (read("abandon_queue").numerator, read("abandon_queue").denominator) == (10, 100)
    assert (read("abandon_queue_ex_short").numerator, read("abandon_queue_ex_short").denominator) == (7, 97)


def test_both_speeds_of_answer_share_their_seconds(worked_example, read) -> None:
    answered(10, DAY, wait=0)
    summed()
    seconds = 70 * 15 + 20 * 45
    assert (read("asa_all_answered").numerator, read("asa_all_answered").denominator) == (seconds, 100)
    assert (read("asa_queued").numerator, read("asa_queued").denominator) == (seconds, 90)
    assert read("wait_abandoned").value == (3 * 3 + 18 + 6 * 90) / 10


def test_percentiles_interpolate_between_two_contacts(db, read) -> None:
    for wait in (0, 10, 20, 40):
        answered(1, DAY, wait=wait)
    summed()
    assert read("wait_median").value == 15.0
    assert read("wait_p90").value == pytest.approx(34.0)
    assert read("wait_median_queued").value == 20.0
    assert not read("wait_median").is_approximate
