"""How an offer begins and ends. Whoever does either holds the lock of its interaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentEnd, SegmentKind
from interactions.cases.models import Interaction
from interactions.channels.choices import LIVE_CHANNELS
from interactions.handling.events import OfferEnded, OfferMade
from interactions.handling.services.moves import begin_stretch, end_stretches, no_earlier, tell_change
from interactions.routing.models import Offer, OfferEnd

# How long it rings where no queue says.
RING_SECONDS = 30
# Nobody waits on the line for a letter, and who it rings for may be writing another.
LONGER_FOR_LETTERS = 4


def ring(pairs: Iterable[tuple[Interaction, int]], *, by: User | None, at: datetime) -> list[Offer]:
    """Let these locked interactions ring at the desks of these agents."""
    told = list(pairs)
    offers = Offer.objects.bulk_create(
        [
            Offer(
                interaction=interaction,
                agent_id=agent_id,
                offered_at=at,
                expires_at=at + timedelta(seconds=_ring_seconds(interaction)),
            )
            for interaction, agent_id in told
        ]
    )
    events = [
        OfferMade(
            offer_id=offer.pk,
            interaction_id=offer.interaction_id,
            case_id=offer.interaction.case_id,
            customer_id=offer.interaction.customer_id,
            agent_id=offer.agent_id,
        )
        for offer in offers
    ]
    announce(*events, by_id=by.pk if by else None, at=at)
    return offers


def _ring_seconds(interaction: Interaction) -> int:
    seconds = interaction.queue.offer_seconds if interaction.queue else RING_SECONDS
    return seconds if interaction.channel in LIVE_CHANNELS else seconds * LONGER_FOR_LETTERS


def end_ringing(interaction: Interaction, end: OfferEnd, *, by: User | None, at: datetime) -> Offer | None:
    """End what rings for a locked interaction, if anything does."""
    offer = Offer.objects.ringing().filter(interaction=interaction).first()
    if offer is not None:
        end_offer(offer, interaction, end, by=by, at=at)
    return offer


def end_offer(offer: Offer, interaction: Interaction, end: OfferEnd, *, by: User | None, at: datetime) -> None:
    """End an offer that rings."""
    offer.ended_at, offer.end = max(at, offer.offered_at), end
    offer.save(update_fields=["ended_at", "end"])
    event = OfferEnded(
        offer_id=offer.pk,
        end=OfferEnd(end).value,
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=offer.agent_id,
    )
    announce(event, by_id=by.pk if by else None, at=at)


def back_to_the_queue(interaction: Interaction, *, by: User | None, at: datetime) -> bool:
    """A waiting contact that was somebody's is anybody's again; whether there is a queue for it to wait in.

    Without one it stays whose it is: nothing is without owner and queue.
    """
    queue = interaction.queue or interaction.inbox.default_queue
    if interaction.status != InteractionStatus.WAITING or interaction.agent_id is None or queue is None:
        return False
    at = no_earlier(interaction, at)
    end_stretches(interaction, at=at, ended_by=SegmentEnd.NOT_ANSWERED)
    interaction.agent, interaction.queue, interaction.team_id = None, queue, queue.team_id or interaction.team_id
    interaction.save(update_fields=["agent", "queue", "team"])
    begin_stretch(interaction, SegmentKind.QUEUE, at=at)
    tell_change(interaction, "returned", by=by, at=at)
    return True
