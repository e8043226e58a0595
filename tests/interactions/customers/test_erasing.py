"""Forgetting a person and keeping the numbers."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from ccx.kernel.models import EventRow
from interactions.customers.services import erase_customer, merge_customers, undo_merge
from interactions.models import Customer, CustomerMerge, Interaction
from tests.factories.customers import (
    CustomerCentre,
    give_everything,
    make_attachment,
    make_case,
    make_contact,
    make_customer,
    make_identity,
    make_raw_contact,
)

SECRETS = ("Annabel", "Secretco", "annabel@", "bicycle", "Likes tea", "my bill", "scan.pdf", "mauve", "+4915")


@pytest.fixture(autouse=True)
def own_media(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def _annabel(centre: CustomerCentre) -> tuple[Customer, Interaction]:
    annabel = make_customer("Annabel", company="Secretco", language="en", attributes={"colour": "mauve"})
    identity = make_identity(annabel, "annabel@example.test")
    give_everything(annabel, centre.bob)
    contact = make_contact(
        centre,
        annabel,
        "my bill is wrong",
        identity=identity,
        subject="my bill",
        thread_token="+491511234",
        case=make_case(annabel, "my bill"),
    )
    make_attachment(contact.messages.get())
    make_raw_contact(contact, text="my bill is wrong")
    return annabel, contact


def _everything_written() -> str:
    """All text columns of all tables of customers and contacts, as one string."""
    with connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            if name.startswith(("interactions_", "kernel_auditentry", "kernel_event"))
        ]
        written = []
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            written.append(cursor.fetchone()[0])
    return " ".join(written)


def test_nothing_personal_is_left_in_any_table_or_file(centre: CustomerCentre, own_media: Path) -> None:
    annabel, _ = _annabel(centre)
    assert all(secret in _everything_written() for secret in SECRETS)
    assert len([path for path in own_media.rglob("*") if path.is_file()]) == 1

    erase_customer(customer_id=annabel.pk, by=centre.ada)

    left = _everything_written()
    assert [secret for secret in SECRETS if secret in left] == []
    assert [path for path in own_media.rglob("*") if path.is_file()] == []


def test_the_numbers_stay(centre: CustomerCentre) -> None:
    annabel, contact = _annabel(centre)
    erase_customer(customer_id=annabel.pk, by=centre.ada)

    after = Interaction.objects.get(pk=contact.pk)
    kept = (
        "customer_id",
        "case_id",
        "assurance",
        "started_at",
        "closed_at",
        "outcome",
        "reason_id",
        "agent_id",
        "team_id",
    )
    assert [getattr(after, field) for field in kept] == [getattr(contact, field) for field in kept]
    assert after.messages.count() == 1
    assert annabel.purchases.get().amount == Decimal("99.90")
    assert annabel.consents.count() == 1


def test_erasing_is_announced_once_and_the_log_keeps_what_it_had(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    undo_merge(merge_id=merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice).pk, by=centre.alice)
    before = list(EventRow.objects.order_by("id").values())

    erase_customer(customer_id=anna.pk, by=centre.ada)
    erase_customer(customer_id=anna.pk, by=centre.ada)

    after = list(EventRow.objects.order_by("id").values())
    assert after[:2] == before
    assert [(row["kind"], row["customer_id"], row["actor_id"]) for row in after[2:]] == [
        ("customer_erased", anna.pk, centre.ada.pk)
    ]


def test_everyone_merged_into_the_customer_is_erased_too_and_the_journals_are_emptied(centre: CustomerCentre) -> None:
    one, two, three, otto = (make_customer(name) for name in ("One", "Two", "Three", "Otto"))
    merge_customers(survivor_id=two.pk, merged_id=one.pk, by=centre.alice)
    merge_customers(survivor_id=three.pk, merged_id=two.pk, by=centre.alice)

    erase_customer(customer_id=one.pk, by=centre.ada)

    assert list(Customer.objects.filter(erased_at__isnull=False).order_by("pk")) == [one, two, three]
    assert list(CustomerMerge.objects.values_list("journal", flat=True)) == [{}, {}]
    otto.refresh_from_db()
    assert otto.name == "Otto"
