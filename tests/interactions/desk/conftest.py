"""The small centre around customers, and Bob with Ann's contact in hand."""

import pytest

from tests.factories.customers import CustomerCentre, make_customer_centre
from tests.factories.desk import Hand, make_hand


@pytest.fixture
def centre(db: None) -> CustomerCentre:
    return make_customer_centre()


@pytest.fixture
def hand(centre: CustomerCentre) -> Hand:
    return make_hand(centre)
