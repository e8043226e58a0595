"""What follows the log: a customer who writes gets their agent back, and whatever waits is offered."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from interactions.cases.choices import InteractionStatus
from interactions.cases.events import InteractionChanged, InteractionClosed, InteractionStarted, MessageReceived
from interactions.cases.models import Interaction
from interactions.handling.events import OfferEnded, PresenceChanged
from interactions.handling.scheduled import hold_overtaken
from interactions.handling.services import hear_customer, offer_waiting_work


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
