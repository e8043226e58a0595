"""Poison events: found by halving, set aside so that later ones flow, run again by a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ccx.kernel.audit.services import record_deed
from ccx.kernel.events.errors import EventIsGoneError, StillFailsError
from ccx.kernel.events.locks import lock_name, wait_for_lock
from ccx.kernel.events.models import EventRow, QuarantinedEvent
from ccx.kernel.events.readers import Reader, reader_named
from ccx.kernel.events.trouble import describe, is_outage
from ccx.kernel.people.models import User

logger = structlog.get_logger(__name__)

MOST_PER_BATCH = 10


@dataclass
class Isolation:
    """Tries a batch in halves, each in a savepoint, until the events that fail stand alone."""

    reader: Reader
    poison: list[tuple[EventRow, str]] = field(default_factory=list)
    passed: int = 0

    @property
    def is_full(self) -> bool:
        """Whether so many failed that the rest of the batch was not tried."""
        return len(self.poison) >= MOST_PER_BATCH

    def take(self, events: Sequence[EventRow]) -> None:
        """Handle what can be handled, in order; raise only what the database itself did wrong."""
        if self.is_full:
            return
        try:
            with transaction.atomic():
                self.reader.handle(events)
        except Exception as error:
            if is_outage(error):
                raise
            if len(events) > 1:
                middle = len(events) // 2
                self.take(events[:middle])
                self.take(events[middle:])
                return
            self.poison.append((events[0], describe(error)))
        self.passed = events[-1].position or self.passed


def set_aside(reader: Reader, poison: Iterable[tuple[EventRow, str]], *, at: datetime) -> None:
    """Keep the events that failed where people see them."""
    for event, error in poison:
        logger.error("event_quarantined", reader=reader.name, event_id=event.pk, kind=event.kind, error=error)
        QuarantinedEvent.objects.update_or_create(
            reader=reader.name,
            event_id=event.pk,
            defaults={"position": event.position or 0, "kind": event.kind, "error": error, "at": at},
        )


def release_passed(reader: Reader, *, after: int, upto: int, keep: Sequence[tuple[EventRow, str]] = ()) -> None:
    """Forget quarantined events that a replay has taken since."""
    QuarantinedEvent.objects.filter(reader=reader.name, position__gt=after, position__lte=upto).exclude(
        event_id__in=[event.pk for event, _ in keep]
    ).delete()


def quarantined_events(limit: int = 200) -> QuerySet[QuarantinedEvent]:
    """What stands aside, by reader and position."""
    return QuarantinedEvent.objects.order_by("reader", "position")[:limit]


def run_again(*, reader: str, event_id: int, by: User) -> None:
    """Give a quarantined event to its reader once more. Whatever it does and its release are one transaction.

    An event that is no longer quarantined is a no-op.
    """
    follower = reader_named(reader)
    try:
        with transaction.atomic():
            wait_for_lock(lock_name(reader))
            row = QuarantinedEvent.objects.select_for_update().filter(reader=reader, event_id=event_id).first()
            if row is None:
                return
            event = EventRow.objects.filter(position=row.position, pk=event_id).first()
            if event is None:
                raise EventIsGoneError(event_id=event_id)
            follower.handle([event])
            row.delete()
            told = {"name": reader, "event": event_id, "kind": event.kind}
            record_deed(object_kind="quarantined_event", details=told, by=by)
    except EventIsGoneError:
        raise
    except Exception as error:
        described = describe(error)
        QuarantinedEvent.objects.filter(reader=reader, event_id=event_id).update(
            error=described, tries=F("tries") + 1, at=timezone.now()
        )
        raise StillFailsError(error=described) from error
