"""Holding customers still while something is done to them."""

from django.db import transaction

from interactions.customers.errors import CustomerIsErasedError, CustomerNotFoundError
from interactions.customers.models import Customer
from interactions.customers.selectors.lookup import current_customer_id


class _MergedMeanwhileError(Exception):
    """Between looking and locking, a customer was merged into another."""


def lock_customers(*customer_ids: int, for_key: bool = True) -> list[Customer]:
    """The customers of these ids as they are today, locked in the order of their keys, given in the order asked.

    Needs the caller's transaction. With `for_key` nobody can attach a row to them meanwhile, which a merge needs.
    """
    while True:
        current = [current_customer_id(customer_id) for customer_id in customer_ids]
        try:
            # A savepoint: locks taken on a customer that turns out to be merged away are let go again,
            # so that nobody ever holds a lower key while waiting for a higher one.
            with transaction.atomic():
                return _lock_current(current, for_key=for_key)
        except _MergedMeanwhileError:
            continue


def _lock_current(ids: list[int], *, for_key: bool) -> list[Customer]:
    rows = Customer.objects.select_for_update(no_key=not for_key).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    if any(row.merged_into_id is not None for row in locked.values()):
        raise _MergedMeanwhileError
    if set(locked) != set(ids):
        raise CustomerNotFoundError
    return [locked[pk] for pk in ids]


def lock_customer(*, customer_id: int) -> Customer:
    """One customer as they are today, locked, so that no merge or erasure happens until the caller commits.

    Refuses an erased customer. Intake takes a customer through here before it attaches anything to them.
    """
    [customer] = lock_customers(customer_id, for_key=False)
    if customer.erased_at is not None:
        raise CustomerIsErasedError
    return customer
