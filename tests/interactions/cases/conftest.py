"""The small centre around customers."""

import pytest

from tests.factories.customers import CustomerCentre, make_customer_centre


@pytest.fixture
def centre(db: None) -> CustomerCentre:
    return make_customer_centre()
