"""A telephone company for each test, whose every word must have been understood at its end."""

from collections.abc import Iterator

import pytest

from interactions.channels.models import Inbox
from interactions.doors.models import Delivery
from tests.factories.contacts import Centre
from tests.factories.telephones import FLOW, NINE, a_line
from tests.stand_ins.phone_company import PhoneCompany


@pytest.fixture
def company(db: None) -> Iterator[PhoneCompany]:
    with PhoneCompany(NINE) as company:
        yield company
    open_ones = Delivery.objects.exclude(state=Delivery.State.DONE)
    assert list(open_ones.values_list("url", "error")) == []


@pytest.fixture
def line(company: PhoneCompany, centre: Centre) -> Inbox:
    """The centre's voice line with the usual menu."""
    return a_line(company, centre, flow=FLOW)
