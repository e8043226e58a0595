"""Running one reader: a batch of events, its effect and the new position in one transaction."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.locks import lock_name, try_lock
from ccx.kernel.events.models import LONGEST_WAIT, EventRow, LogHead, Origin, ReaderPosition
from ccx.kernel.events.quarantine import Isolation, release_passed, set_aside
from ccx.kernel.events.readers import Reader
from ccx.kernel.events.trouble import describe, is_outage

logger = structlog.get_logger(__name__)

# So many tries of the whole batch before its events are tried apart.
TRIES_TOGETHER = 3
# A reader of few kinds passes over this many times its batch in one step.
WINDOW = 20


@dataclass(frozen=True)
class Batch:
    """The next events a reader cares for, and the position up to which the log holds no others for it."""

    events: Sequence[EventRow]
    upto: int


def run_reader(reader: Reader, *, max_batches: int = 10) -> int:
    """Let the reader take up to `max_batches` batches; how many it took.

    Fewer, or 0: it is at the end, waits after a failure, or runs somewhere else. A failure of the reader is recorded,
    never raised; a failure of the database is raised.
    """
    ensure_place(reader)
    for done in range(max_batches):
        if not _take_batch(reader):
            return done
    return max_batches


def ensure_place(reader: Reader) -> None:
    """Give a reader that was never seen its place: the beginning, or the end if it only looks forward."""
    if ReaderPosition.objects.filter(name=reader.name).exists():
        return
    head = 0 if reader.from_beginning else LogHead.objects.values_list("position", flat=True).first()
    ReaderPosition.objects.bulk_create([ReaderPosition(name=reader.name, position=head or 0)], ignore_conflicts=True)


def next_batch(reader: Reader, after: int, size: int) -> Batch | None:
    """What comes after a position, by at most `size` events of the reader's kinds; None at the end of the log."""
    upto = _window_end(after, size * WINDOW)
    if upto is None:
        return None
    wanted = EventRow.objects.filter(position__gt=after, position__lte=upto, kind__in=reader.kinds)
    if not reader.history:
        wanted = wanted.filter(origin=Origin.LIVE)
    events = list(wanted.order_by("position")[:size])
    if len(events) == size:
        upto = events[-1].position or upto
    return Batch(events, upto)


def _window_end(after: int, size: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(position) FROM"
            " (SELECT position FROM kernel_event WHERE position > %s ORDER BY position LIMIT %s) AS ahead",
            [after, size],
        )
        found = cursor.fetchone()[0]
    return None if found is None else int(found)


def _take_batch(reader: Reader) -> bool:
    position = None
    try:
        with transaction.atomic(durable=True):
            if not try_lock(lock_name(reader.name)):
                return False
            place = ReaderPosition.objects.select_for_update().get(name=reader.name)
            position = place.position
            if place.is_waiting(timezone.now()):
                return False
            batch = next_batch(reader, place.position, reader.batch_size)
            if batch is None:
                return False
            _handle(reader, place, batch)
            failpoints.reach("reader.after_handle")
    except Exception as error:
        if position is None:
            raise
        _record_failure(reader, position, error)
        return False
    failpoints.reach("reader.after_commit")
    return True


def _handle(reader: Reader, place: ReaderPosition, batch: Batch) -> None:
    now = timezone.now()
    before, place.position = place.position, batch.upto
    isolation = None
    if batch.events and place.failures >= TRIES_TOGETHER:
        isolation = Isolation(reader)
        isolation.take(batch.events)
        if isolation.is_full:
            place.position = isolation.passed
        set_aside(reader, isolation.poison, at=now)
    elif batch.events:
        reader.handle(batch.events)
    release_passed(reader, after=before, upto=place.position, keep=isolation.poison if isolation else ())
    if isolation and isolation.is_full:
        # So many poison events at once look like a broken reader: go on, but slowly, and keep saying so.
        place.failures += 1
        place.retry_at = now + _wait(place.failures)
    else:
        place.failures, place.retry_at, place.last_error = 0, None, ""
    place.save()


def _record_failure(reader: Reader, position: int, error: Exception) -> None:
    outage = is_outage(error)
    described = describe(error)
    logger.error("reader_failed", reader=reader.name, position=position, error=described, outage=outage)
    try:
        place = ReaderPosition.objects.get(name=reader.name)
        # Only if it still stands there: a rival may have taken the batch since.
        ReaderPosition.objects.filter(name=reader.name, position=position).update(
            failures=F("failures") + (0 if outage else 1),
            last_error=described,
            retry_at=timezone.now() + _wait(1 if outage else place.failures + 1),
            updated_at=timezone.now(),
        )
    except (DatabaseError, InterfaceError):
        raise error from None


def _wait(failures: int) -> timedelta:
    """Twice as long each time up to a limit, and never all readers at the same moment."""
    seconds = min(2.0 ** min(failures - 1, 16), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
