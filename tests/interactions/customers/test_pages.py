"""The pages of customers: who sees them, their states, and what they leave behind."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from ccx.kernel.models import AuditEntry, EventRow
from interactions.customers.selectors import current_customer_id
from interactions.customers.services import merge_customers
from interactions.models import Customer, CustomerMerge, CustomerNote
from tests.factories.customers import (
    CustomerCentre,
    give_everything,
    make_case,
    make_contact,
    make_customer,
    make_identity,
)

QueryGuard = Callable[[Callable[[], object], Callable[[], object]], int]


@pytest.fixture
def ann(centre: CustomerCentre) -> Customer:
    customer = make_customer("Ann", company="Acme")
    give_everything(customer, centre.bob)
    make_contact(centre, customer, "my bill is wrong", case=make_case(customer, "Bill"))
    return customer


@pytest.fixture
def anna(centre: CustomerCentre) -> Customer:
    customer = make_customer("Anna")
    make_contact(centre, customer, "hello")
    return customer


def _pages(customer: Customer, other: Customer, merge: CustomerMerge) -> list[tuple[str, str, dict[str, str]]]:
    base = f"/customers/{customer.public_id}/"
    return [
        ("get", base, {}),
        ("get", f"{base}merge/", {"other": str(other.public_id)}),
        ("post", f"{base}merge/", {"survivor": str(customer.public_id), "merged": str(other.public_id)}),
        ("post", f"{base}apart/", {"other": str(other.public_id)}),
        ("post", f"{base}merges/{merge.public_id}/undo/", {}),
        ("get", f"{base}erase/", {}),
        ("post", f"{base}erase/", {"is_sure": "on"}),
        ("post", f"{base}note/", {"body": "x"}),
        ("post", f"{base}preference/", {"topic": "x", "value": "y"}),
        ("post", f"{base}profile/", {"name": "x"}),
    ]


def test_a_stranger_finds_no_page_and_changes_nothing(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client, state_of_tables: Callable[[], dict[str, str]]
) -> None:
    merge = merge_customers(survivor_id=ann.pk, merged_id=make_customer().pk, by=centre.alice)
    client.force_login(centre.charlie)
    before, events, audited = state_of_tables(), EventRow.objects.count(), AuditEntry.objects.count()

    answers = [getattr(client, method)(url, data).status_code for method, url, data in _pages(ann, anna, merge)]

    assert answers == [404] * 10
    assert (state_of_tables(), EventRow.objects.count()) == (before, events)
    assert AuditEntry.objects.count() == audited
    assert "Ann" not in client.get("/customers/").content.decode()


def test_someone_not_signed_in_is_sent_to_sign_in(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    merge = merge_customers(survivor_id=ann.pk, merged_id=make_customer().pk, by=centre.alice)

    for method, url, data in [("get", "/customers/", {}), *_pages(ann, ann, merge)]:
        answer = getattr(client, method)(url, data)
        assert (answer.status_code, "next=" in answer["Location"]) == (302, True), url


def test_an_agent_reads_and_keeps_but_neither_merges_nor_erases(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client
) -> None:
    merge = merge_customers(survivor_id=ann.pk, merged_id=make_customer().pk, by=centre.alice)
    client.force_login(centre.bob)

    answers = [getattr(client, method)(url, data).status_code for method, url, data in _pages(ann, anna, merge)]

    assert answers == [200, 404, 404, 302, 404, 404, 404, 302, 302, 302]
    assert not Customer.objects.filter(erased_at__isnull=False).exists()


def test_a_merge_cannot_name_a_customer_out_of_sight(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    hidden = make_customer("Hidden")
    client.force_login(centre.alice)
    url = f"/customers/{ann.public_id}/merge/"

    shown = client.get(url, {"other": str(hidden.public_id)})
    merged = client.post(url, {"survivor": str(ann.public_id), "merged": str(hidden.public_id)})

    assert (shown.status_code, merged.status_code, CustomerMerge.objects.count()) == (404, 404, 0)


def test_the_page_shows_the_whole_customer(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    client.force_login(centre.bob)

    page = client.get(f"/customers/{ann.public_id}/").content.decode()

    for shown in ("Ann", "Acme", ">person", "A red bicycle", "Likes tea", "newsletter", "my bill is wrong", "Bill"):
        assert shown in page, shown


def test_reading_and_searching_leave_a_trace(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    client.force_login(centre.bob)
    client.get(f"/customers/{ann.public_id}/")
    client.get("/customers/", {"q": "ann"})
    client.get("/customers/")

    entries = AuditEntry.objects.filter(object_kind="customer", action__in=["read", "searched"]).order_by("id")
    assert list(entries.values_list("actor_id", "action", "object_id")) == [
        (centre.bob.pk, "read", ann.pk),
        (centre.bob.pk, "searched", None),
    ]


def test_the_list_says_what_to_do_when_it_is_empty(centre: CustomerCentre, client: Client) -> None:
    client.force_login(centre.bob)

    assert "no customers yet" in client.get("/customers/").content.decode()
    assert "Nobody fits “&lt;b&gt;”" in client.get("/customers/", {"q": "<b>"}).content.decode()
    assert "no earlier customers" in client.get("/customers/", {"before": str(uuid4())}).content.decode()
    assert client.get("/customers/", {"q": "x" * 300, "before": "nonsense"}).status_code == 200


def test_the_list_pages_by_a_plain_link_and_by_fragment(centre: CustomerCentre, client: Client) -> None:
    for number in range(51):
        make_contact(centre, make_customer(f"Ann {number}"))
    client.force_login(centre.bob)

    first = client.get("/customers/", {"q": "ann"})
    older = first.context["page"].older
    plain = client.get("/customers/", {"q": "ann", "before": str(older)})
    fragment = client.get("/customers/", {"q": "ann", "before": str(older)}, headers={"HX-Request": "true"})

    assert f"?q=ann&amp;before={older}" in first.content.decode()
    assert [row.customer.name for row in plain.context["page"].rows] == ["Ann 0"]
    assert ("<html" in plain.content.decode(), "<html" in fragment.content.decode()) == (True, False)
    assert "Ann 0" in fragment.content.decode()


def test_older_contacts_come_by_a_plain_link_and_by_fragment(
    centre: CustomerCentre, anna: Customer, client: Client
) -> None:
    for number in range(21):
        make_contact(centre, anna, f"words {number}")
    client.force_login(centre.bob)
    url = f"/customers/{anna.public_id}/"

    older = client.get(url).context["page"].older
    plain = client.get(url, {"before": str(older)}).content.decode()
    fragment = client.get(url, {"before": str(older)}, headers={"HX-Request": "true"}).content.decode()
    restored = client.get(
        url, {"before": str(older)}, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    ).content.decode()

    for part in (plain, fragment):
        assert ("hello" in part, "words 0" in part, "words 1<" in part) == (True, True, False)
    assert ["<html" in part for part in (plain, fragment, restored)] == [True, False, True]


def test_merging_and_undoing_from_the_page(
    centre: CustomerCentre, ann: Customer, anna: Customer, client: Client
) -> None:
    client.force_login(centre.alice)
    url = f"/customers/{anna.public_id}/merge/"

    picked = client.get(url, {"q": "ann"}).content.decode()
    preview = client.get(url, {"other": str(ann.public_id)}).content.decode()
    swapped = client.get(url, {"other": str(ann.public_id), "keep": "other"})
    merged = client.post(url, {"survivor": str(anna.public_id), "merged": str(ann.public_id)}, follow=True)

    assert f"?other={ann.public_id}" in picked
    assert f"?other={anna.public_id}" not in picked
    assert 'data-moves="interactions">1<' in preview
    assert "Their names differ." in preview
    assert swapped.context["preview"].survivor == ann
    assert current_customer_id(ann.pk) == anna.pk
    assert "my bill is wrong" in merged.content.decode()

    old_link = client.get(f"/customers/{ann.public_id}/")
    assert (old_link.status_code, old_link["Location"]) == (302, f"/customers/{anna.public_id}/")

    merge = CustomerMerge.objects.get()
    client.post(f"/customers/{anna.public_id}/merges/{merge.public_id}/undo/")
    assert current_customer_id(ann.pk) == ann.pk
    assert client.get(f"/customers/{ann.public_id}/").status_code == 200


def test_a_refused_undo_says_why_on_the_page(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    merge = merge_customers(survivor_id=ann.pk, merged_id=make_customer().pk, by=centre.alice)
    client.force_login(centre.alice)
    url = f"/customers/{ann.public_id}/merges/{merge.public_id}/undo/"
    client.post(url)

    assert "This merge was undone already." in client.post(url, follow=True).content.decode()


def test_erasing_needs_an_administrator_who_is_sure(centre: CustomerCentre, ann: Customer, client: Client) -> None:
    client.force_login(centre.ada)
    url = f"/customers/{ann.public_id}/erase/"

    asked = client.get(url)
    unsure = client.post(url)
    assert (asked.status_code, unsure.status_code) == (200, 422)
    assert not Customer.objects.filter(erased_at__isnull=False).exists()

    page = client.post(url, {"is_sure": "on"}, follow=True).content.decode()
    assert "Erased on" in page
    assert [word for word in ("Ann<", "Acme", ">person", "bicycle", "bill is wrong") if word in page] == []


def test_small_forms_keep_what_was_said_and_refuse_what_does_not_fit(
    centre: CustomerCentre, anna: Customer, client: Client
) -> None:
    client.force_login(centre.bob)
    url = f"/customers/{anna.public_id}/"

    client.post(f"{url}note/", {"body": "<script>alert(1)</script>"})
    client.post(f"{url}preference/", {"topic": "channel", "value": "chat"})
    client.post(f"{url}profile/", {"name": "Anna-Maria", "erased_at": "2026-01-01", "merged_into": "1", "id": "7"})
    page = client.post(f"{url}profile/", {"name": "Anna-Maria", "time_zone": "Mars/Base"}, follow=True).content.decode()

    anna.refresh_from_db()
    assert (anna.name, anna.time_zone, anna.erased_at, anna.merged_into) == ("Anna-Maria", "", None, None)
    assert list(anna.preferences.values_list("topic", "value")) == [("channel", "chat")]
    assert CustomerNote.objects.count() == 1
    assert "<script>alert" not in page
    assert "There is no such time zone." in page


def test_the_lists_ask_the_database_the_same_number_of_times_however_long_they_are(
    centre: CustomerCentre, ann: Customer, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    client.force_login(centre.bob)

    def add_rows() -> None:
        for number in range(20):
            customer = make_customer(f"Ann {number}")
            make_identity(customer, f"ann{number}@example.test")
            make_contact(centre, customer)

    # Session, user, grants, customers, identities, contacts, the audit entry and the actor it clears afterwards.
    assert queries_do_not_grow(lambda: client.get("/customers/", {"q": "ann"}), add_rows) == 8


def test_the_page_of_a_customer_asks_the_same_number_of_times_however_much_there_is(
    centre: CustomerCentre, ann: Customer, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    client.force_login(centre.alice)

    def add_rows() -> None:
        for number in range(18):
            make_identity(ann, f"a{number}@example.test")
            make_contact(centre, ann, f"words {number}", case=make_case(ann, f"Case {number}"))
            merge_customers(survivor_id=ann.pk, merged_id=make_customer().pk, by=centre.alice)

    # Session, user, grants, the customer thrice (as named, as today, in sight), audit entry and actor, timeline,
    # what is readable and its opening words, profile (identities, preferences, consents, purchases, notes, cases and
    # those in sight, merges, totals of contacts, purchases, cases and open ones), what was typed,
    # who was told apart.
    assert queries_do_not_grow(lambda: client.get(f"/customers/{ann.public_id}/"), add_rows) == 25
