"""The reader that forgets with the rest of CCX: an erased customer's words leave the surveys too."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from feedback.surveys.services import forget_words
from interactions.customers.events import CustomerErased


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Wipe the words of the customers these events say are erased. Safe to run twice."""
    forget_words(customer_ids=[event.customer_id for event in events if event.customer_id])


SURVEY_ERASURE: Final = Reader(
    name="survey_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
