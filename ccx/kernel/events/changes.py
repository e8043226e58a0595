"""Following the log from outside: which interactions changed after a position."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ccx.kernel.events.models import EventRow, LogHead

# Rows are numbered as they commit, which may differ from when they were recorded by a transaction's length.
MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Interactions touched by one stretch of the log, in the order of their last change in it."""

    interaction_ids: list[int]
    position: int
    has_more: bool


def changes_after(*, position: int, limit: int) -> Changes:
    """The next stretch of at most `limit` events; nothing that commits later is ever skipped."""
    rows = list(
        EventRow.objects.filter(position__gt=position, interaction_id__isnull=False)
        .order_by("position")
        .values_list("position", "interaction_id")[: limit + 1]
    )
    stretch = rows[:limit]
    last_change = {interaction_id: at for at, interaction_id in stretch if interaction_id is not None}
    return Changes(
        interaction_ids=sorted(last_change, key=lambda interaction_id: last_change[interaction_id] or 0),
        position=(stretch[-1][0] or 0) if stretch else position,
        has_more=len(rows) > limit,
    )


def position_before(moment: datetime) -> int:
    """A position after which everything recorded from `moment` on will come; a little of before may come too."""
    later = EventRow.objects.filter(recorded_at__gte=moment - MARGIN, position__isnull=False)
    first = list(later.order_by("recorded_at", "id").values_list("position", flat=True)[:1000])
    if first:
        return min(position or 0 for position in first) - 1
    return LogHead.objects.values_list("position", flat=True).first() or 0
