"""All contacts of a customer over all channels, newest first."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from ccx.kernel.models import User
from interactions.customers.models import Customer

PAGE = 20


@dataclass(frozen=True)
class TimelineEntry:
    """One contact. Unless it is readable only when, over what and why are told; the rest is empty."""

    public_id: UUID
    started_at: datetime
    channel: str
    channel_slug: str
    direction: str
    reason: str
    is_readable: bool
    case_title: str = ""
    state: str = ""
    queue: str = ""
    team: str = ""
    subject: str = ""
    words: str = ""


@dataclass(frozen=True)
class TimelinePage:
    """Some contacts and where the older ones begin; `older` is None at the first contact."""

    entries: tuple[TimelineEntry, ...]
    older: UUID | None


def timeline(customer: Customer, user: User, before: UUID | None = None, limit: int = PAGE) -> TimelinePage:
    """The contacts of a customer whom the user was found to see, those older than the contact `before`.

    An unknown `before` gives an empty page: the contact went to another customer meanwhile.
    """
    rows = customer.interactions.select_related("reason", "case", "queue", "team").order_by("-started_at", "-pk")
    if before is not None:
        mark = customer.interactions.filter(public_id=before).values_list("started_at", "pk").first()
        if mark is None:
            return TimelinePage((), None)
        rows = rows.filter(Q(started_at__lt=mark[0]) | Q(started_at=mark[0], pk__lt=mark[1]), started_at__lte=mark[0])
    found = list(rows[: limit + 1])
    shown = found[:limit]
    readable = customer.interactions.filter(pk__in=[row.pk for row in shown]).readable_by(user)
    readable_ids = set(readable.values_list("pk", flat=True))
    words = readable.opening_words()
    entries = tuple(_entry(row, is_readable=row.pk in readable_ids, words=words.get(row.pk, "")) for row in shown)
    return TimelinePage(entries, shown[-1].public_id if len(found) > limit else None)


# `row` is an Interaction, whose room stands above this one and cannot be named here.
def _entry(row: Any, *, is_readable: bool, words: str) -> TimelineEntry:
    entry = TimelineEntry(
        public_id=row.public_id,
        started_at=row.started_at,
        channel=row.get_channel_display(),
        channel_slug=row.channel_slug,
        direction=row.get_direction_display(),
        reason=row.reason.name if row.reason else "",
        is_readable=is_readable,
    )
    if not is_readable:
        return entry
    return replace(
        entry,
        case_title=row.case.title if row.case else "",
        state=row.get_outcome_display() if row.is_closed else row.get_status_display(),
        queue=row.queue.name if row.queue else "",
        team=row.team.name if row.team else "",
        subject=row.subject,
        words=words,
    )
