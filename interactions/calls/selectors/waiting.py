"""What a caller in a queue is told: how many are before them, and how long it may take."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction

LOOKS_BACK: Final = timedelta(hours=2)
SAMPLE: Final = 20


@dataclass(frozen=True, kw_only=True)
class Wait:
    """`position` counts from 1; `minutes` is None where nothing is known to tell from."""

    position: int
    minutes: int | None


def wait_of(interaction: Interaction, now: datetime) -> Wait:
    """The place of a waiting contact in its queue, by the order in which routing offers."""
    waiting = Interaction.objects.filter(
        queue_id=interaction.queue_id or 0, status=InteractionStatus.WAITING, agent__isnull=True
    )
    before = waiting.filter(
        Q(priority__gt=interaction.priority)
        | Q(priority=interaction.priority, started_at__lt=interaction.started_at)
        | Q(priority=interaction.priority, started_at=interaction.started_at, pk__lt=interaction.pk)
    ).count()
    return Wait(position=before + 1, minutes=_minutes(interaction, before + 1, now))


def _minutes(interaction: Interaction, position: int, now: datetime) -> int | None:
    """Answers come at the pace at which they came of late."""
    answered = Interaction.objects.filter(
        started_at__gte=now - LOOKS_BACK, queue_id=interaction.queue_id or 0, first_answered_at__isnull=False
    )
    latest = answered.order_by("-first_answered_at").values_list("first_answered_at", flat=True)[:SAMPLE]
    moments = sorted(moment for moment in latest if moment is not None)
    if len(moments) < 3:
        return None
    pace = (now - moments[0]).total_seconds() / len(moments)
    return max(1, round(position * pace / 60))
