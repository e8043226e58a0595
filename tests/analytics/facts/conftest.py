import pytest

from tests.factories.told import Line
from tests.fixtures_people import admin, team

__all__ = ["admin", "team"]


@pytest.fixture
def line(db: None) -> Line:
    return Line()
