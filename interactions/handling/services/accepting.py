"""An agent takes a contact, or does not."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Interaction
from interactions.channels.choices import LIVE_CHANNELS
from interactions.handling.errors import AnotherAgentHasItError, OfferIsOverError
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    refuse_unless_allowed,
    tell_change,
)
from interactions.handling.services.offers import back_to_the_queue, end_offer, end_ringing
from interactions.routing.models import Offer, OfferEnd


@transaction.atomic
def accept_interaction(*, interaction_id: int, agent: User, by: User | None, at: datetime | None = None) -> Interaction:
    """An agent takes a contact that waits, or takes their own up again from pending or wrap-up.

    Taking one's own twice is a no-op. On a line where the customer waits this is the answer; elsewhere the first
    thing said is.
    """
    interaction = lock_interaction(interaction_id)
    take(interaction, agent=agent, by=by, at=at or timezone.now())
    return interaction


def take(interaction: Interaction, *, agent: User, by: User | None, at: datetime) -> None:
    """The same for an interaction that is locked."""
    if interaction.status == InteractionStatus.ACTIVE:
        if interaction.agent_id == agent.pk:
            return
        raise AnotherAgentHasItError(interaction_id=interaction.pk)
    refuse_unless_allowed(interaction, InteractionStatus.ACTIVE)
    if interaction.agent_id not in {None, agent.pk}:
        raise AnotherAgentHasItError(interaction_id=interaction.pk)
    rings_here = Offer.objects.ringing().filter(interaction=interaction, agent=agent).exists()
    end_ringing(interaction, OfferEnd.ACCEPTED if rings_here else OfferEnd.WITHDRAWN, by=by, at=at)
    end_stretches(interaction, at=at)
    interaction.status, interaction.agent = InteractionStatus.ACTIVE, agent
    interaction.snoozed_until = interaction.wrap_up_ends_at = None
    if interaction.channel in LIVE_CHANNELS:
        interaction.first_answered_at = interaction.first_answered_at or at
    interaction.team_id = interaction.team_id or agent.team_id
    interaction.save(update_fields=["status", "agent", "snoozed_until", "wrap_up_ends_at", "first_answered_at", "team"])
    begin_stretch(interaction, SegmentKind.TALK, at=at, agent=agent)
    tell_change(interaction, "answered", by=by, at=at)


@transaction.atomic
def decline_offer(*, offer_id: int, by: User, at: datetime | None = None) -> Offer:
    """The agent for whom it rings says no; the next one is asked. Saying no twice is a no-op."""
    moment = at or timezone.now()
    found = Offer.objects.visible_to(by).get(pk=offer_id)
    interaction = lock_interaction(found.interaction_id)
    offer = Offer.objects.get(pk=offer_id)
    if offer.end == OfferEnd.DECLINED:
        return offer
    if offer.ended_at is not None:
        raise OfferIsOverError(offer_id=offer_id)
    end_offer(offer, interaction, OfferEnd.DECLINED, by=by, at=moment)
    back_to_the_queue(interaction, by=by, at=moment)
    return offer
