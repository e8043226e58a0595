"""By what addresses a customer is known, and how sure we are."""

import pytest

from ccx.kernel.models import EventRow
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.errors import IdentityBelongsToAnotherError, IdentityIsInvalidError
from interactions.customers.services import add_identity, attest_identity, merge_customers
from interactions.models import Identity
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_identity


def test_attesting_raises_the_identity_and_the_contacts_that_came_by_it(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    mail, phone = (
        make_identity(ann, "ann@example.test", assurance=Assurance.CLAIMED),
        make_identity(ann, "+49151", "phone"),
    )
    by_mail = make_contact(centre, ann, identity=mail, assurance=Assurance.CLAIMED)
    proven = make_contact(centre, ann, identity=mail, assurance=Assurance.PROVEN)
    by_phone = make_contact(centre, ann, identity=phone, assurance=Assurance.CLAIMED)

    attest_identity(identity_id=mail.pk, assurance=Assurance.ATTESTED, source="dmarc", by=centre.machine)

    for row in (mail, by_mail, proven, by_phone):
        row.refresh_from_db()
    assert (mail.assurance, mail.source) == (Assurance.ATTESTED, "dmarc")
    assert [row.assurance for row in (by_mail, proven, by_phone)] == [
        Assurance.ATTESTED,
        Assurance.PROVEN,
        Assurance.CLAIMED,
    ]
    assert list(EventRow.objects.values_list("kind", "customer_id", "data")) == [
        ("identity_attested", ann.pk, {"identity_id": mail.pk, "assurance": Assurance.ATTESTED})
    ]


def test_attesting_never_lowers_and_then_says_nothing(centre: CustomerCentre) -> None:
    mail = make_identity(make_customer(), "ann@example.test", assurance=Assurance.PROVEN)

    attest_identity(identity_id=mail.pk, assurance=Assurance.ATTESTED, source="x", by=centre.machine)

    mail.refresh_from_db()
    assert (mail.assurance, mail.source, EventRow.objects.count()) == (Assurance.PROVEN, "", 0)


def test_contacts_given_to_somebody_else_are_not_attested_with_the_address(centre: CustomerCentre) -> None:
    ann, otto = make_customer("Ann"), make_customer("Otto")
    mail = make_identity(ann, "family@example.test", assurance=Assurance.CLAIMED)
    ottos = make_contact(centre, otto, identity=mail, assurance=Assurance.CLAIMED)

    attest_identity(identity_id=mail.pk, assurance=Assurance.PROVEN, source="code", by=centre.bob)

    ottos.refresh_from_db()
    assert ottos.assurance == Assurance.CLAIMED


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (IdentityKind.EMAIL, "  Ann@Example.TEST ", "ann@example.test"),
        (IdentityKind.PHONE, "+49 (151) 1234-5678", "+4915112345678"),
        (IdentityKind.PHONE, "0049 151 12345678", "+4915112345678"),
        (IdentityKind.ACCOUNT, " K-17 ", "K-17"),
    ],
)
def test_an_address_is_kept_in_one_spelling(centre: CustomerCentre, kind: str, value: str, kept: str) -> None:
    identity = add_identity(customer_id=make_customer().pk, kind=kind, value=value, by=centre.bob)

    assert (identity.value, identity.assurance) == (kept, Assurance.CLAIMED)
    assert list(EventRow.objects.values_list("kind", flat=True)) == ["identity_added"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "ann"),
        ("email", ""),
        ("phone", "12"),
        ("phone", "call me"),
        ("account", "a\x00b"),
        ("account", "x" * 255),
    ],
)
def test_what_is_no_address_is_refused(centre: CustomerCentre, kind: str, value: str) -> None:
    with pytest.raises(IdentityIsInvalidError):
        add_identity(customer_id=make_customer().pk, kind=kind, value=value, by=centre.bob)

    assert Identity.objects.count() == 0


def test_an_address_of_another_customer_is_refused(centre: CustomerCentre) -> None:
    make_identity(make_customer("Ann"), "ann@example.test")

    with pytest.raises(IdentityBelongsToAnotherError):
        add_identity(customer_id=make_customer("Otto").pk, kind="email", value="ANN@example.test", by=centre.bob)


def test_adding_a_known_address_again_raises_it_but_adds_nothing(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    make_identity(ann, "ann@example.test", assurance=Assurance.CLAIMED)

    identity = add_identity(
        customer_id=ann.pk, kind="email", value="ann@example.test", by=centre.bob, assurance=Assurance.PROVEN
    )

    assert (identity.assurance, Identity.objects.count()) == (Assurance.PROVEN, 1)


def test_an_address_added_to_a_merged_customer_is_the_survivors(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    assert add_identity(customer_id=ann.pk, kind="account", value="K-1", by=centre.bob).customer_id == anna.pk
