"""Fixtures of the interactions' tests."""

import pytest

from tests.factories.contacts import Centre, make_centre


@pytest.fixture
def centre(db: None) -> Centre:
    return make_centre()
