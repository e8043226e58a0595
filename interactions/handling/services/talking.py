"""While it runs: hold, resume, wrap up."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Interaction, Segment
from interactions.handling.errors import MoveIsNotAllowedError
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    refuse_unless_active,
    refuse_unless_allowed,
    tell_change,
)

# How long a wrap-up may take where no queue says.
WRAP_UP_SECONDS = 120


@transaction.atomic
def hold_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The customer waits on the line while the agent does something else. Holding twice is a no-op."""
    return _talk_or_hold(interaction_id, SegmentKind.HOLD, "held", at=at or timezone.now(), by=by)


@transaction.atomic
def resume_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The agent is back with the customer. Resuming what is not held is a no-op."""
    return _talk_or_hold(interaction_id, SegmentKind.TALK, "resumed", at=at or timezone.now(), by=by)


@transaction.atomic
def wrap_up_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The customer is gone; the agent finishes the work, and the server's clock runs.

    What the customer says from now on is a new interaction.
    """
    interaction = lock_interaction(interaction_id)
    begin_wrap_up(interaction, by=by, at=at or timezone.now())
    return interaction


def begin_wrap_up(interaction: Interaction, *, by: User | None, at: datetime) -> None:
    """The same for an interaction that is locked."""
    refuse_unless_allowed(interaction, InteractionStatus.WRAP_UP)
    end_stretches(interaction, at=at)
    seconds = interaction.queue.wrap_up_seconds if interaction.queue else WRAP_UP_SECONDS
    interaction.status, interaction.snoozed_until = InteractionStatus.WRAP_UP, None
    interaction.wrap_up_ends_at = at + timedelta(seconds=seconds)
    interaction.save(update_fields=["status", "snoozed_until", "wrap_up_ends_at"])
    begin_stretch(interaction, SegmentKind.WRAP_UP, at=at, agent=interaction.agent)
    tell_change(interaction, "wrapping_up", by=by, at=at)


def _talk_or_hold(interaction_id: int, kind: SegmentKind, what: str, *, at: datetime, by: User | None) -> Interaction:
    interaction = lock_interaction(interaction_id)
    refuse_unless_active(interaction)
    own = Segment.objects.filter(interaction=interaction, agent=interaction.agent, ended_at__isnull=True)
    if kind in set(own.values_list("kind", flat=True)):
        return interaction
    if interaction.agent is None:
        raise MoveIsNotAllowedError(interaction_id=interaction_id)
    end_stretches(interaction, at=at)
    begin_stretch(interaction, kind, at=at, agent=interaction.agent)
    tell_change(interaction, what, by=by, at=at)
    return interaction
