"""Who may be the same person: told with what speaks for it, only to whoever may see both, until somebody says no."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ccx.kernel.people.choices import Role
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer
from interactions.customers.selectors import likely_same
from interactions.customers.services import add_identity
from tests.factories.customers import CustomerCentre, make_contact
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


def named(name: str, *identities: tuple[str, str, int], company: str = "") -> Customer:
    customer = Customer.objects.create(name=name, company=company)
    for kind, value, assurance in identities:
        add_identity(customer_id=customer.pk, kind=kind, value=value, assurance=assurance, by=None)
    return customer


def typed(centre: CustomerCentre, customer: Customer, channel: Channel, **meta: Any) -> None:
    """A contact of the customer with something beside its first words."""
    contact = make_contact(centre, customer, "hello", channel=channel, started_at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    contact.messages.update(meta=meta)


def answered(*answers: object) -> dict[str, Any]:
    return {"answers": [{"label": "x", "answer": one} for one in answers]}


def test_what_was_typed_in_chats_and_forms_speaks_for_it_the_surest_first_and_half_a_name_does_not(
    centre: CustomerCentre,
) -> None:
    boss = make_user(Role.ADMINISTRATOR)
    ann = named("Ann Example", company="Acme")
    typed(centre, ann, Channel.CHAT, chat={"email": " Ann@Example.test ", **answered(True, "no address", "")})
    typed(centre, ann, Channel.WEB_FORM, form=answered("0049 30 901820", "see ann@else.test"))
    by_phone = named("A. E.", ("whatsapp", "+4930901820", Assurance.PROVEN))
    by_mail = named("A. Mail", ("email", "ann@example.test", Assurance.CLAIMED))
    same = named("ann example", company="ACME")
    named("Ann Example")
    named("Ann")
    named("Else", ("email", "ann@else.test", Assurance.PROVEN))

    found = likely_same(ann, boss)

    assert [one.customer for one in found] == [by_phone, by_mail, same]
    assert [one.evidence for one in found] == [
        "+4930901820 was typed in a web form on 3 Nov 2026. It is theirs.",
        "ann@example.test was typed in a chat on 3 Nov 2026. They gave it too; nobody checked it.",
        "The same name and company.",
    ]
    assert all(one.is_strong for one in found)


def test_a_number_without_its_country_speaks_for_whose_number_ends_like_it(centre: CustomerCentre) -> None:
    ann = named("Ann Example")
    typed(centre, ann, Channel.WEB_FORM, form=answered("030 / 90 18 20", "0815"))
    ending = named("Ann Example", ("phone", "+4930901820", Assurance.ATTESTED))
    by_name = named("Ann Example")
    named("Short", ("phone", "+49308150815", Assurance.ATTESTED))

    found = likely_same(ann, make_user(Role.ADMINISTRATOR))

    assert [(one.customer, one.is_strong) for one in found] == [(ending, True), (by_name, False)]
    assert found[0].evidence == (
        "…30901820 was typed in a web form on 3 Nov 2026. A number of theirs ends like it. The same name."
    )


def test_nobody_is_told_of_customers_they_may_not_see_nor_of_those_merged_or_erased(centre: CustomerCentre) -> None:
    ann = named("Ann Example")
    typed(centre, ann, Channel.CHAT, chat={"email": "ann@example.test"})
    other = named("Ann Example", ("email", "ann@example.test", Assurance.PROVEN))
    assert likely_same(ann, make_user(Role.AGENT)) == []
    assert len(likely_same(ann, make_user(Role.ADMINISTRATOR))) == 1

    Customer.objects.filter(pk=other.pk).update(merged_into=ann)
    assert likely_same(ann, make_user(Role.ADMINISTRATOR)) == []
