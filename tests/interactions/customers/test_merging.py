"""Two customers become one, and two again."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ccx.kernel.models import EventRow
from interactions.cases.choices import CaseStatus
from interactions.customers.choices import Assurance
from interactions.customers.errors import (
    CustomerIsErasedError,
    LaterMergeStandsError,
    MachineMayNotMergeError,
    MergeIsUndoneError,
    SameCustomerError,
)
from interactions.customers.selectors import current_customer_id, merge_preview
from interactions.customers.services import (
    add_note,
    edit_profile,
    erase_customer,
    locking,
    merge_customers,
    set_preference,
    undo_merge,
)
from interactions.models import Customer, CustomerMerge, Interaction
from tests.factories.customers import (
    CustomerCentre,
    give_everything,
    make_case,
    make_contact,
    make_customer,
    make_identity,
)

State = Callable[[], dict[str, str]]


def test_everything_of_the_merged_customer_goes_to_the_survivor(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    give_everything(ann, centre.bob)
    case = make_case(ann, "Bill")
    contact = make_contact(centre, ann, "hello", case=case)

    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    contact.refresh_from_db()
    case.refresh_from_db()
    ann.refresh_from_db()
    assert (contact.customer_id, case.customer_id, ann.merged_into_id) == (anna.pk, anna.pk, anna.pk)
    for relation in ("identities", "preferences", "consents", "purchases", "notes"):
        assert not getattr(ann, relation).exists(), relation
        assert getattr(anna, relation).count() == (2 if relation == "preferences" else 1), relation


def test_the_survivors_preference_stays_and_the_others_rests_with_the_merged_one(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    set_preference(customer_id=anna.pk, topic="channel", value="chat", source="agent", by=centre.bob)
    set_preference(customer_id=ann.pk, topic="channel", value="voice", source="agent", by=centre.bob)

    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    assert list(anna.preferences.values_list("topic", "value")) == [("channel", "chat")]
    assert list(ann.preferences.values_list("topic", "value")) == [("channel", "voice")]


def test_empty_fields_are_filled_and_others_keep_the_survivors_value(centre: CustomerCentre) -> None:
    anna = make_customer("Anna", attributes={"tier": "gold"})
    ann = make_customer("Ann", company="Acme", attributes={"tier": "silver", "size": 42})

    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    anna.refresh_from_db()
    assert (anna.name, anna.company, anna.attributes) == ("Anna", "Acme", {"tier": "gold", "size": 42})


def test_merge_and_undo_leave_every_table_byte_for_byte_as_it_was(
    centre: CustomerCentre, state_of_tables: State
) -> None:
    anna, ann = (
        make_customer("Anna", attributes={"a": "", "b": None}),
        make_customer("Ann", company="Acme", attributes={"a": [1], "b": 2.0, "c": None, "attributes.d": "x"}),
    )
    for customer in (anna, ann):
        give_everything(customer, centre.bob)
        make_contact(centre, customer, "hello", case=make_case(customer, "Bill"))
    before = state_of_tables()

    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    assert state_of_tables() != before
    undo_merge(merge_id=merge.pk, by=centre.alice)

    assert state_of_tables() == before


def test_what_came_in_after_the_merge_stays_with_the_survivor(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    late = make_contact(centre, anna, "again")
    note = add_note(customer_id=ann.pk, body="told the stub", by=centre.bob)

    undo_merge(merge_id=merge.pk, by=centre.alice)

    late.refresh_from_db()
    note.refresh_from_db()
    assert (late.customer_id, note.customer_id) == (anna.pk, anna.pk)


def test_a_contact_that_a_person_gave_to_somebody_else_does_not_come_back(centre: CustomerCentre) -> None:
    anna, ann, otto = make_customer("Anna"), make_customer("Ann"), make_customer("Otto")
    contact = make_contact(centre, ann, "hello")
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    Interaction.objects.filter(pk=contact.pk).update(customer=otto)

    undo_merge(merge_id=merge.pk, by=centre.alice)

    contact.refresh_from_db()
    assert contact.customer_id == otto.pk


def test_undo_keeps_a_name_that_was_changed_since_the_merge(centre: CustomerCentre) -> None:
    anna, ann = make_customer(""), make_customer("Ann", company="Acme")
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    edit_profile(customer_id=anna.pk, changes={"name": "Anna-Maria"}, by=centre.bob)

    undo_merge(merge_id=merge.pk, by=centre.alice)

    anna.refresh_from_db()
    assert (anna.name, anna.company) == ("Anna-Maria", "")


def test_a_chain_is_followed_and_undone_last_first(centre: CustomerCentre, state_of_tables: State) -> None:
    one, two, three = (make_customer(name) for name in ("One", "Two", "Three"))
    contact = make_contact(centre, one, "hello")
    before = state_of_tables()
    first = merge_customers(survivor_id=two.pk, merged_id=one.pk, by=centre.alice)
    second = merge_customers(survivor_id=three.pk, merged_id=one.pk, by=centre.alice)

    assert (second.survivor_id, second.merged_id) == (three.pk, two.pk)
    assert current_customer_id(one.pk) == three.pk
    with pytest.raises(LaterMergeStandsError):
        undo_merge(merge_id=first.pk, by=centre.alice)
    contact.refresh_from_db()
    assert contact.customer_id == three.pk

    undo_merge(merge_id=second.pk, by=centre.alice)
    undo_merge(merge_id=first.pk, by=centre.alice)
    assert state_of_tables() == before


def test_merges_into_one_survivor_may_be_undone_in_any_order(centre: CustomerCentre, state_of_tables: State) -> None:
    anna, ann, nan = make_customer(""), make_customer("Ann"), make_customer("Nan", company="Acme")
    for customer in (ann, nan):
        give_everything(customer, centre.bob)
    before = state_of_tables()
    first = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    second = merge_customers(survivor_id=anna.pk, merged_id=nan.pk, by=centre.alice)

    undo_merge(merge_id=first.pk, by=centre.alice)
    undo_merge(merge_id=second.pk, by=centre.alice)

    assert state_of_tables() == before


def test_a_merge_is_undone_once(centre: CustomerCentre) -> None:
    merge = merge_customers(survivor_id=make_customer().pk, merged_id=make_customer().pk, by=centre.alice)
    undo_merge(merge_id=merge.pk, by=centre.alice)

    with pytest.raises(MergeIsUndoneError):
        undo_merge(merge_id=merge.pk, by=centre.alice)


def test_customers_that_are_one_already_are_not_merged_again(centre: CustomerCentre) -> None:
    anna, ann = make_customer(), make_customer()
    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    with pytest.raises(SameCustomerError):
        merge_customers(survivor_id=ann.pk, merged_id=anna.pk, by=centre.alice)
    assert CustomerMerge.objects.count() == 1


@pytest.mark.parametrize("kinds", [("email", "email"), ("email", "phone")])
def test_a_machine_never_merges_two_proven_identities(centre: CustomerCentre, kinds: tuple[str, str]) -> None:
    anna, ann = make_customer(), make_customer()
    make_identity(anna, "anna@example.test", kinds[0], Assurance.PROVEN)
    make_identity(ann, "+4915112345678", kinds[1], Assurance.PROVEN)

    with pytest.raises(MachineMayNotMergeError):
        merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.machine)

    assert not Customer.objects.filter(merged_into__isnull=False).exists()
    assert merge_preview(anna, ann, centre.machine).is_refused
    preview = merge_preview(anna, ann, centre.alice)
    assert (preview.is_refused, len(preview.warnings)) == (False, 1)
    merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    assert current_customer_id(ann.pk) == anna.pk


@pytest.mark.parametrize(("assurance", "is_merged"), [(Assurance.ATTESTED, False), (Assurance.PROVEN, True)])
def test_a_machine_merges_only_on_a_proof(centre: CustomerCentre, assurance: int, is_merged: bool) -> None:
    anna, visitor = make_customer(), make_customer()
    make_identity(anna, "anna@example.test", assurance=assurance)
    make_identity(visitor, "visitor-1", "visitor", Assurance.ATTESTED)

    with suppress(MachineMayNotMergeError):
        merge_customers(survivor_id=anna.pk, merged_id=visitor.pk, by=centre.machine)

    assert Customer.objects.filter(pk=visitor.pk, merged_into=anna).exists() is is_merged


def test_an_erased_customer_is_neither_merged_nor_unmerged(centre: CustomerCentre) -> None:
    anna, ann, otto = make_customer("Anna"), make_customer("Ann"), make_customer("Otto")
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    erase_customer(customer_id=anna.pk, by=centre.ada)

    with pytest.raises(CustomerIsErasedError):
        undo_merge(merge_id=merge.pk, by=centre.alice)
    with pytest.raises(CustomerIsErasedError):
        merge_customers(survivor_id=otto.pk, merged_id=anna.pk, by=centre.alice)


def test_the_preview_counts_what_the_merge_then_moves(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna", language="de"), make_customer("Ann", company="Acme", language="en")
    give_everything(anna, centre.bob)
    give_everything(ann, centre.bob)
    make_case(ann, "Bill", status=CaseStatus.OPEN)
    for _ in range(7):
        make_contact(centre, ann, "hello")

    preview = merge_preview(anna, ann, centre.alice)
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)

    assert {move.relation: move.count for move in preview.moves} == {
        relation: len(ids) for relation, ids in merge.journal["moved"].items()
    }
    assert {move.relation: move.count for move in preview.moves} == {
        "identities": 1,
        "interactions": 7,
        "cases": 1,
        "preferences": 1,
        "consents": 1,
        "purchases": 1,
        "notes": 1,
    }
    assert [len(move.examples) for move in preview.moves] == [1, 5, 1, 1, 1, 1, 1]
    results = {choice.field: (choice.result, choice.is_conflict) for choice in preview.fields}
    assert results == {
        "name": ("Anna", True),
        "company": ("Acme", False),
        "language": ("de", True),
        "time_zone": ("", False),
    }
    assert [conflict.topic for conflict in preview.preference_conflicts] == ["channel"]
    assert preview.warnings == ("Their names differ.",)


def test_merging_and_undoing_are_announced_in_order(centre: CustomerCentre) -> None:
    anna, ann = make_customer(), make_customer()
    merge = merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
    undo_merge(merge_id=merge.pk, by=centre.ada)

    events = EventRow.objects.order_by("id").values_list("kind", "customer_id", "actor_id", "data")
    ids = {"merged_id": ann.pk, "merge_id": merge.pk}
    assert list(events) == [
        ("customers_merged", anna.pk, centre.alice.pk, ids),
        ("merge_undone", anna.pk, centre.ada.pk, ids),
    ]


def test_both_customers_are_locked_in_one_order_before_anything_moves(centre: CustomerCentre) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    make_contact(centre, anna, "hello")

    with CaptureQueriesContext(connection) as queries:
        merge = merge_customers(survivor_id=ann.pk, merged_id=anna.pk, by=centre.alice)
        undo_merge(merge_id=merge.pk, by=centre.alice)

    written = [
        query["sql"]
        for query in queries
        if query["sql"].startswith(("UPDATE", "INSERT")) or "FOR UPDATE" in query["sql"]
    ]
    both = [place for place, sql in enumerate(written) if 'interactions_customer"."id" ASC FOR UPDATE' in sql]
    assert (len(both), both[0]) == (2, 0)
    # Undoing holds the merge first, so that two who undo it wait for each other.
    before = written[both[1] - 1]
    assert ("interactions_customermerge" in before, "FOR UPDATE" in before) == (True, True)


def test_a_customer_merged_away_between_looking_and_locking_is_followed(
    centre: CustomerCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ann = make_customer("Anna"), make_customer("Ann")
    looked = []

    def look(customer_id: int) -> int:
        found = current_customer_id(customer_id)
        if not looked:
            looked.append(found)
            merge_customers(survivor_id=anna.pk, merged_id=ann.pk, by=centre.alice)
        return found

    monkeypatch.setattr(locking, "current_customer_id", look)
    note = add_note(customer_id=ann.pk, body="told meanwhile", by=centre.bob)

    assert (looked, note.customer_id) == ([ann.pk], anna.pk)
