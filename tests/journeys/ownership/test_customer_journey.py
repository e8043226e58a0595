"""Where a customer's contacts come from, beside the conversation."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interactions.cases.choices import Outcome
from journeys.models import Department, Journey, ReasonTouchpoint, Touchpoint
from journeys.ownership.selectors import customer_places
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_customer_centre
from tests.factories.desk import Hand, make_hand


@pytest.fixture
def centre(db: None) -> CustomerCentre:
    return make_customer_centre()


@pytest.fixture
def hand(centre: CustomerCentre) -> Hand:
    made = make_hand(centre)
    shop = Department.objects.create(name="Shop")
    parcel = Touchpoint.objects.create(
        name="<b>Parcel</b>", department=shop, journey=Journey.objects.create(name="Buying")
    )
    bill = Touchpoint.objects.create(name="Bill", department=shop)
    ReasonTouchpoint.objects.create(reason=made.late, touchpoint=parcel)
    ReasonTouchpoint.objects.create(reason=made.wrong, touchpoint=bill)
    return made


def test_touchpoints_are_counted_most_first_and_what_was_no_contact_is_not(centre: CustomerCentre, hand: Hand):
    now = timezone.now()
    make_contact(centre, hand.customer, reason=hand.late, started_at=now - timedelta(days=4))
    make_contact(centre, hand.customer, reason=hand.wrong, started_at=now - timedelta(days=3))
    make_contact(centre, hand.customer, reason=hand.wrong, outcome=Outcome.NOT_A_CONTACT)
    make_contact(centre, make_customer("Zed"), reason=hand.wrong)
    rows = customer_places(hand.customer)
    assert [(row.touchpoint.name, row.contacts) for row in rows] == [("<b>Parcel</b>", 2), ("Bill", 1)]
    assert rows[0].last_at == hand.contact.started_at


def test_the_desk_finds_it_by_address_and_a_stranger_does_not(centre: CustomerCentre, hand: Hand):
    address = reverse("map:customer-journey", args=[hand.customer.public_id])
    bob = Client()
    bob.force_login(centre.bob)
    pane = bob.get(reverse("desk:context", args=[hand.contact.public_id]), headers={"HX-Request": "true"})
    assert f'hx-get="{address}"' in pane.content.decode()
    shown = bob.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "&lt;b&gt;Parcel&lt;/b&gt;" in shown
    assert "<b>Parcel" not in shown
    assert b"<html" in bob.get(address).content
    charlie = Client()
    charlie.force_login(centre.charlie)
    assert charlie.get(address).status_code == 404


def test_many_contacts_cost_no_more(centre: CustomerCentre, hand: Hand, queries_do_not_grow):
    def add_rows() -> None:
        for _ in range(20):
            make_contact(centre, hand.customer, reason=hand.wrong)

    assert queries_do_not_grow(lambda: customer_places(hand.customer), add_rows) == 2
