"""How far readers are behind: for the pump, the page of readers and /readyz."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from ccx.kernel.events.models import EventRow, LogHead, QuarantinedEvent, ReaderEffect, ReaderPosition
from ccx.kernel.events.readers import Reader, all_readers

# Counting stops here: "10,000 or more" says enough.
COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class ReaderLag:
    """One reader's place. `seconds` is the age of the oldest event it has not passed."""

    name: str
    position: int
    events: int
    seconds: float
    failures: int = 0
    last_error: str = ""
    retry_at: datetime | None = None
    updated_at: datetime | None = None
    quarantined: int = 0


@dataclass(frozen=True, kw_only=True)
class LagReport:
    """The whole log at one moment."""

    head: int
    unnumbered: int
    unnumbered_seconds: float
    readers: tuple[ReaderLag, ...]
    effects: dict[str, int] = field(default_factory=dict)
    effect_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """The age of the oldest event that somebody still has to read."""
        return max([self.unnumbered_seconds, *(reader.seconds for reader in self.readers)])

    @property
    def quarantined(self) -> int:
        """How many events stand aside."""
        return sum(reader.quarantined for reader in self.readers)


def head_position() -> int:
    """The last position given."""
    return LogHead.objects.values_list("position", flat=True).first() or 0


def lagging_readers(readers: Sequence[Reader]) -> list[tuple[Reader, int]]:
    """The readers that are not at the head and wait for nothing, with the positions they are behind."""
    head = head_position()
    now = timezone.now()
    places = {place.name: place for place in ReaderPosition.objects.all()}
    behind = [(reader, head - (places[reader.name].position if reader.name in places else 0)) for reader in readers]
    return [
        (reader, lag)
        for reader, lag in behind
        if lag > 0 and not (reader.name in places and places[reader.name].is_waiting(now))
    ]


def lag_report() -> LagReport:
    """Every reader's lag, the unnumbered events and the effects still owed: a handful of indexed reads."""
    now = timezone.now()
    head = head_position()
    unnumbered, oldest = _unnumbered()
    places = {place.name: place for place in ReaderPosition.objects.all()}
    aside = dict(QuarantinedEvent.objects.order_by().values_list("reader").annotate(Count("pk")))
    return LagReport(
        head=head,
        unnumbered=unnumbered,
        unnumbered_seconds=_age(oldest, now),
        readers=tuple(
            _lag_of(places.get(reader.name) or ReaderPosition(name=reader.name), head, now, aside.get(reader.name, 0))
            for reader in all_readers()
        ),
        effects=dict(
            ReaderEffect.objects.exclude(state=ReaderEffect.State.DONE).values_list("state").annotate(Count("pk"))
        ),
        effect_seconds=_age(
            ReaderEffect.objects.filter(state=ReaderEffect.State.QUEUED, due_at__lte=now).aggregate(
                oldest=Min("due_at")
            )["oldest"],
            now,
        ),
    )


def _lag_of(place: ReaderPosition, head: int, now: datetime, quarantined: int) -> ReaderLag:
    oldest = (
        EventRow.objects.filter(position__gt=place.position)
        .order_by("position")
        .values_list("recorded_at", flat=True)
        .first()
        if place.position < head
        else None
    )
    return ReaderLag(
        name=place.name,
        position=place.position,
        events=max(head - place.position, 0),
        seconds=_age(oldest, now),
        failures=place.failures,
        last_error=place.last_error,
        retry_at=place.retry_at,
        updated_at=place.updated_at,
        quarantined=quarantined,
    )


def _unnumbered() -> tuple[int, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(recorded_at) FROM"
            " (SELECT recorded_at FROM kernel_event WHERE position IS NULL ORDER BY id LIMIT %s) AS waiting",
            [COUNTED],
        )
        count, oldest = cursor.fetchone()
    return int(count), oldest


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
