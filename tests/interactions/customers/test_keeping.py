"""Profile, preferences, consent, purchases and notes."""

from decimal import Decimal

import pytest

from ccx.kernel.models import EventRow
from interactions.customers.choices import ConsentState
from interactions.customers.errors import (
    CustomerIsErasedError,
    CustomerNotFoundError,
    PurchaseBelongsToAnotherError,
    ValueIsMissingError,
)
from interactions.customers.services import (
    add_customer,
    add_note,
    edit_profile,
    erase_customer,
    merge_customers,
    record_consent,
    record_purchase,
    set_preference,
)
from interactions.models import CustomerNote, Purchase
from tests.factories.customers import START, CustomerCentre, make_customer

BICYCLE = {"reference": "order-1", "description": "Bicycle", "price": (Decimal("99.90"), "eur"), "purchased_at": START}


def test_a_purchase_told_twice_is_kept_once(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    first = record_purchase(customer_id=ann.pk, by=centre.machine, **BICYCLE)
    again = record_purchase(customer_id=ann.pk, by=centre.machine, **BICYCLE)

    assert (first.pk, first.currency) == (again.pk, "EUR")
    assert list(EventRow.objects.values_list("kind", flat=True)) == ["purchase_recorded"]


def test_a_purchase_told_again_after_a_merge_is_still_the_same(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    first = record_purchase(customer_id=ann.pk, by=centre.machine, **BICYCLE)
    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    assert record_purchase(customer_id=ann.pk, by=centre.machine, **BICYCLE).pk == first.pk


def test_a_reference_of_another_customer_is_refused(centre: CustomerCentre) -> None:
    record_purchase(customer_id=make_customer().pk, by=centre.machine, **BICYCLE)

    with pytest.raises(PurchaseBelongsToAnotherError):
        record_purchase(customer_id=make_customer().pk, by=centre.machine, **BICYCLE)
    assert Purchase.objects.count() == 1


def test_the_last_preference_on_a_topic_holds_and_repeating_it_says_nothing(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    for value in ("chat", "voice", "voice"):
        set_preference(customer_id=ann.pk, topic="channel", value=value, source="agent", by=centre.bob)

    assert list(ann.preferences.values_list("topic", "value", "source")) == [("channel", "voice", "agent")]
    assert list(EventRow.objects.values_list("kind", "data")) == [("customer_changed", {"what": "preference"})] * 2


def test_consent_keeps_its_history(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    for state in (ConsentState.GIVEN, ConsentState.WITHDRAWN):
        record_consent(customer_id=ann.pk, purpose="newsletter", state=state, source="form", by=centre.bob)

    assert list(ann.consents.order_by("pk").values_list("state", flat=True)) == ["given", "withdrawn"]


def test_a_profile_changes_only_what_is_named(centre: CustomerCentre) -> None:
    ann = make_customer("Ann", company="Acme", attributes={"tier": "gold", "size": 1})

    edit_profile(customer_id=ann.pk, changes={"name": " Anna "}, attributes={"size": None, "zone": 3}, by=centre.bob)
    edit_profile(customer_id=ann.pk, changes={"name": "Anna"}, by=centre.bob)

    ann.refresh_from_db()
    assert (ann.name, ann.company, ann.attributes) == ("Anna", "Acme", {"tier": "gold", "zone": 3})
    assert list(EventRow.objects.values_list("data", flat=True)) == [{"what": "profile"}]


@pytest.mark.parametrize("field", ["merged_into", "erased_at", "public_id", "id"])
def test_a_profile_has_no_other_fields(centre: CustomerCentre, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        edit_profile(customer_id=make_customer().pk, changes={field: "1"}, by=centre.bob)


def test_a_value_that_does_not_fit_is_refused(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")

    with pytest.raises(ValueIsMissingError):
        add_note(customer_id=ann.pk, body="  ", by=centre.bob)
    with pytest.raises(ValueIsMissingError):
        set_preference(customer_id=ann.pk, topic="x" * 41, value="y", source="agent", by=centre.bob)
    with pytest.raises(ValueIsMissingError):
        edit_profile(customer_id=ann.pk, changes={"name": "a\x00b"}, by=centre.bob)
    assert EventRow.objects.count() == 0


def test_nothing_is_kept_about_an_erased_or_unknown_customer(centre: CustomerCentre) -> None:
    ann = add_customer(name="Ann", by=centre.bob)
    erase_customer(customer_id=ann.pk, by=centre.ada)

    with pytest.raises(CustomerIsErasedError):
        add_note(customer_id=ann.pk, body="tea", by=centre.bob)
    with pytest.raises(CustomerNotFoundError):
        add_note(customer_id=ann.pk + 1000, body="tea", by=centre.bob)
    assert CustomerNote.objects.count() == 0
