"""What follows the log for imports: with a customer go the listed rows of the sources that knew them."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from interactions.customers.events import CustomerErased
from interactions.doors.history.forgetting import forget_rows_about


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Forget the rows about the customers these events say are erased. Safe to run twice."""
    forget_rows_about(customer_ids=[event.customer_id for event in events if event.customer_id])


IMPORTS_ERASURE: Final = Reader(
    name="imports_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
