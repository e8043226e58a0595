"""What we promise about a first answer, for many contacts at once."""

from collections.abc import Mapping
from datetime import datetime

from interactions.cases.models import Interaction
from interactions.routing.models import ServiceTarget


class Targets:
    """The promises that hold now; the most specific one wins: queue, then channel, then all."""

    def __init__(self, *, now: datetime) -> None:
        rows = ServiceTarget.objects.filter(valid_from__lte=now).order_by("valid_from")
        self._seconds: Mapping[tuple[int | None, int | None], int] = {
            (row.queue_id, row.channel): row.answer_within_seconds for row in rows
        }

    def seconds_for(self, interaction: Interaction) -> int | None:
        """Seconds to a first answer, or None where nothing is promised or an answer was given."""
        if interaction.first_answered_at is not None:
            return None
        return self.seconds_of(interaction.queue_id, interaction.channel)

    def seconds_of(self, queue: int | None, channel: int | None) -> int | None:
        """Seconds to a first answer in a queue on a channel, or None where nothing is promised."""
        keys = ((queue, channel), (queue, None), (None, channel), (None, None))
        return next((self._seconds[key] for key in keys if key in self._seconds), None)
