"""While it runs: answer, hold, resume, transfer, wrap up."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentEnd, SegmentKind
from interactions.cases.models import Interaction, Segment
from interactions.handling.errors import AnotherAgentHasItError, MoveIsNotAllowedError, TransferNeedsOneTargetError
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    refuse_unless_active,
    refuse_unless_allowed,
    tell_change,
)
from interactions.routing.models import Queue


@transaction.atomic
def answer_interaction(*, interaction_id: int, agent: User, at: datetime | None = None, by: User | None) -> Interaction:
    """An agent takes a waiting interaction, or takes it up again from wrap-up. Answering one's own again is a no-op."""
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    if interaction.status == InteractionStatus.ACTIVE:
        if interaction.agent_id == agent.pk:
            return interaction
        raise AnotherAgentHasItError(interaction_id=interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.ACTIVE)
    if interaction.agent_id not in {None, agent.pk}:
        raise AnotherAgentHasItError(interaction_id=interaction_id)
    end_stretches(interaction, at=moment)
    interaction.status, interaction.agent = InteractionStatus.ACTIVE, agent
    interaction.first_answered_at = interaction.first_answered_at or moment
    interaction.team_id = interaction.team_id or agent.team_id
    interaction.save(update_fields=["status", "agent", "first_answered_at", "team"])
    begin_stretch(interaction, SegmentKind.TALK, at=moment, agent=agent)
    tell_change(interaction, "answered", by=by, at=moment)
    return interaction


@transaction.atomic
def hold_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The customer waits on the line while the agent does something else. Holding twice is a no-op."""
    return _talk_or_hold(interaction_id, SegmentKind.HOLD, "held", at=at or timezone.now(), by=by)


@transaction.atomic
def resume_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The agent is back with the customer. Resuming what is not held is a no-op."""
    return _talk_or_hold(interaction_id, SegmentKind.TALK, "resumed", at=at or timezone.now(), by=by)


@transaction.atomic
def transfer_interaction(
    *,
    interaction_id: int,
    to_queue: Queue | None = None,
    to_agent: User | None = None,
    at: datetime | None = None,
    by: User | None,
) -> Interaction:
    """Hand an interaction over to a queue, where it waits, or to an agent, for whom it rings."""
    if (to_queue is None) == (to_agent is None):
        raise TransferNeedsOneTargetError(interaction_id=interaction_id)
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.WAITING)
    end_stretches(interaction, at=moment, ended_by=SegmentEnd.TRANSFER_AGENT if to_agent else SegmentEnd.TRANSFER_QUEUE)
    interaction.status, interaction.agent = InteractionStatus.WAITING, to_agent
    if to_queue is not None:
        interaction.queue, interaction.team_id = to_queue, to_queue.team_id or interaction.team_id
    interaction.save(update_fields=["status", "agent", "queue", "team"])
    begin_stretch(interaction, SegmentKind.RING if to_agent else SegmentKind.QUEUE, at=moment, agent=to_agent)
    tell_change(interaction, "transferred", by=by, at=moment)
    return interaction


@transaction.atomic
def wrap_up_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The customer is gone; the agent finishes the work. What the customer says from now on is a new interaction."""
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.WRAP_UP)
    end_stretches(interaction, at=moment)
    interaction.status = InteractionStatus.WRAP_UP
    interaction.save(update_fields=["status"])
    begin_stretch(interaction, SegmentKind.WRAP_UP, at=moment, agent=interaction.agent)
    tell_change(interaction, "wrapping_up", by=by, at=moment)
    return interaction


def _talk_or_hold(interaction_id: int, kind: SegmentKind, what: str, *, at: datetime, by: User | None) -> Interaction:
    interaction = lock_interaction(interaction_id)
    refuse_unless_active(interaction)
    running = Segment.objects.filter(interaction=interaction, ended_at__isnull=True).values_list("kind", flat=True)
    if kind in set(running):
        return interaction
    if interaction.agent is None:
        raise MoveIsNotAllowedError(interaction_id=interaction_id)
    end_stretches(interaction, at=at)
    begin_stretch(interaction, kind, at=at, agent=interaction.agent)
    tell_change(interaction, what, by=by, at=at)
    return interaction
