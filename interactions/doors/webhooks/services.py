"""One delivery of a provider: verified, kept as it came, read, and settled. What cannot be read is put aside."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import BigIntegerField, BinaryField, BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import TemporaryEffectError
from interactions.calls.services import hear
from interactions.cases.models import Attachment, Message
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
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.customers.services import hear_consent, hear_same
from interactions.doors.files import attach, forget_files, in_hand, keep_files, owe_files
from interactions.doors.mail.services import book_mail
from interactions.doors.models import Delivery
from interactions.doors.webhooks.reading import kept_of, request_of
from interactions.handling.models import Sending
from interactions.handling.reports import hear_report
from interactions.handling.services import hear_edit, hear_reaction
from interactions.intake.models import RawContact
from interactions.intake.services import receive

logger = structlog.get_logger(__name__)

State = Delivery.State
# A delivery that is read in its request is settled long before; older ones are the sweep's.
SWEPT_AFTER: Final = timedelta(seconds=30)
# For so long something that changes a message may wait for the message.
WAITS_FOR: Final = timedelta(days=1)
MOST_ATTEMPTS: Final = 12
LONGEST_READING: Final = timedelta(minutes=1)
# Shorter ones stand in anything by chance.
SURE_ID: Final = 6
WAITING: Final = "waits for the message that it changes"
NEVER_CAME: Final = "the message that it changes never came"


class _Holds(Func):
    """Whether bytes hold others."""

    template = "position(%(expressions)s) > 0"
    arg_joiner = " IN "
    output_field = BooleanField()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of one delivery: kept, and whether it was kept before and whether it could be read."""

    delivery_id: int
    is_new: bool
    is_understood: bool


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
        is_understood = process(delivery_id=delivery.pk, line=line)
    except (OperationalError, InterfaceError) as error:
        logger.warning("delivery_left_to_the_sweep", delivery_id=delivery.pk, error=type(error).__name__)
        is_understood = True
    failpoints.reach("delivery.after_process")
    return Taken(delivery_id=delivery.pk, is_new=True, is_understood=is_understood)


def process(*, delivery_id: int, line: Line | None = None, is_again: bool = False) -> bool:
    """Read one delivery that nobody has read yet, or with `is_again` one that was put aside; whether it was read.

    Only trouble with the database is raised. Done twice it is done once: every part of it has an id.
    """
    may_be = {State.RECEIVED, State.QUARANTINED} if is_again else {State.RECEIVED}
    try:
        return _settled(delivery_id, may_be, line)
    except (OperationalError, InterfaceError):
        raise
    except TemporaryEffectError as error:
        # The provider keeps for us what it told of, and cannot be reached now.
        _leave(delivery_id, error)
        return not is_again
    except Exception as error:
        logger.warning("delivery_put_aside", delivery_id=delivery_id, error=type(error).__name__)
        _put_aside(delivery_id, may_be, f"{type(error).__name__}: {error}")
        return False


def sweep_deliveries(now: datetime | None = None, limit: int = 200) -> int:
    """Read what its request could not: a process died, the database was away, or a message came late; how many."""
    moment = now or timezone.now()
    waiting = Delivery.objects.filter(
        kind=Delivery.Kind.WEBHOOK, state=State.RECEIVED, received_at__lt=moment - SWEPT_AFTER
    )
    tried = 0
    for pk, received_at, attempts in list(waiting.order_by("received_at").values_list("pk", "received_at", "attempts")):
        # Each try waits twice as long as the one before.
        if tried >= limit or received_at + SWEPT_AFTER * 2 ** min(attempts, 12) > moment:
            continue
        tried += 1
        with _left_to_the_next_sweep(pk):
            process(delivery_id=pk)
    return tried


def purge_deliveries(*, before: datetime, limit: int = 5000) -> int:
    """Forget deliveries that were settled long ago, but those out of which a file is still to be taken; how many."""
    old = Delivery.objects.filter(settled_at__lt=before).exclude(Exists(_owed()))
    return Delivery.objects.filter(
        pk__in=list(old.order_by("settled_at").values_list("pk", flat=True)[:limit])
    ).delete()[0]


def _owed() -> QuerySet[Attachment]:
    """Files that are still to be taken out of the delivery that the outer query is at."""
    pending = Attachment.objects.filter(state=Attachment.State.PENDING, remote__has_key="delivery")
    return pending.annotate(of=Cast(KeyTextTransform("delivery", "remote"), BigIntegerField())).filter(
        of=OuterRef("pk")
    )


def forget_deliveries(*, customer_ids: Sequence[int]) -> int:
    """Forget the bytes that brought what these erased customers said; how many deliveries.

    What was taken in is known by when: it was settled in the transaction that wrote the contact. Edits, reports and
    what was put aside are known by the id in them of what they are about.
    """
    forgotten = 0
    ids: dict[int, set[bytes]] = defaultdict(set)
    contacts = RawContact.objects.filter(interaction__customer_id__in=customer_ids)
    for inbox_id, external_id, at in contacts.values_list("inbox_id", "external_id", "received_at").iterator():
        ids[inbox_id].add(external_id.partition("#")[0].encode())
        settled = Delivery.objects.filter(inbox_id=inbox_id, received_at__lte=at, settled_at__gte=at)
        settled = settled.filter(settled_at__lte=at + LONGEST_READING)
        forgotten += settled.exclude(Exists(_owed())).delete()[0]
    sent = Sending.objects.filter(message__interaction__customer_id__in=customer_ids).exclude(provider_id="")
    for inbox_id, provider_id in sent.values_list("inbox_id", "provider_id").iterator():
        ids[inbox_id].add(provider_id.encode())
    for inbox_id, told in ids.items():
        holding = [Q(_Holds(Value(one, output_field=BinaryField()), F("body"))) for one in told if len(one) >= SURE_ID]
        for start in range(0, len(holding), 50):
            some = Delivery.objects.filter(inbox_id=inbox_id).filter(reduce(or_, holding[start : start + 50]))
            forgotten += some.exclude(Exists(_owed())).delete()[0]
    return forgotten


def _keep(inbox: Inbox, adapter: Adapter, request: Request) -> tuple[Delivery, bool]:
    """The delivery's row, committed, and whether it is new. The same bytes brought again are the same row."""
    kept = Delivery(inbox=inbox, kind=Delivery.Kind.WEBHOOK, **kept_of(adapter, request))
    Delivery.objects.bulk_create([kept], ignore_conflicts=True)
    found = Delivery.objects.defer("body").get(inbox=inbox, digest=kept.digest)
    return found, found.public_id == kept.public_id


def _settled(delivery_id: int, may_be: set[Delivery.State], line: Line | None) -> bool:
    undo: list[Callable[[], None]] = []
    try:
        with transaction.atomic():
            delivery = Delivery.objects.select_for_update(of=("self",)).select_related("inbox").get(pk=delivery_id)
            if delivery.state not in may_be:
                return delivery.state != State.QUARANTINED
            adapter = adapter_of(delivery.inbox)
            if adapter is None:
                raise LookupError("nobody speaks for this line any more")
            known = line or line_of(delivery.inbox)
            parsed = adapter.parse(known, request_of(delivery), received_at=delivery.received_at)
            outcome = _take_in(delivery, parsed, undo)
            _settle(delivery, outcome)
        undo.clear()
    finally:
        for step in undo:
            step()
    if outcome.has_new:
        _wake_waiting(delivery)
    return not outcome.troubles or outcome.taken > 0


def _take_in(delivery: Delivery, parsed: Parsed, undo: list[Callable[[], None]]) -> _Outcome:
    """Everything that one delivery held, each part by itself: a bad one stops no other."""
    troubles = list(parsed.broken)
    taken, has_new, is_waiting = 0, False, False
    strangers = _unite(parsed.same, troubles)
    for arrived in parsed.arrived:
        with _apart(troubles):
            has_new |= _arrive(delivery, arrived, undo)
            taken += 1
    _unite(strangers, troubles)
    for raw in parsed.mails:
        with _apart(troubles):
            book_mail(inbox=delivery.inbox, raw=raw, received_at=delivery.received_at)
            taken += 1
    for report in parsed.reports:
        with _apart(troubles):
            hear_report(inbox=delivery.inbox, report=report)
            taken += 1
    if parsed.calls:
        with _apart(troubles):
            hear(inbox=delivery.inbox, told=parsed.calls, arrived_at=delivery.received_at)
            taken += len(parsed.calls)
    for edit in sorted(parsed.edits, key=_moment):
        with _apart(troubles):
            is_known = hear_edit(inbox_id=delivery.inbox_id, edit=edit)
            is_waiting |= not is_known
            taken += 1
    for reaction in sorted(parsed.reactions, key=_moment):
        with _apart(troubles):
            is_known = hear_reaction(inbox_id=delivery.inbox_id, reaction=reaction)
            is_waiting |= not is_known
            taken += 1
    for consent in sorted(parsed.consents, key=_moment):
        with _apart(troubles):
            hear_consent(channel=delivery.inbox.channel, consent=consent)
            taken += 1
    return _Outcome(taken, tuple(troubles), is_waiting, has_new)


def _unite(
    same: Iterable[tuple[IdentityClaim, IdentityClaim]], troubles: list[str]
) -> list[tuple[IdentityClaim, IdentityClaim]]:
    """Know people by every address that is theirs; those of whom none is known yet."""
    strangers = []
    for one, other in same:
        with _apart(troubles):
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


def _settle(delivery: Delivery, outcome: _Outcome) -> None:
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
    delivery.save(update_fields=["state", "attempts", "error", "settled_at"])


def _told(outcome: _Outcome) -> str:
    count = len(outcome.troubles)
    return f"{count} of {count + outcome.taken}: {'; '.join(outcome.troubles)}"[:300].replace("\x00", "")


def _wake_waiting(delivery: Delivery) -> None:
    """A message came: what changes it may have come before."""
    waiting = Delivery.objects.filter(inbox_id=delivery.inbox_id, state=State.RECEIVED, error=WAITING)
    for pk in list(waiting.order_by("received_at").values_list("pk", flat=True)[:50]):
        with _left_to_the_next_sweep(pk):
            process(delivery_id=pk)


@transaction.atomic
def _put_aside(delivery_id: int, may_be: set[Delivery.State], error: str) -> None:
    Delivery.objects.filter(pk=delivery_id, state__in=may_be).update(
        state=State.QUARANTINED, attempts=F("attempts") + 1, error=error[:300].replace("\x00", "")
    )


@contextmanager
def _apart(troubles: list[str]) -> Iterator[None]:
    """A part of a delivery: what goes wrong with it is undone and told, and the next part has its turn."""
    try:
        with transaction.atomic():
            yield
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.warning("part_of_delivery_put_aside", error=type(error).__name__)
        troubles.append(f"{type(error).__name__}: {error}"[:200])


@contextmanager
def _left_to_the_next_sweep(delivery_id: int) -> Iterator[None]:
    """Trouble with the database is told; one delivery that always makes trouble is put aside in the end."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        _leave(delivery_id, error)


def _leave(delivery_id: int, error: Exception) -> None:
    logger.warning("delivery_left_to_the_sweep", delivery_id=delivery_id, error=type(error).__name__)
    Delivery.objects.filter(pk=delivery_id, state=State.RECEIVED).update(attempts=F("attempts") + 1)
    if Delivery.objects.filter(pk=delivery_id, attempts__gte=MOST_ATTEMPTS).exists():
        _put_aside(delivery_id, {State.RECEIVED}, str(error))


def _moment(told: Edit | Reaction | ConsentTold) -> datetime:
    return told.at
