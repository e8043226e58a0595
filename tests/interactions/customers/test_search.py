"""Finding a customer by what one has at hand."""

import pytest
from django.db import connection

from interactions.customers.selectors import search_customers
from interactions.customers.services import erase_customer, merge_customers
from interactions.models import Customer, Identity
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_identity


@pytest.fixture
def known(centre: CustomerCentre) -> dict[str, Customer]:
    rows = {name: make_customer(name) for name in ("Ann Lee", "Anna Sánchez", "Bo %_")}
    make_identity(rows["Ann Lee"], "lee@example.test")
    make_identity(rows["Ann Lee"], "+4915112345678", "phone")
    make_identity(rows["Bo %_"], "bo@example.test")
    make_identity(rows["Bo %_"], "K-Visitor", "visitor")
    for customer in rows.values():
        make_contact(centre, customer)
    return rows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann", ["Anna Sánchez", "Ann Lee"]),
        ("ANN L", ["Ann Lee"]),
        ("anna sá", ["Anna Sánchez"]),
        ("lee", ["Ann Lee"]),
        ("LEE@example.TEST", ["Ann Lee"]),
        ("+49 151 1234", ["Ann Lee"]),
        ("0151 12345678", ["Ann Lee"]),
        ("345678", ["Ann Lee"]),
        ("678", []),
        ("K-Vis", ["Bo %_"]),
        ("%", []),
        ("bo %_", ["Bo %_"]),
        ("bo_%", []),
        ("sánchez", []),
        ("nobody\x00", []),
        ("", ["Bo %_", "Anna Sánchez", "Ann Lee"]),
    ],
)
def test_a_customer_is_found_by(
    centre: CustomerCentre, known: dict[str, Customer], text: str, found: list[str]
) -> None:
    page = search_customers(user=centre.bob, text=text)

    assert [row.customer.name for row in page.rows] == found


def test_a_public_id_finds_its_customer(centre: CustomerCentre, known: dict[str, Customer]) -> None:
    page = search_customers(user=centre.bob, text=str(known["Ann Lee"].public_id))

    assert [row.customer.name for row in page.rows] == ["Ann Lee"]
    assert (page.rows[0].contacts, len(page.rows[0].identities)) == (1, 2)


@pytest.mark.parametrize("text", ["", "ann", "lee@example.test", "345678", "id"])
def test_a_stranger_finds_nobody(centre: CustomerCentre, known: dict[str, Customer], text: str) -> None:
    asked = str(known["Ann Lee"].public_id) if text == "id" else text

    assert search_customers(user=centre.charlie, text=asked).rows == ()


def test_merged_and_erased_customers_are_not_listed(centre: CustomerCentre, known: dict[str, Customer]) -> None:
    merge_customers(survivor_id=known["Ann Lee"].pk, merged_id=known["Anna Sánchez"].pk, by=centre.alice)
    erase_customer(customer_id=known["Bo %_"].pk, by=centre.ada)

    assert [row.customer.name for row in search_customers(user=centre.ada).rows] == ["Ann Lee"]


def test_ten_thousand_customers_are_paged_without_loss(centre: CustomerCentre) -> None:
    Customer.objects.bulk_create(Customer(name=f"Customer {number}") for number in range(10_000))

    seen, before, pages = [], None, 0
    while True:
        page = search_customers(user=centre.ada, before=before, limit=500)
        seen += [row.customer.pk for row in page.rows]
        before, pages = page.older, pages + 1
        if before is None:
            break

    assert (len(seen), len(set(seen)), pages) == (10_000, 10_000, 20)


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("lower(name) LIKE 'ann%'", "customer_by_name"),
        ("id IN (SELECT customer_id FROM interactions_identity WHERE value LIKE 'ann@%')", "identity_by_value"),
        (
            "id IN (SELECT customer_id FROM interactions_identity"
            " WHERE kind = 'phone' AND reverse(value) LIKE '8765%')",
            "identity_phone_by_ending",
        ),
    ],
)
def test_each_way_of_finding_has_its_index(db: None, condition: str, index: str) -> None:
    customers = Customer.objects.bulk_create(Customer(name=f"Customer {number}") for number in range(5000))
    Identity.objects.bulk_create(
        Identity(customer=customer, kind="phone", value=f"+49151{number:07}")
        for number, customer in enumerate(customers)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE interactions_customer, interactions_identity")
        cursor.execute(f"EXPLAIN SELECT 1 FROM interactions_customer WHERE {condition}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert index in plan
