"""A figure and the rows behind it agree, for everyone who may look; nobody sees more."""

from datetime import date

import pytest

from analytics.kpis.errors import FiguresAreHiddenError
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.kpis.registry import REGISTRY, kpi_of
from analytics.kpis.rows import Part, rows_of
from tests.analytics.kpis.conftest import DAY
from tests.factories.figures import (
    a_fact,
    a_queue,
    a_reason,
    a_team,
    a_user,
    abandoned,
    an_administrator,
    answered,
    facts,
    granted,
    summed,
)
from tests.factories.sandboxes import sandbox

WEEK = Period(date(2026, 3, 9), date(2026, 3, 15))


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """Made once: the tests read it in many ways."""
    with django_db_blocker.unblock(), sandbox():
        yield a_centre()


@pytest.fixture
def centre(made, db):
    """As it was made, for every test."""
    return made


def a_centre():
    """Two teams, two queues, a reason with a child, several channels and outcomes."""
    team, other = a_team(), a_team()
    queue, second = a_queue(team=team), a_queue(team=other)
    parent = a_reason()
    child = a_reason(parent=parent)
    answered(
        7,
        DAY,
        wait=12,
        team_id=team.pk,
        queue_id=queue.pk,
        reason_id=parent.pk,
        identified=1,
        follow_n=1,
        end_day=DAY,
        fcr_n=1,
        fcr_yes=1,
        handle_n=1,
        handle_s=120,
        handle_seconds=120,
        cases=1,
        case_contacts=2,
    )
    answered(
        5,
        DAY,
        wait=40,
        team_id=other.pk,
        queue_id=second.pk,
        reason_id=child.pk,
        identified=1,
        repeat=1,
        end_day=date(2026, 3, 11),
        fcr_n=1,
        handle_n=1,
        handle_s=60,
        channel=2,
        handle_seconds=60,
    )
    abandoned(3, DAY, wait=4, queue_id=second.pk)
    abandoned(2, date(2026, 3, 12), wait=50, queue_id=queue.pk, team_id=team.pk, identified=1)
    facts(
        12,
        date(2026, 3, 12),
        channel=3,
        contacts=1,
        offered=1,
        team_id=team.pk,
        reason_id=child.pk,
        nps_n=1,
        nps_promoters=1,
        csat_n=1,
        csat_top=1,
        csat_s=5,
    )
    facts(3, date(2026, 3, 12), channel=3, contacts=1, offered=1, team_id=other.pk, nps_n=1, nps_detractors=1)
    a_fact(date(2026, 3, 13), not_contacts=1)
    summed()
    return {"team": team, "other": other, "queue": queue, "second": second, "parent": parent, "child": child}


def people(centre):
    return {
        "everything": an_administrator(),
        "one team": granted(a_user(), "team", centre["team"].pk),
        "both teams": granted(a_user(), "team", centre["team"].pk, centre["other"].pk),
        "one queue": granted(a_user(), "queue", centre["second"].pk),
        "a reason": granted(a_user(), "reason", centre["child"].pk),
        "mixed": granted(granted(a_user(), "team", centre["team"].pk), "reason", centre["child"].pk),
        "nothing": a_user(),
    }


@pytest.mark.parametrize(
    "filtered", [(), ("team",), ("queue",), ("reason",), ("channel",), ("team", "channel"), ("queue", "reason")]
)
@pytest.mark.parametrize("who", ["everything", "one team", "both teams", "one queue", "a reason", "mixed", "nothing"])
def test_every_figure_agrees_with_its_rows(centre, who, filtered) -> None:
    user = people(centre)[who]
    chosen = {"team": centre["team"].pk, "queue": centre["queue"].pk, "reason": centre["parent"].pk, "channel": 1}
    filters = Filters(**{name: chosen[name] for name in filtered}).with_reasons()
    keys = [key for key, kpi in REGISTRY.items() if not kpi.is_of_agents]
    answer = read_figures(keys=keys, period=WEEK, comparison=None, filters=filters, split_by=Split.NONE, user=user)
    totals: dict[tuple, int] = {}  # many figures share a part: the same question is asked once
    for key, figure in answer.total.items():
        parts = [part for _channel, part in figure.by_channel] or [figure]
        for part in (Part.NUMERATOR, Part.DENOMINATOR):
            behind = rows_of(kpi=kpi_of(key), part=part, period=WEEK, filters=filters, user=user)
            told = sum((item.numerator if part is Part.NUMERATOR else item.n) or 0 for item in parts)
            kpi = behind.kpi
            weight = kpi.denominator if behind.adds_amounts else None
            question = (behind.expression, weight, kpi.cohort, kpi.maturity)
            if question not in totals:
                totals[question] = behind.totals()[1]
            assert totals[question] == told or figure.state == "suppressed", (who, filtered, key, part)


def test_counts_of_rows_are_the_figure_itself(centre) -> None:
    user = an_administrator()
    for key in ("abandon_offered", "abandon_offered_ex_short", "service_level", "fcr", "repeat_rate"):
        answer = read_figures(
            keys=[key], period=WEEK, comparison=None, filters=Filters(), split_by=Split.NONE, user=user
        )
        for part in (Part.NUMERATOR, Part.DENOMINATOR):
            count, total = rows_of(kpi=kpi_of(key), part=part, period=WEEK, filters=Filters(), user=user).totals()
            figure = answer.total[key]
            assert count == total == (figure.numerator if part is Part.NUMERATOR else figure.denominator)


def test_sums_of_seconds_list_the_rows_of_their_denominator(centre) -> None:
    behind = rows_of(
        kpi=kpi_of("aht"), part=Part.NUMERATOR, period=WEEK, filters=Filters(channel=1), user=an_administrator()
    )
    assert behind.adds_amounts
    assert behind.totals() == (7, 7 * 120)


def test_a_reason_covers_its_branch(centre) -> None:
    user = an_administrator()

    def contacts(reason):
        answer = read_figures(
            keys=["contacts"],
            period=WEEK,
            comparison=None,
            filters=Filters(reason=reason.pk),
            split_by=Split.NONE,
            user=user,
        )
        return answer.total["contacts"].value

    assert contacts(centre["child"]) == 17
    assert contacts(centre["parent"]) == 24


def test_without_grants_every_count_is_0(centre) -> None:
    charlie = a_user()
    answer = read_figures(
        keys=["contacts"], period=WEEK, comparison=None, filters=Filters(), split_by=Split.TEAM, user=charlie
    )
    assert answer.total["contacts"].value == 0
    assert answer.groups == ()


def test_who_may_not_see_dashboards_gets_nothing(centre) -> None:
    someone = granted(a_user(role="agent"), "team", centre["team"].pk)
    with pytest.raises(FiguresAreHiddenError):
        read_figures(
            keys=["contacts"], period=WEEK, comparison=None, filters=Filters(), split_by=Split.NONE, user=someone
        )
    with pytest.raises(FiguresAreHiddenError):
        rows_of(kpi=kpi_of("contacts"), part=Part.NUMERATOR, period=WEEK, filters=Filters(), user=someone)


def test_pages_of_rows_follow_each_other_without_gap_or_double(centre) -> None:
    facts(60, DAY, contacts=1)
    behind = rows_of(
        kpi=kpi_of("contacts"), part=Part.NUMERATOR, period=WEEK, filters=Filters(), user=an_administrator()
    )
    first, cursor = behind.page()
    second, end = behind.page(cursor)
    assert (len(first), len(second), end) == (50, 42, "")
    assert len({fact.pk for fact in first + second}) == 92
    assert first[0].started_at >= first[-1].started_at >= second[0].started_at


def test_every_roll_up_gives_the_same_contacts(centre) -> None:
    user = an_administrator()
    for split in Split:
        answer = read_figures(
            keys=["contacts", "fcr", "abandon_offered"],
            period=WEEK,
            comparison=None,
            filters=Filters(),
            split_by=split,
            user=user,
        )
        assert answer.total["contacts"].value == 32
        assert answer.total["fcr"].denominator == 12
        assert answer.total["abandon_offered"].denominator == 17
