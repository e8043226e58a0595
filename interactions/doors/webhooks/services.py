"""One delivery of a provider: verified, kept as it came, read, and settled. What cannot be read is put aside."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import TemporaryEffectError
from ccx.kernel.statements import Statement, run, run_all
from interactions.calls.services import hear
from interactions.cases.models import Message
from interactions.channels.contact import IdentityClaim
from interactions.channels.contract import (
    Adapter,
    Arrived,
    ConsentTold,
    Edit,
    Line,
    Parsed,
    Reaction,
    RemoteFile,
    Request,
)
from interactions.channels.email.errors import ReaderFailedError
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.customers.services import hear_consent, hear_same
from interactions.doors.files import attach, forget_files, in_hand, keep_files, owe_files
from interactions.doors.mail.services import book_kept_mail, book_mail
from interactions.doors.models import Delivery
from interactions.doors.webhooks.reading import kept_of, request_of
from interactions.handling.reports import hear_report
from interactions.handling.services import hear_edit, hear_reaction
from interactions.intake.services import receive

logger = structlog.get_logger(__name__)

State = Delivery.State
# A delivery that is read in its request is settled long before; older ones are the sweep's.
SWEPT_AFTER: Final = timedelta(seconds=30)
# For so long something that changes a message may wait for the message.
WAITS_FOR: Final = timedelta(days=1)
MOST_ATTEMPTS: Final = 12
# A mail whose reader fails so often is itself the cause.
MOST_READINGS: Final = 3
# The statements of every delivery, by hand: together with putting them together Django's would cost as much as intake.
KEEP: Final = Statement(
    "ccx_delivery_keep",
    ("uuid", "bigint", "text", "text", "jsonb", "bytea", "text", "timestamptz"),
    """
INSERT INTO interactions_delivery
    (public_id, inbox_id, kind, url, headers, body, digest, state, attempts, error, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'received', 0, '', $8) ON CONFLICT (inbox_id, digest) DO NOTHING RETURNING id
""",
)
# What a delivery becomes need not be on the disk before its provider hears that we have it: the delivery is, and if
# the server falls before the rest of it is written, the sweep reads it again.
NOT_AT_ONCE: Final = "SET LOCAL synchronous_commit TO off;"
# First the delivery itself, unless somebody else settled it meanwhile; then those of its line that wait for a message.
SETTLE: Final = Statement(
    "ccx_delivery_settle",
    ("bigint", "text", "int", "text", "timestamptz", "text[]", "bigint", "text"),
    """
WITH settled AS (
    UPDATE interactions_delivery SET state = $2, attempts = $3, error = $4, settled_at = $5
    WHERE id = $1 AND state = ANY($6) RETURNING id
)
SELECT id FROM settled
UNION ALL (
    SELECT id FROM interactions_delivery
    WHERE state = 'received' AND inbox_id = $7 AND error = $8 AND NOT id = $1 ORDER BY received_at LIMIT 50
)
""",
)
WAITING: Final = "waits for the message that it changes"
NEVER_CAME: Final = "the message that it changes never came"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of one delivery: kept, and whether it was kept before and whether it could be read."""

    delivery_id: int
    is_new: bool
    is_understood: bool


class _SettledElsewhereError(Exception):
    """Another process settled this delivery while this one read it."""


@dataclass(frozen=True)
class _Outcome:
    taken: int
    troubles: tuple[str, ...]
    is_waiting: bool
    has_new: bool


def take_delivery(*, inbox: Inbox, adapter: Adapter, line: Line, request: Request) -> Taken:
    """Keep a verified delivery, and read it. Once it is kept nothing stops the provider's 2xx: the sweep goes on.

    Raises only while it is not kept.
    """
    delivery, is_new = _keep(inbox, adapter, request)
    if not is_new:
        return Taken(delivery_id=delivery.pk, is_new=False, is_understood=delivery.state != State.QUARANTINED)
    failpoints.reach("delivery.after_keep")
    try:
        is_understood = process(delivery_id=delivery.pk, line=line, fresh=delivery)
    except (OperationalError, InterfaceError) as error:
        logger.warning("delivery_left_to_the_sweep", delivery_id=delivery.pk, error=type(error).__name__)
        is_understood = True
    failpoints.reach("delivery.after_process")
    return Taken(delivery_id=delivery.pk, is_new=True, is_understood=is_understood)


def process(
    *, delivery_id: int, line: Line | None = None, fresh: Delivery | None = None, is_again: bool = False
) -> bool:
    """Read one delivery that nobody has read yet, or with `is_again` one that was put aside; whether it was read.

    `line` and `fresh` are what the caller has in hand of it. Only trouble with the database is raised. Done twice it is
    done once: every part of it has an id.
    """
    may_be = {State.RECEIVED, State.QUARANTINED} if is_again else {State.RECEIVED}
    try:
        return _settled(delivery_id, may_be, line, fresh)
    except (OperationalError, InterfaceError):
        raise
    except _SettledElsewhereError:
        return not Delivery.objects.filter(pk=delivery_id, state=State.QUARANTINED).exists()
    except TemporaryEffectError as error:
        # The provider keeps for us what it told of, and cannot be reached now.
        _leave(delivery_id, error)
        return not is_again
    except ReaderFailedError as error:
        _leave(delivery_id, error, most=MOST_READINGS)
        return not is_again
    except Exception as error:
        logger.warning("delivery_put_aside", delivery_id=delivery_id, error=type(error).__name__)
        _put_aside(delivery_id, may_be, f"{type(error).__name__}: {error}")
        return False


def sweep_deliveries(now: datetime | None = None, limit: int = 200) -> int:
    """Read what its request could not: a process died, the database was away, or a message came late; how many."""
    moment = now or timezone.now()
    waiting = Delivery.objects.filter(state=State.RECEIVED, received_at__lt=moment - SWEPT_AFTER)
    tried = 0
    for pk, received_at, attempts in list(waiting.order_by("received_at").values_list("pk", "received_at", "attempts")):
        # Each try waits twice as long as the one before.
        if tried >= limit or received_at + SWEPT_AFTER * 2 ** min(attempts, 12) > moment:
            continue
        tried += 1
        with _left_to_the_next_sweep(pk):
            process(delivery_id=pk)
    return tried


def _keep(inbox: Inbox, adapter: Adapter, request: Request) -> tuple[Delivery, bool]:
    """The delivery's row, committed, and whether it is new. The same bytes brought again are the same row."""
    kept = Delivery(inbox=inbox, kind=Delivery.Kind.WEBHOOK, **kept_of(adapter, request))
    values = (
        kept.public_id,
        inbox.pk,
        str(kept.kind),
        kept.url,
        json.dumps(kept.headers),
        kept.body,
        kept.digest,
        kept.received_at,
    )
    with connection.cursor() as cursor:
        rows = run(cursor, KEEP, values)
    if not rows:
        return Delivery.objects.defer("body").get(inbox=inbox, digest=kept.digest), False
    kept.pk = rows[0][0]
    return kept, True


def _settled(delivery_id: int, may_be: set[Delivery.State], line: Line | None, fresh: Delivery | None = None) -> bool:
    undo: list[Callable[[], None]] = []
    try:
        with transaction.atomic():
            # One that was kept a moment ago is nobody else's yet. The sweep may come to it should this take very long;
            # then whoever settles it second undoes what it did.
            delivery = fresh or _locked(delivery_id)
            if delivery.state not in may_be:
                return delivery.state != State.QUARANTINED
            if delivery.kind == Delivery.Kind.MAIL:
                book_kept_mail(delivery)
                outcome = _Outcome(1, (), is_waiting=False, has_new=False)
            else:
                outcome = _take_in(delivery, _parsed(delivery, line), undo)
            waiting = _settle(delivery, outcome, may_be, at_once=fresh is None)
        undo.clear()
    finally:
        for step in undo:
            step()
    if outcome.has_new:
        for pk in waiting:
            with _left_to_the_next_sweep(pk):
                process(delivery_id=pk)
    return not outcome.troubles or outcome.taken > 0


def _parsed(delivery: Delivery, line: Line | None) -> Parsed:
    adapter = adapter_of(delivery.inbox)
    if adapter is None:
        raise LookupError("nobody speaks for this line any more")
    known = line or line_of(delivery.inbox)
    return adapter.parse(known, request_of(delivery), received_at=delivery.received_at)


def _locked(delivery_id: int) -> Delivery:
    return Delivery.objects.select_for_update(of=("self",)).select_related("inbox").get(pk=delivery_id)


def _take_in(delivery: Delivery, parsed: Parsed, undo: list[Callable[[], None]]) -> _Outcome:
    """Everything that one delivery held, each part by itself: a bad one stops no other."""
    troubles = list(parsed.broken)
    # A part that is alone needs no undoing of its own: what goes wrong with it undoes the whole.
    apart = partial(_undone_alone, troubles) if _parts(parsed) > 1 else nullcontext
    # While a mail's reader may be only unlucky, all of it waits for the next try.
    waits = delivery.state == State.RECEIVED and delivery.attempts + 1 < MOST_READINGS
    taken, has_new, is_waiting = 0, False, False
    strangers = _unite(parsed.same, troubles)
    for arrived in parsed.arrived:
        with apart():
            has_new |= _arrive(delivery, arrived, undo)
            taken += 1
    _unite(strangers, troubles)
    for raw in parsed.mails:
        with nullcontext() if _parts(parsed) == 1 else _undone_alone(troubles, waits=waits):
            book_mail(inbox=delivery.inbox, raw=raw, received_at=delivery.received_at)
            taken += 1
    for report in parsed.reports:
        with apart():
            hear_report(inbox=delivery.inbox, report=report)
            taken += 1
    if parsed.calls:
        with apart():
            hear(inbox=delivery.inbox, told=parsed.calls, arrived_at=delivery.received_at)
            taken += len(parsed.calls)
    for edit in sorted(parsed.edits, key=_moment):
        with apart():
            is_known = hear_edit(inbox_id=delivery.inbox_id, edit=edit)
            is_waiting |= not is_known
            taken += 1
    for reaction in sorted(parsed.reactions, key=_moment):
        with apart():
            is_known = hear_reaction(inbox_id=delivery.inbox_id, reaction=reaction)
            is_waiting |= not is_known
            taken += 1
    for consent in sorted(parsed.consents, key=_moment):
        with apart():
            hear_consent(channel=delivery.inbox.channel, consent=consent)
            taken += 1
    return _Outcome(taken, tuple(troubles), is_waiting, has_new)


def _parts(parsed: Parsed) -> int:
    many = (
        parsed.broken,
        parsed.arrived,
        parsed.mails,
        parsed.reports,
        parsed.edits,
        parsed.reactions,
        parsed.consents,
        parsed.same,
    )
    return sum(map(len, many)) + bool(parsed.calls)


def _unite(
    same: Iterable[tuple[IdentityClaim, IdentityClaim]], troubles: list[str]
) -> list[tuple[IdentityClaim, IdentityClaim]]:
    """Know people by every address that is theirs; those of whom none is known yet."""
    strangers = []
    for one, other in same:
        with _undone_alone(troubles):
            if not hear_same(one=one, other=other):
                strangers.append((one, other))
    return strangers


def _arrive(delivery: Delivery, arrived: Arrived, undo: list[Callable[[], None]]) -> bool:
    """Take in one contact with its files; whether it was new."""
    kept = keep_files(in_hand(arrived))
    is_used = False
    try:
        receipt = receive(contact=arrived.contact, by_id=None)
        if receipt.is_new and receipt.message_id is not None:
            source = {"delivery": delivery.pk, "contact": arrived.contact.external_id}
            attach(kept, message_id=receipt.message_id, source=source)
            owe_files([one for one in arrived.files if isinstance(one, RemoteFile)], message_id=receipt.message_id)
            if meta := _meta(arrived, kept.lost):
                Message.objects.filter(pk=receipt.message_id).update(meta=meta)
            is_used = True
        return receipt.is_new
    finally:
        if is_used:
            undo.append(lambda: forget_files(kept))
        else:
            forget_files(kept)


def _meta(arrived: Arrived, lost: tuple[str, ...]) -> dict[str, object]:
    return {**arrived.meta, **({"too_large": list(lost)} if lost else {})}


def _settle(delivery: Delivery, outcome: _Outcome, may_be: set[Delivery.State], *, at_once: bool) -> list[int]:
    """Write what became of it; which deliveries of the line wait for a message."""
    now = timezone.now()
    delivery.attempts = min(delivery.attempts + 1, 32767)
    delivery.error, delivery.settled_at = "", None
    if outcome.troubles:
        delivery.state = State.QUARANTINED
        delivery.error = _told(outcome)
    elif outcome.is_waiting and now - delivery.received_at < WAITS_FOR:
        delivery.state, delivery.error = State.RECEIVED, WAITING
    else:
        delivery.state, delivery.settled_at = State.DONE, now
        delivery.error = NEVER_CAME if outcome.is_waiting else ""
    told = (delivery.pk, str(delivery.state), delivery.attempts, delivery.error, delivery.settled_at)
    with connection.cursor() as cursor:
        run_all(
            cursor,
            [(SETTLE, (*told, list(map(str, may_be)), delivery.inbox_id, WAITING))],
            before="" if at_once else NOT_AT_ONCE,
        )
        settled, *waiting = [row[0] for row in cursor.fetchall()] or [None]
    if settled != delivery.pk:
        raise _SettledElsewhereError
    return waiting


def _told(outcome: _Outcome) -> str:
    count = len(outcome.troubles)
    return f"{count} of {count + outcome.taken}: {'; '.join(outcome.troubles)}"[:300].replace("\x00", "")


@transaction.atomic
def _put_aside(delivery_id: int, may_be: set[Delivery.State], error: str, *, tries: int = 1) -> None:
    Delivery.objects.filter(pk=delivery_id, state__in=may_be).update(
        state=State.QUARANTINED, attempts=F("attempts") + tries, error=error[:300].replace("\x00", "")
    )


@contextmanager
def _undone_alone(troubles: list[str], *, waits: bool = False) -> Iterator[None]:
    """A part of a delivery: what goes wrong with it is undone and told, and the next part has its turn.

    `waits`: not when a mail's reader failed, which may go well the next time.
    """
    try:
        with transaction.atomic():
            yield
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if waits and isinstance(error, ReaderFailedError):
            raise
        logger.warning("part_of_delivery_put_aside", error=type(error).__name__)
        troubles.append(f"{type(error).__name__}: {error}"[:200])


@contextmanager
def _left_to_the_next_sweep(delivery_id: int) -> Iterator[None]:
    """Trouble with the database is told; one delivery that always makes trouble is put aside in the end."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        _leave(delivery_id, error)


def _leave(delivery_id: int, error: Exception, *, most: int = MOST_ATTEMPTS) -> None:
    logger.warning("delivery_left_to_the_sweep", delivery_id=delivery_id, error=type(error).__name__)
    Delivery.objects.filter(pk=delivery_id, state=State.RECEIVED).update(attempts=F("attempts") + 1)
    if Delivery.objects.filter(pk=delivery_id, attempts__gte=most).exists():
        _put_aside(delivery_id, {State.RECEIVED}, f"{type(error).__name__}: {error}", tries=0)


def _moment(told: Edit | Reaction | ConsentTold) -> datetime:
    return told.at
