"""Not the same person: remembered, told on pages, carried over by merges, asked about before one."""

import pytest
from django.test import Client

from ccx.kernel.models import EventRow
from ccx.kernel.people.choices import Role
from interactions.customers.errors import CustomerIsErasedError, SameCustomerError, WereToldApartError
from interactions.customers.models import Customer, ToldApart
from interactions.customers.selectors import likely_same, told_apart_from
from interactions.customers.services import (
    add_identity,
    erase_customer,
    merge_customers,
    take_apart_back,
    tell_apart,
    undo_merge,
)
from tests.factories.customers import CustomerCentre, make_contact, make_customer
from tests.factories.people import make_service_user, make_user

NAME = "Ann Example"


@pytest.fixture
def ann(centre: CustomerCentre) -> Customer:
    ann = make_customer(NAME)
    make_contact(centre, ann, "hello")
    return ann


@pytest.fixture
def anna(centre: CustomerCentre) -> Customer:
    anna = make_customer(NAME)
    make_contact(centre, anna, "hello")
    return anna


def are_apart(one: Customer, other: Customer) -> bool:
    there = ToldApart.objects.between(one, other).exists()
    assert ToldApart.objects.between(other, one).exists() == there
    return there


def test_who_was_told_apart_is_not_suggested_until_it_is_taken_back(
    centre: CustomerCentre, ann: Customer, anna: Customer
) -> None:
    boss = make_user(Role.ADMINISTRATOR)
    assert [one.customer for one in likely_same(ann, boss)] == [anna]

    first = tell_apart(customer_id=anna.pk, other_id=ann.pk, by=centre.bob)
    again = tell_apart(customer_id=ann.pk, other_id=anna.pk, by=boss)

    assert (first, again.said_by) == (again, centre.bob)
    assert (likely_same(ann, boss), likely_same(anna, boss)) == ([], [])
    assert [(one.customer, one.said_by) for one in told_apart_from(anna, centre.bob)] == [(ann, centre.bob)]
    assert take_apart_back(customer_id=ann.pk, other_id=anna.pk, by=centre.bob)
    assert not take_apart_back(customer_id=ann.pk, other_id=anna.pk, by=centre.bob)
    assert [one.customer for one in likely_same(anna, boss)] == [ann]
    told = EventRow.objects.order_by("id").values_list("kind", "customer_id", "actor_id", "data")
    assert list(told) == [
        ("customers_told_apart", ann.pk, centre.bob.pk, {"other_id": anna.pk}),
        ("customers_told_apart", anna.pk, centre.bob.pk, {"other_id": ann.pk}),
        ("told_apart_taken_back", ann.pk, centre.bob.pk, {"other_id": anna.pk}),
        ("told_apart_taken_back", anna.pk, centre.bob.pk, {"other_id": ann.pk}),
    ]


def test_nobody_is_told_apart_from_themselves_nor_from_somebody_erased(
    centre: CustomerCentre, ann: Customer, anna: Customer
) -> None:
    other = make_customer()
    tell_apart(customer_id=anna.pk, other_id=ann.pk, by=centre.bob)
    merge_customers(survivor_id=ann.pk, merged_id=other.pk, by=centre.alice)
    with pytest.raises(SameCustomerError):
        tell_apart(customer_id=ann.pk, other_id=other.pk, by=centre.bob)
    erase_customer(customer_id=anna.pk, by=centre.ada)
    assert not ToldApart.objects.exists()
    with pytest.raises(CustomerIsErasedError):
        tell_apart(customer_id=ann.pk, other_id=anna.pk, by=centre.bob)


def test_a_merged_customers_rows_count_for_the_one_kept_and_undoing_gives_them_back(centre: CustomerCentre) -> None:
    ann, anna, zed, yan = make_customer(), make_customer(), make_customer(), make_customer()
    for one, other in ((zed, ann), (yan, ann), (anna, yan)):
        tell_apart(customer_id=one.pk, other_id=other.pk, by=centre.bob)
    before = list(ToldApart.objects.order_by("pk").values())

    first = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    assert (are_apart(anna, zed), are_apart(anna, yan), are_apart(ann, zed)) == (True, True, False)
    assert {one.customer for one in told_apart_from(anna, centre.ada)} == {zed, yan}
    # The other side of a pair is merged away, too; undone in any order.
    second = merge_customers(survivor_id=yan.pk, merged_id=zed.pk, by=centre.alice)
    assert are_apart(anna, yan)
    undo_merge(merge_id=first.pk, by=centre.alice)
    undo_merge(merge_id=second.pk, by=centre.alice)
    assert list(ToldApart.objects.order_by("pk").values()) == before


def test_what_was_taken_back_after_a_merge_stays_taken_back(centre: CustomerCentre) -> None:
    ann, anna, zed = make_customer(), make_customer(), make_customer()
    tell_apart(customer_id=ann.pk, other_id=zed.pk, by=centre.bob)
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    take_apart_back(customer_id=anna.pk, other_id=zed.pk, by=centre.bob)
    undo_merge(merge_id=merge.pk, by=centre.alice)
    assert not ToldApart.objects.exists()


def test_two_who_were_told_apart_are_merged_only_by_a_person_who_knows_it(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client
) -> None:
    tell_apart(customer_id=anna.pk, other_id=ann.pk, by=centre.bob)
    add_identity(customer_id=ann.pk, kind="email", value="a@example.test", assurance=3, by=None)
    with pytest.raises(WereToldApartError):
        merge_customers(survivor_id=ann.pk, merged_id=anna.pk, by=make_service_user(), although_apart=True)

    client.force_login(centre.alice)
    url = f"/customers/{ann.public_id}/merge/"
    said = {"survivor": str(anna.public_id), "merged": str(ann.public_id)}
    refused = client.post(url, said, follow=True)
    page = refused.content.decode()
    assert refused.context["preview"].survivor == anna
    assert f"<strong>{centre.bob}</strong> said that these are two people" in page
    assert 'name="although_apart" value="1" required' in page
    assert not Customer.objects.exclude(merged_into=None).exists()

    client.post(url, said | {"although_apart": "1"})
    ann.refresh_from_db()
    assert ann.merged_into == anna
    assert are_apart(ann, anna)  # for the day on which the merge is undone


def test_on_the_page_somebody_is_told_apart_and_shown_again(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client
) -> None:
    client.force_login(centre.bob)
    url, body = f"/customers/{ann.public_id}/", {"other": str(anna.public_id)}
    assert 'id="likely"' in client.get(url).content.decode()

    told = client.post(f"{url}apart/", body, follow=True).content.decode()
    assert ('id="likely"' in told, 'id="apart"' in told, f"{centre.bob} said so" in told) == (False, True, True)
    back = client.post(f"{url}apart/", body | {"take_back": "1"}, follow=True).content.decode()
    assert ('id="likely"' in back, 'id="apart"' in back) == (True, False)
    assert client.post(f"{url}apart/", {"other": "x"}).status_code == 404
    assert (
        "one customer already"
        in client.post(f"{url}apart/", {"other": str(ann.public_id)}, follow=True).content.decode()
    )


def test_strangers_neither_say_nor_read_it(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client
) -> None:
    tell_apart(customer_id=anna.pk, other_id=ann.pk, by=centre.bob)
    unseen = make_customer(NAME)
    tell_apart(customer_id=ann.pk, other_id=unseen.pk, by=centre.ada)
    # Whoever sees one of the two learns nothing of the other.
    assert [one.customer for one in told_apart_from(ann, centre.bob)] == [anna]
    assert ToldApart.objects.visible_to(centre.charlie).count() == 0
    assert ToldApart.objects.visible_to(centre.ada).count() == 2

    def status(user: object, one: Customer, other: Customer) -> int:
        client.force_login(user)  # type: ignore[arg-type]
        body = {"other": str(other.public_id), "take_back": "1"}
        return client.post(f"/customers/{one.public_id}/apart/", body).status_code

    assert status(centre.charlie, ann, anna) == 404
    assert status(centre.bob, ann, unseen) == 404
    assert status(centre.bob, unseen, ann) == 404
    assert status(make_user(Role.QUALITY_ANALYST), ann, anna) == 404
    assert ToldApart.objects.count() == 2
