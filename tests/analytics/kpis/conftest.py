from datetime import date

import pytest
import time_machine

from analytics.kpis.figures import Figure
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from ccx.kernel.models import User
from tests.factories.figures import an_administrator

DAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _today():
    """It is 31 March 2026."""
    with time_machine.travel("2026-03-31 12:00:00+00:00", tick=False):
        yield


@pytest.fixture
def boss(db) -> User:
    return an_administrator()


@pytest.fixture
def read(boss):
    """One figure of one day (or period) for someone who sees everything, unless told otherwise."""

    def one(key: str, *, period: Period | None = None, user: User | None = None, **filters: int) -> Figure:
        answer = read_figures(
            keys=[key],
            period=period or Period(DAY, DAY),
            comparison=None,
            filters=Filters(**filters),
            split_by=Split.NONE,
            user=user or boss,
        )
        return answer.total[key]

    return one
