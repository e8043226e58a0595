"""What follows the log for deliveries: the bytes that brought an erased customer's words go as well."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from interactions.customers.events import CustomerErased
from interactions.doors.webhooks.forgetting import forget_deliveries


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Forget what brought the words of the customers these events say are erased. Safe to run twice."""
    forget_deliveries(customer_ids=[event.customer_id for event in events if event.customer_id])


DELIVERIES_ERASURE: Final = Reader(
    name="deliveries_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
