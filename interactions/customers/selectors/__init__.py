"""Everything that reads customers, one selector per screen. Callers take them from here."""

from interactions.customers.selectors.apart import Apart, told_apart_from
from interactions.customers.selectors.likeness import Likely, likely_same
from interactions.customers.selectors.lookup import current_customer_id, find_customer
from interactions.customers.selectors.merge_preview import MergePreview, merge_preview
from interactions.customers.selectors.profile import CustomerProfile, customer_profile
from interactions.customers.selectors.search import CustomerPage, search_customers
from interactions.customers.selectors.timeline import TimelinePage, timeline

__all__ = [
    "Apart",
    "CustomerPage",
    "CustomerProfile",
    "Likely",
    "MergePreview",
    "TimelinePage",
    "current_customer_id",
    "customer_profile",
    "find_customer",
    "likely_same",
    "merge_preview",
    "search_customers",
    "timeline",
    "told_apart_from",
]
