"""Who may be the same person: told with what speaks for it, and only to whoever may see both."""

import pytest

from ccx.kernel.people.choices import Role
from interactions.customers.models import Customer
from interactions.customers.selectors import likely_same
from interactions.customers.services import add_identity
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


def named(name: str, email: str = "", company: str = "") -> Customer:
    customer = Customer.objects.create(name=name, company=company)
    if email:
        add_identity(customer_id=customer.pk, kind="email", value=email, by=None)
    return customer


def test_an_address_that_was_typed_and_a_whole_name_speak_for_it_and_half_a_name_does_not() -> None:
    boss = make_user(Role.ADMINISTRATOR)
    ann = named("Ann Example", company="Acme")
    typed, same, name_only = (
        named("A. E.", "ann@example.test"),
        named("ann example", company="ACME"),
        named("Ann Example"),
    )
    named("Ann")

    found = likely_same(ann, boss, typed=[" Ann@Example.test "])

    assert [one.customer for one in found] == [typed, same, name_only]
    assert [one.is_strong for one in found] == [True, True, False]
    assert "ann@example.test" in found[0].evidence


def test_nobody_is_told_of_customers_they_may_not_see_nor_of_those_merged_or_erased() -> None:
    ann = named("Ann Example")
    other = named("Ann Example", "ann@example.test")
    assert likely_same(ann, make_user(Role.AGENT), typed=["ann@example.test"]) == []

    Customer.objects.filter(pk=other.pk).update(merged_into=ann)
    assert likely_same(ann, make_user(Role.ADMINISTRATOR), typed=["ann@example.test"]) == []
