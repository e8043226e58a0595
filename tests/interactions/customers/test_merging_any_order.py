"""Whatever happens to a few customers in whatever order: undoing every merge gives everybody back what is theirs."""

from typing import Any

from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interactions.customers.errors import LaterMergeStandsError, MergeIsUndoneError, SameCustomerError
from interactions.customers.selectors import current_customer_id
from interactions.customers.services import add_note, merge_customers, set_preference, undo_merge
from interactions.models import Case, Customer, CustomerMerge, CustomerNote, Identity, Interaction, Preference
from tests.factories.customers import CustomerCentre, make_case, make_contact, make_customer, make_identity
from tests.interactions.customers.conftest import TOUCHED_TABLES

PEOPLE = 4
who = st.integers(0, PEOPLE - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("contact"), who, who),
        st.tuples(st.just("merge"), who, who),
        st.tuples(st.just("undo"), who, who),
    ),
    max_size=14,
)
OWNED = (Interaction, Case, Identity, CustomerNote, Preference)


@given(steps=steps, names=st.lists(st.sampled_from(["", "Ann", "Bo"]), min_size=PEOPLE, max_size=PEOPLE))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_undoing_every_merge_last_first_every_row_is_its_owners_again(
    centre: CustomerCentre, steps: list[tuple[str, int, int]], names: list[str]
) -> None:
    with transaction.atomic():
        _run(centre, steps, names)
        transaction.set_rollback(True)


def _run(centre: CustomerCentre, steps: list[tuple[str, int, int]], names: list[str]) -> None:
    customers = [make_customer(name) for name in names]
    for number, customer in enumerate(customers):
        make_identity(customer, f"{number}@example.test")
        set_preference(
            customer_id=customer.pk, topic=f"t{number % 2}", value=names[number] or "-", source="s", by=centre.bob
        )
    # Where each row belongs once no merge stands: to the customer as whom it came.
    owners: dict[tuple[type[Any], int], int] = {
        (model, pk): owner
        for model in (Identity, Preference)
        for pk, owner in model.objects.values_list("pk", "customer_id")
    }
    fields = _rows("interactions_customer")
    undone_states: dict[int, dict[str, str]] = {}
    for action, first, second in steps:
        if action == "contact":
            owner = current_customer_id(customers[first].pk)
            case = make_case(Customer.objects.get(pk=owner), "case")
            contact = make_contact(centre, case.customer, "hi", case=case)
            note = add_note(customer_id=customers[first].pk, body="n", by=centre.bob)
            owners |= {(Case, case.pk): owner, (Interaction, contact.pk): owner, (CustomerNote, note.pk): owner}
            undone_states.clear()
        elif action == "merge":
            before = _state()
            try:
                merge = merge_customers(
                    survivor_id=customers[first].pk, merged_id=customers[second].pk, by=centre.alice
                )
            except SameCustomerError:
                continue
            undone_states = {merge.pk: before}
        else:
            _undo_one(centre, first, undone_states)
            undone_states = {}
    for merge in CustomerMerge.objects.standing().order_by("-pk"):
        undo_merge(merge_id=merge.pk, by=centre.alice)

    assert {
        (model, pk): owner for model in OWNED for pk, owner in model.objects.values_list("pk", "customer_id")
    } == owners
    assert _rows("interactions_customer") == fields


def _undo_one(centre: CustomerCentre, choice: int, undone_states: dict[int, dict[str, str]]) -> None:
    merges = list(CustomerMerge.objects.order_by("-pk"))
    if not merges:
        return
    merge = merges[choice % len(merges)]
    before = _state()
    try:
        undo_merge(merge_id=merge.pk, by=centre.alice)
    except (LaterMergeStandsError, MergeIsUndoneError):
        assert _state() == before
        return
    if merge.pk in undone_states:
        assert _state() == undone_states[merge.pk]


def _state() -> dict[str, str]:
    return {table: _rows(table) for table in TOUCHED_TABLES}


def _rows(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY id), '') FROM {table} t")
        return str(cursor.fetchone()[0])
