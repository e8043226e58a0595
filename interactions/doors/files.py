"""Files that come in: kept under names of ours before their message is booked, so that none is lost between.

Files that the provider keeps, and files for which the disk had no room, are owed: the words are stored without them,
and a worker fetches them, from the provider or once more out of the delivery that brought them.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import uuid4

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ccx.kernel import viruses
from ccx.kernel.events.effects import RefusedEffectError
from ccx.kernel.events.trouble import describe
from ccx.kernel.files import IMAGES, UNKNOWN, is_showable, kind_of, safe_name
from ccx.kernel.viruses import ScannerIsAwayError
from interactions.cases.models import Attachment
from interactions.channels.contract import Arrived, CannotAskError, FetchedFile, RemoteFile
from interactions.channels.email.child import read_in_child
from interactions.channels.registry import adapter_of, line_of
from interactions.doors.models import Delivery
from interactions.doors.webhooks.reading import request_of
from interactions.handling.services.moves import tell_change

logger = structlog.get_logger(__name__)

MAX_FILE: Final = 25 * 1024 * 1024
MOST_ATTEMPTS: Final = 12
LONGEST_WAIT: Final = timedelta(hours=6)
# A scanner that is back is asked soon, for people wait for the file: the pauses grow no more after so many.
HOLDS: Final = 4
# A fetch has deadlines far below this; who is silent for so long is dead, and the file is due again.
CLAIMED_FOR: Final = timedelta(minutes=5)

State = Attachment.State


class InHand(Protocol):
    """A file whose bytes came along: of a mail, or a FetchedFile of an adapter."""

    @property
    def name(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Files on the disk that no row knows yet; the names of those that are too large to be kept; and with their
    places among all those for which the disk had no room."""

    files: tuple[tuple[InHand, str], ...] = ()
    lost: tuple[str, ...] = ()
    waiting: tuple[tuple[int, InHand], ...] = ()


def keep_files(files: Sequence[InHand]) -> Kept:
    """Write them. None of them stops the words they came with."""
    kept, lost, waiting = [], [], []
    for place, file in enumerate(files):
        if len(file.content) > MAX_FILE:
            lost.append(safe_name(file.name))
            continue
        try:
            kept.append((file, _save(file.content)))
        except OSError as error:
            logger.error("attachment_not_kept", error=type(error).__name__)
            waiting.append((place, file))
    return Kept(files=tuple(kept), lost=tuple(lost), waiting=tuple(waiting))


def attach(kept: Kept, *, message_id: int, source: Mapping[str, Any] | None = None) -> None:
    """Hang the files on their message. `source` says where those are found again for which there was no room.

    Where a virus scanner is asked, a worker asks it; until then the row is without its file, which lies where
    `remote` says, and nobody may open it.
    """
    now = timezone.now()
    is_held = viruses.is_asked()
    rows = [
        Attachment(
            message_id=message_id,
            file="" if is_held else path,
            state=State.PENDING if is_held else State.KEPT,
            remote={"held": path} if is_held else {},
            due_at=now if is_held else None,
            sha256=hashlib.sha256(file.content).hexdigest(),
            **_described(file),
        )
        for file, path in kept.files
    ]
    rows += [
        Attachment(
            message_id=message_id,
            state=State.PENDING if source is not None else State.LOST,
            remote={**source, "file": place} if source is not None else {},
            due_at=now + timedelta(minutes=1) if source is not None else None,
            error="no room on the disk",
            **_described(file),
        )
        for place, file in kept.waiting
    ]
    Attachment.objects.bulk_create(rows)


def owe_files(files: Sequence[RemoteFile], *, message_id: int) -> None:
    """Note files that the provider keeps; a worker fetches them within seconds."""
    now = timezone.now()
    Attachment.objects.bulk_create(
        Attachment(
            message_id=message_id,
            state=State.PENDING,
            remote=dict(file.reference),
            due_at=now,
            name=safe_name(file.name),
            content_type=file.content_type[:100],
            size=max(0, file.size or 0),
        )
        for file in files
    )


def forget_files(kept: Kept) -> None:
    """Take them away again: their message was here already, or could not be booked."""
    for _, path in kept.files:
        _delete(path)


def fetch_due_files(limit: int = 20) -> int:
    """Fetch what is owed and have it scanned, the oldest first; how many were tried. Any number may do so at once."""
    tried = 0
    for attachment in _claim(limit):
        _fetch(attachment)
        tried += 1
    return tried


def _claim(limit: int) -> Iterator[Attachment]:
    due = Attachment.objects.filter(state=State.PENDING, due_at__lte=timezone.now())
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)[:limit]):
        now = timezone.now()
        # "First worker wins": who moves the moment has the file.
        if Attachment.objects.filter(pk=pk, state=State.PENDING, due_at__lte=now).update(
            due_at=now + CLAIMED_FOR, attempts=F("attempts") + 1
        ):
            yield Attachment.objects.select_related("message__interaction__inbox").get(pk=pk)


def _fetch(attachment: Attachment) -> None:
    try:
        file = _again(attachment)
        path = attachment.remote.get("held") or _save(file.content)
        try:
            virus = viruses.virus_in(file.content)
        except ScannerIsAwayError as error:
            _hold(attachment, file, path, error)
            return
    except (RefusedEffectError, CannotAskError) as error:
        _give_up(attachment, describe(error))
    except Exception as error:
        if attachment.attempts >= MOST_ATTEMPTS:
            _give_up(attachment, describe(error))
            return
        wait: float | None = getattr(error, "retry_after", None)
        due_at = timezone.now() + max(timedelta(seconds=wait or 0), _pause(attachment.attempts))
        Attachment.objects.filter(pk=attachment.pk, state=State.PENDING).update(
            due_at=due_at, error=describe(error)[:300]
        )
    else:
        if not _arrive(attachment, file, path, virus):
            _delete(path)


def _again(attachment: Attachment) -> FetchedFile:
    """The file's bytes: from the provider, or out of the delivery that brought it."""
    inbox = attachment.message.interaction.inbox
    if "held" in attachment.remote:
        with default_storage.open(attachment.remote["held"]) as held:
            content = held.read()
        file = FetchedFile(name=attachment.name, content_type=attachment.content_type, content=content)
    elif "delivery" in attachment.remote:
        file = _out_of_delivery(attachment.remote)
    else:
        adapter = adapter_of(inbox)
        if adapter is None:
            raise CannotAskError("nobody speaks for this line any more")
        file = adapter.fetch(line_of(inbox), attachment.remote, max_bytes=MAX_FILE)
    if len(file.content) > MAX_FILE:
        raise RefusedEffectError("the file is too large")
    return file


def _out_of_delivery(remote: Mapping[str, Any]) -> FetchedFile:
    delivery = Delivery.objects.select_related("inbox").filter(pk=remote["delivery"]).first()
    if delivery is None:
        raise RefusedEffectError("what brought it is not kept any more")
    files: Sequence[Any]
    if delivery.kind == Delivery.Kind.MAIL:
        files = read_in_child(bytes(delivery.body)).files
    else:
        files = _of_contact(delivery, str(remote.get("contact", "")))
    file = files[int(remote["file"])]
    return FetchedFile(name=file.name, content_type=file.content_type, content=file.content)


def _of_contact(delivery: Delivery, external_id: str) -> Sequence[FetchedFile]:
    adapter = adapter_of(delivery.inbox)
    if adapter is None:
        raise CannotAskError("nobody speaks for this line any more")
    parsed = adapter.parse(line_of(delivery.inbox), request_of(delivery), received_at=delivery.received_at)
    return next((in_hand(one) for one in parsed.arrived if one.contact.external_id == external_id), [])


def in_hand(arrived: Arrived) -> list[FetchedFile]:
    """The files whose bytes came along."""
    return [file for file in arrived.files if isinstance(file, FetchedFile)]


def _hold(attachment: Attachment, file: FetchedFile, path: str, error: ScannerIsAwayError) -> None:
    """It is here and nobody may open it: asked again until there is an answer, however long that takes."""
    logger.warning("file_not_scanned", attachment_id=attachment.pk, error=str(error))
    changed = Attachment.objects.filter(pk=attachment.pk, state=State.PENDING).update(
        remote={"held": path},
        size=len(file.content),
        due_at=timezone.now() + _pause(min(attachment.attempts, HOLDS)),
        attempts=min(attachment.attempts, HOLDS),
        error=str(error)[:300],
    )
    if not changed:
        _delete(path)
    elif not attachment.error:
        _tell(attachment)


@transaction.atomic
def _arrive(attachment: Attachment, file: FetchedFile, path: str, virus: str) -> bool:
    """Whether the row is still there and still waits; the customer may have been erased meanwhile.

    A file with a virus is kept aside: nobody is given it, and it goes with its customer.
    """
    found = Attachment.objects.select_for_update().filter(pk=attachment.pk, state=State.PENDING).first()
    if found is None:
        return False
    if virus:
        logger.warning("virus_found", attachment_id=attachment.pk, virus=virus)
        found.state, found.remote, found.due_at, found.error = State.LOST, {"aside": path}, None, virus
    else:
        found.file.name = path
        found.state, found.remote, found.due_at, found.error = State.KEPT, {}, None, ""
    found.size, found.sha256 = len(file.content), hashlib.sha256(file.content).hexdigest()
    found.content_type = _kind(file.content, file.content_type or found.content_type)
    found.save()
    _tell(attachment)
    return True


@transaction.atomic
def _give_up(attachment: Attachment, error: str) -> None:
    logger.warning("attachment_lost", attachment_id=attachment.pk, error=error)
    changed = Attachment.objects.filter(pk=attachment.pk, state=State.PENDING).update(
        state=State.LOST, due_at=None, error=error[:300]
    )
    if changed:
        _tell(attachment)


def _tell(attachment: Attachment) -> None:
    """Whoever looks at the contact sees it."""
    tell_change(attachment.message.interaction, "file_settled", by=None, at=timezone.now())


def _described(file: InHand) -> dict[str, Any]:
    return {
        "name": safe_name(file.name),
        "content_type": _kind(file.content, file.content_type),
        "size": len(file.content),
        "content_id": str(getattr(file, "content_id", ""))[:250],
    }


def _kind(content: bytes, told: str) -> str:
    """A picture that no browser could bear is a file like any other."""
    kind = kind_of(content, told)
    return (kind if kind not in IMAGES or is_showable(content) else UNKNOWN)[:100]


def _pause(attempts: int) -> timedelta:
    seconds = min(15.0 * 2.0 ** max(0, attempts - 1), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy


def _save(content: bytes) -> str:
    now: datetime = timezone.now()
    return str(default_storage.save(f"attachments/{now:%Y/%m}/{uuid4().hex}", ContentFile(content)))


def _delete(path: str) -> None:
    try:
        default_storage.delete(path)
    except OSError:
        logger.warning("attachment_left_behind", path=path)
