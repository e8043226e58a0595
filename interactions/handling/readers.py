"""What follows the log: a customer who writes gets their agent back, and whatever waits is offered."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from interactions.cases.choices import InteractionStatus
from interactions.cases.events import InteractionChanged, InteractionClosed, InteractionStarted, MessageReceived
from interactions.cases.models import Interaction
from interactions.customers.events import CustomerErased
from interactions.handling.events import OfferEnded, PresenceChanged
from interactions.handling.scheduled import hold_overtaken
from interactions.handling.services import forget_written, hear_customer, offer_waiting_work


def bring_back_the_answered(events: Sequence[EventRow]) -> None:
    """Customers said something: what was to leave later is held back, contacts that waited wait for their agent."""
    told = {event.interaction_id for event in events if event.interaction_id is not None}
    hold_overtaken(*told)
    pending = set(
        Interaction.objects.filter(pk__in=told, status=InteractionStatus.PENDING).values_list("pk", flat=True)
    )
    for event in events:
        if event.interaction_id in pending:
            hear_customer(interaction_id=event.interaction_id, message_id=event.data["message_id"])


def offer_what_waits(events: Sequence[EventRow]) -> None:
    """Something came in, somebody became free, or somebody said no: one pass for all of it."""
    offer_waiting_work()


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Wipe what was being written to the customers these events say are erased. Safe to run twice."""
    forget_written(customer_ids=[event.customer_id for event in events if event.customer_id])


COMING_BACK: Final = Reader(
    name="coming_back",
    handle=bring_back_the_answered,
    kinds=frozenset({MessageReceived.kind}),
)
OFFERS: Final = Reader(
    name="offers",
    handle=offer_what_waits,
    kinds=frozenset(
        event.kind for event in (InteractionStarted, InteractionChanged, InteractionClosed, OfferEnded, PresenceChanged)
    ),
    from_beginning=False,
)
WRITTEN_ERASURE: Final = Reader(
    name="written_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
