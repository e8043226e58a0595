"""Two customers who look alike and are not the same person: said by people, remembered until they take it back."""

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.customers.errors import CustomerIsErasedError, SameCustomerError
from interactions.customers.events import CustomersToldApart, ToldApartTakenBack
from interactions.customers.models import Customer, ToldApart
from interactions.customers.services.locking import lock_customers


@transaction.atomic
def tell_apart(*, customer_id: int, other_id: int, by: User) -> ToldApart:
    """Remember that these are two people; whoever said so first is kept. They are not suggested for one any more."""
    customer, other = _lock_both(customer_id, other_id)
    if customer.erased_at is not None or other.erased_at is not None:
        raise CustomerIsErasedError
    one, two = sorted((customer, other), key=lambda each: each.pk)
    told, is_new = ToldApart.objects.get_or_create(one=one, other=two, defaults={"said_by": by})
    if is_new:
        announce(
            CustomersToldApart(customer_id=one.pk, other_id=two.pk),
            CustomersToldApart(customer_id=two.pk, other_id=one.pk),
            by_id=by.pk,
        )
    return told


@transaction.atomic
def take_apart_back(*, customer_id: int, other_id: int, by: User) -> bool:
    """They may be suggested for one person again. False: nobody had told them apart."""
    customer, other = _lock_both(customer_id, other_id)
    gone, _rows = ToldApart.objects.between(customer, other).delete()
    if gone:
        announce(
            ToldApartTakenBack(customer_id=customer.pk, other_id=other.pk),
            ToldApartTakenBack(customer_id=other.pk, other_id=customer.pk),
            by_id=by.pk,
        )
    return bool(gone)


def carry_over(*, merged: Customer, survivor: Customer) -> list[int]:
    """Who is not the merged customer is not the survivor either; the rows that count for the survivor from now on.

    A row that says so of the survivor already, and the one between the two, rest with the merged customer.
    """
    known = {_other_of(row, survivor) for row in ToldApart.objects.of(survivor)}
    moved = []
    for row in ToldApart.objects.of(merged).select_for_update().order_by("pk"):
        if _other_of(row, merged) not in known | {survivor.pk}:
            _rename(row, merged, survivor)
            moved.append(row.pk)
    return moved


def carry_back(*, ids: list[int], merged: Customer, survivor: Customer) -> None:
    """What was carried over is the merged customer's again, unless somebody took it back since."""
    known = {_other_of(row, merged) for row in ToldApart.objects.of(merged)}
    for row in ToldApart.objects.of(survivor).filter(pk__in=ids).select_for_update().order_by("pk"):
        if _other_of(row, survivor) in known:
            row.delete()
        else:
            _rename(row, survivor, merged)


def _lock_both(customer_id: int, other_id: int) -> list[Customer]:
    both = lock_customers(customer_id, other_id, for_key=False)
    if both[0].pk == both[1].pk:
        raise SameCustomerError
    return both


def _other_of(row: ToldApart, customer: Customer) -> int:
    return row.other_id if row.one_id == customer.pk else row.one_id


def _rename(row: ToldApart, old: Customer, new: Customer) -> None:
    row.one_id, row.other_id = sorted((_other_of(row, old), new.pk))
    row.save(update_fields=["one", "other"])
