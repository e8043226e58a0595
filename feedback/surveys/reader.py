"""What follows the log for surveys: who is asked after a contact, and what is forgotten with an erased customer."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from feedback.surveys.services import forget_words, invite_customers
from interactions.cases.events import InteractionClosed
from interactions.customers.events import CustomerErased


def invite_from_events(events: Sequence[EventRow]) -> None:
    """Make the invitations of the contacts that these events say are closed. Safe to run twice; sends nothing."""
    invite_customers(interaction_ids=[event.interaction_id for event in events if event.interaction_id])


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Wipe the words of the customers these events say are erased. Safe to run twice."""
    forget_words(customer_ids=[event.customer_id for event in events if event.customer_id])


# It looks forward only: switching CCX on asks nobody about last year, and small batches hold customers only shortly.
SURVEY_INVITATIONS: Final = Reader(
    name="survey_invitations",
    handle=invite_from_events,
    kinds=frozenset({InteractionClosed.kind}),
    batch_size=100,
    from_beginning=False,
)
SURVEY_ERASURE: Final = Reader(
    name="survey_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
