"""Everything that changes customers. Callers take the services from here."""

from interactions.customers.services.erasing import erase_customer
from interactions.customers.services.identifying import add_identity, attest_identity, hear_same
from interactions.customers.services.keeping import (
    add_customer,
    add_note,
    edit_profile,
    hear_consent,
    record_consent,
    record_purchase,
    set_preference,
)
from interactions.customers.services.locking import lock_customer
from interactions.customers.services.merging import merge_customers, undo_merge
from interactions.customers.services.telling_apart import take_apart_back, tell_apart

__all__ = [
    "add_customer",
    "add_identity",
    "add_note",
    "attest_identity",
    "edit_profile",
    "erase_customer",
    "hear_consent",
    "hear_same",
    "lock_customer",
    "merge_customers",
    "record_consent",
    "record_purchase",
    "set_preference",
    "take_apart_back",
    "tell_apart",
    "undo_merge",
]
