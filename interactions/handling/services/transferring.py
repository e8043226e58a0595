"""A contact goes to another queue, or to another person."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus, SegmentEnd, SegmentKind
from interactions.cases.models import Interaction, Message
from interactions.handling.errors import AgentIsNotThereError, MoveIsNotAllowedError, TransferNeedsOneTargetError
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    refuse_unless_allowed,
    tell_change,
)
from interactions.handling.services.offers import end_ringing, ring
from interactions.routing.models import OfferEnd, Queue


@transaction.atomic
def transfer_interaction(
    *,
    interaction_id: int,
    to_queue: Queue | None = None,
    to_agent: User | None = None,
    note: str = "",
    at: datetime | None = None,
    by: User | None,
) -> Interaction:
    """Hand a contact over to a queue, where it waits, or to an agent, for whom it rings.

    Whom it rings for and who does not answer is passed by: it waits in the queue again. One that nobody had yet is
    only moved: its customer has waited all along.
    """
    if (to_queue is None) == (to_agent is None):
        raise TransferNeedsOneTargetError(interaction_id=interaction_id)
    if to_agent is not None and not to_agent.is_active:
        raise AgentIsNotThereError(agent_id=to_agent.pk)
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.WAITING)
    if to_agent is not None and interaction.agent_id == to_agent.pk:
        raise MoveIsNotAllowedError(interaction_id=interaction_id)
    end_ringing(interaction, OfferEnd.WITHDRAWN, by=by, at=moment)
    _end_what_runs(interaction, SegmentEnd.TRANSFER_AGENT if to_agent else SegmentEnd.TRANSFER_QUEUE, at=moment)
    interaction.status, interaction.agent, interaction.snoozed_until = InteractionStatus.WAITING, to_agent, None
    if to_queue is not None:
        interaction.queue, interaction.team_id = to_queue, to_queue.team_id or interaction.team_id
    elif to_agent is not None:
        interaction.team_id = to_agent.team_id or interaction.team_id
    interaction.save(update_fields=["status", "agent", "snoozed_until", "queue", "team"])
    begin_stretch(interaction, SegmentKind.RING if to_agent else SegmentKind.QUEUE, at=moment, agent=to_agent)
    if note.strip() and by is not None:
        Message.objects.create(
            interaction=interaction, author_kind=AuthorKind.AGENT, author=by, is_note=True, body=note, sent_at=moment
        )
    tell_change(interaction, "transferred", by=by, at=moment)
    if to_agent is not None:
        ring([(interaction, to_agent.pk)], by=by, at=moment)
    return interaction


def _end_what_runs(interaction: Interaction, ended_by: SegmentEnd, *, at: datetime) -> None:
    """A transfer is what an agent does who had the contact, be it that it was pending and no time ran."""
    if interaction.status == InteractionStatus.PENDING and interaction.agent is not None:
        begin_stretch(interaction, SegmentKind.TALK, at=at, agent=interaction.agent)
    is_handed_over = interaction.status in {InteractionStatus.ACTIVE, InteractionStatus.PENDING}
    end_stretches(interaction, at=at, ended_by=ended_by if is_handed_over else SegmentEnd.DONE)
