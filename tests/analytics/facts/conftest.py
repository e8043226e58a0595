import pytest

from tests.factories.told import Line


@pytest.fixture
def line(db: None) -> Line:
    return Line()
