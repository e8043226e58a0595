"""Two customers found to be one, and taking that back.

What undoing restores: every row that the merge moved goes back unless it has left the survivor since or is gone;
every field that the merge filled is emptied again unless somebody changed it since. Rows that came to the survivor
after the merge stay there. Merges of one chain are undone last first; others in any order.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.choices import UserKind
from interactions.customers.errors import (
    CustomerIsErasedError,
    LaterMergeStandsError,
    MachineMayNotMergeError,
    MergeIsUndoneError,
    SameCustomerError,
    WereToldApartError,
)
from interactions.customers.events import CustomersMerged, MergeUndone
from interactions.customers.models import Customer, CustomerMerge, ToldApart
from interactions.customers.selectors.merge_preview import (
    FIELDS,
    MOVING,
    field_choices,
    machine_may_merge,
    preference_conflicts,
)
from interactions.customers.services.locking import lock_customers
from interactions.customers.services.telling_apart import carry_back, carry_over


@transaction.atomic
def merge_customers(*, survivor_id: int, merged_id: int, by: User, although_apart: bool = False) -> CustomerMerge:
    """Make two customers one. Customers merged before are followed to who they are today.

    On a conflict the survivor's value stays; the other's rests with the merged customer, who remains as a signpost.
    A service user is refused unless exactly one of the two has a proven identity. Two of whom a person said that
    they are not the same are merged only by a person who knows it (`although_apart`).
    """
    survivor, merged = lock_customers(survivor_id, merged_id)
    if survivor.pk == merged.pk:
        raise SameCustomerError
    if survivor.erased_at is not None or merged.erased_at is not None:
        raise CustomerIsErasedError
    if by.kind == UserKind.SERVICE and not machine_may_merge(survivor, merged):
        raise MachineMayNotMergeError
    if ToldApart.objects.between(survivor, merged).exists() and (by.kind == UserKind.SERVICE or not although_apart):
        raise WereToldApartError
    journal = {
        "moved": _move_rows(survivor, merged),
        "filled": _fill_fields(survivor, merged),
        "apart": carry_over(merged=merged, survivor=survivor),
    }
    merged.merged_into = survivor
    merged.save(update_fields=["merged_into"])
    merge = CustomerMerge.objects.create(survivor=survivor, merged=merged, by=by, at=timezone.now(), journal=journal)
    announce(CustomersMerged(customer_id=survivor.pk, merged_id=merged.pk, merge_id=merge.pk), by_id=by.pk)
    return merge


@transaction.atomic
def undo_merge(*, merge_id: int, by: User) -> CustomerMerge:
    """Make one customer two again, exactly as they were. Refused while the survivor is merged into another."""
    merge = CustomerMerge.objects.select_for_update().get(pk=merge_id)
    if merge.undone_at is not None:
        raise MergeIsUndoneError
    pair = Customer.objects.select_for_update().filter(pk__in=[merge.survivor_id, merge.merged_id]).order_by("pk")
    by_pk = {customer.pk: customer for customer in pair}
    survivor, merged = by_pk[merge.survivor_id], by_pk[merge.merged_id]
    if survivor.erased_at is not None or merged.erased_at is not None:
        raise CustomerIsErasedError
    if survivor.merged_into_id is not None:
        raise LaterMergeStandsError
    for relation, ids in merge.journal["moved"].items():
        getattr(survivor, relation).filter(pk__in=ids).update(customer=merged)
    # Merges from before this was kept have none.
    carry_back(ids=merge.journal.get("apart", []), merged=merged, survivor=survivor)
    _empty_fields(survivor, merge.journal["filled"])
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    merge.undone_at = timezone.now()
    merge.undone_by = by
    merge.save(update_fields=["undone_at", "undone_by"])
    announce(MergeUndone(customer_id=survivor.pk, merged_id=merged.pk, merge_id=merge.pk), by_id=by.pk)
    return merge


def _move_rows(survivor: Customer, merged: Customer) -> dict[str, list[int]]:
    """Gives the rows of the merged customer to the survivor; returns the ids per relation."""
    staying = [conflict.topic for conflict in preference_conflicts(survivor, merged)]
    moved = {}
    for relation in MOVING:
        rows = getattr(merged, relation).all()
        if relation == "preferences":
            rows = rows.exclude(topic__in=staying)
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.filter(pk__in=ids).update(customer=survivor)
        moved[relation] = ids
    return moved


def _fill_fields(survivor: Customer, merged: Customer) -> dict[str, dict[str, Any]]:
    """Takes over what the survivor lacks; returns per field what stood there before and what stands there now."""
    filled = {}
    for choice in field_choices(survivor, merged):
        if not choice.is_filled:
            continue
        filled[choice.field] = {"before": choice.survivor_value, "after": choice.result}
        if choice.field in FIELDS:
            setattr(survivor, choice.field, choice.result)
            continue
        key = choice.field.removeprefix("attributes.")
        filled[choice.field]["was_absent"] = key not in survivor.attributes
        survivor.attributes[key] = choice.result
    survivor.save(update_fields=[*FIELDS, "attributes"])
    return filled


def _empty_fields(survivor: Customer, filled: dict[str, dict[str, Any]]) -> None:
    """Puts back what stood in the filled fields, where nobody has written something else since."""
    for field, value in filled.items():
        if field in FIELDS:
            if getattr(survivor, field) == value["after"]:
                setattr(survivor, field, value["before"])
            continue
        key = field.removeprefix("attributes.")
        if survivor.attributes.get(key) != value["after"]:
            continue
        if value["was_absent"]:
            del survivor.attributes[key]
        else:
            survivor.attributes[key] = value["before"]
    survivor.save(update_fields=[*FIELDS, "attributes"])
