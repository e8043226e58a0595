"""Every figure of the registry equals the rows it opens, for everyone who may look, over histories told by chance."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from analytics.facts.models import Fact
from analytics.kpis.definition import Aggregation
from analytics.kpis.figures import State
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.kpis.registry import REGISTRY
from analytics.kpis.rows import Part, rows_of
from ccx.kernel.models import User
from tests.factories.figures import a_user, an_administrator, granted
from tests.factories.histories import History
from tests.factories.sandboxes import sandbox

WITH_ROWS = [key for key, kpi in REGISTRY.items() if not kpi.is_of_agents]
VIEWERS = ("unlimited", "team", "queue", "reason", "mixed", "nothing")


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any) -> Iterator[History]:
    """Eighty days of a small centre, so that some of it is mature and some is not."""
    chance = random.Random(4)
    with django_db_blocker.unblock(), sandbox():
        history = History()
        history.tell([tuple(chance.randint(0, bound) for bound in (65, 59, 83, 60)) for _ in range(200)])
        history.catch_up()
        yield history


@pytest.fixture
def history(told: History, db: None) -> History:
    """As it was told, for every test."""
    return told


def viewer(name: str, history: History) -> User:
    reasons = [reason.pk for reason in history.reasons[:2] if reason]
    team, queue = history.queues[0].team_id or 0, history.queues[1].pk
    grants = {
        "team": [("team", team)],
        "queue": [("queue", queue)],
        "reason": [("reason", pk) for pk in reasons],
        "mixed": [("team", team), ("reason", reasons[0])],
        "nothing": [],
    }
    if name == "unlimited":
        return an_administrator()
    user = a_user()
    for scope, target in grants[name]:
        user = granted(user, scope, target)
    return user


@pytest.mark.parametrize("name", VIEWERS)
def test_every_figure_is_the_sum_of_its_rows(history: History, name: str) -> None:
    user = viewer(name, history)
    today = timezone.now().date()
    period = Period(today - timedelta(days=90), today)
    answer = read_figures(
        keys=WITH_ROWS, period=period, comparison=None, filters=Filters(), split_by=Split.NONE, user=user
    )

    compared = 0
    for key, figure in answer.total.items():
        parts = dict(figure.by_channel) or {None: figure}
        for channel, one in parts.items():
            if one.state not in {State.READY, State.NO_DATA, State.SUPPRESSED}:
                continue
            asked = {"kpi": one.kpi, "period": period, "filters": Filters(channel=channel), "user": user}
            rows, total = rows_of(part=Part.NUMERATOR, **asked).totals()
            numerator = one.n if one.kpi.aggregation is Aggregation.QUANTILE else one.numerator
            if numerator is not None:
                assert (key, channel, total) == (key, channel, numerator)
            if one.kpi.denominator is not None:
                _, under = rows_of(part=Part.DENOMINATOR, **asked).totals()
                assert (key, channel, under) == (key, channel, one.denominator)
            compared += bool(rows)
    visible = Fact.objects.visible_to(user).count()
    assert (compared > 20) == (visible > 0) == (name != "nothing")


@pytest.mark.parametrize("key", ["contacts", "answered", "repeat_rate", "fcr", "transfer_rate", "abandon_offered"])
def test_the_file_of_rows_has_as_many_lines_as_the_figure_counts(history: History, key: str) -> None:
    client = Client()
    user = an_administrator()
    client.force_login(user)
    today = timezone.now().date()
    period = Period(today - timedelta(days=90), today)
    answer = read_figures(keys=[key], period=period, comparison=None, filters=Filters(), split_by=Split.NONE, user=user)
    asked = {"from": period.first.isoformat(), "to": period.last.isoformat(), "kpi": key, "format": "csv"}

    lines = b"".join(client.get("/dashboards/rows/", asked).streaming_content).count(b"\r\n") - 1  # type: ignore[attr-defined]

    counted = rows_of(kpi=REGISTRY[key], part=Part.NUMERATOR, period=period, filters=Filters(), user=user)
    assert lines == counted.totals()[0] == answer.total[key].numerator
