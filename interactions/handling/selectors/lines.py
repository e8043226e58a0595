"""Which lines cannot reach their provider, and how much waits on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from interactions.channels.models import Inbox, LineHealth, LineState
from interactions.handling.models import Sending, SendingState


@dataclass(frozen=True, kw_only=True)
class LineDown:
    """A line whose messages wait; `is_refused`: until somebody puts its credentials right; `is_given_up`: until
    somebody says that it is to be tried again."""

    inbox: Inbox
    since: datetime
    is_refused: bool
    is_given_up: bool
    waiting: int = 0


def lines_down() -> Sequence[LineDown]:
    """The longest first. Names of lines are open to everyone who is signed in."""
    rows = LineHealth.objects.exclude(state=LineState.WELL).filter(inbox__is_active=True)
    found = list(rows.select_related("inbox").order_by("since", "pk"))
    if not found:
        return ()
    queued = Sending.objects.filter(inbox__in=[row.pk for row in found], state=SendingState.QUEUED)
    waiting = dict(queued.values_list("inbox_id").annotate(number=Count("pk")))
    return tuple(
        LineDown(
            inbox=row.inbox,
            since=row.since,
            is_refused=row.state == LineState.REFUSED,
            is_given_up=row.is_given_up,
            waiting=waiting.get(row.pk, 0),
        )
        for row in found
    )
