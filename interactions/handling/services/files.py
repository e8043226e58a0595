"""Files on their way out: put with a draft, hung on its message when it is sent, taken back with it."""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from ccx.kernel.files import kind_of, safe_name
from ccx.kernel.models import User
from interactions.cases.models import Attachment, Interaction, Message
from interactions.channels.contract import Capabilities, FetchedFile
from interactions.handling.errors import FileDoesNotFitError, FileIsGoneError
from interactions.handling.models import Draft, DraftFile
from interactions.handling.selectors.choosing import NOTE_LIMITS, chosen_way, refuse_files_that_do_not_fit

logger = structlog.get_logger(__name__)


def add_file(*, interaction_id: int, by: User, file: FetchedFile, draft_id: UUID, is_note: bool = False) -> DraftFile:
    """Put a file with what somebody writes. What its line would not take is refused now, not when it is sent."""
    path = default_storage.save(f"attachments/{timezone.now():%Y/%m}/{uuid4().hex}", ContentFile(file.content))
    try:
        return _add(interaction_id, by, file, draft_id, is_note=is_note, path=path)
    except Exception:
        _delete([path])
        raise


@transaction.atomic
def _add(interaction_id: int, by: User, file: FetchedFile, draft_id: UUID, *, is_note: bool, path: str) -> DraftFile:
    if not file.content:
        raise FileDoesNotFitError(_("%(name)s is empty.") % {"name": safe_name(file.name)})
    draft, _is_new = Draft.objects.select_for_update().get_or_create(
        interaction_id=interaction_id,
        author=by,
        defaults={"public_id": draft_id, "is_note": is_note, "saved_at": timezone.now()},
    )
    made = DraftFile(
        draft=draft,
        file=path,
        name=safe_name(file.name),
        content_type=kind_of(file.content, file.content_type)[:100],
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
    )
    refuse_files_that_do_not_fit([*draft.files.all(), made], NOTE_LIMITS if is_note else limits_of(draft))
    made.save()
    return made


def limits_of(draft: Draft) -> Capabilities:
    """What the line takes on which the draft is to go; where none is open, what a note takes."""
    interaction = Interaction.objects.select_related("inbox__reply_inbox").get(pk=draft.interaction_id)
    try:
        way = chosen_way(interaction, user=draft.author, inbox_id=draft.inbox_id, identity_id=draft.recipient_id)
    except DomainError:
        return NOTE_LIMITS
    return way.capabilities


@transaction.atomic
def remove_file(*, interaction_id: int, file_id: UUID, by: User) -> None:
    """Take a file out of one's draft. What is not there any more is a no-op."""
    drop_files(DraftFile.objects.filter(public_id=file_id, draft__interaction_id=interaction_id, draft__author=by))


def files_to_send(interaction: Interaction, author: User, wanted: Sequence[UUID]) -> list[DraftFile]:
    """The files that the sender saw with their words, held until they are sent. Raises FileIsGoneError."""
    mine = DraftFile.objects.select_for_update().filter(draft__interaction=interaction, draft__author=author)
    found = {file.public_id: file for file in mine.filter(public_id__in=list(wanted))}
    if any(one not in found for one in wanted):
        raise FileIsGoneError
    return [found[one] for one in dict.fromkeys(wanted)]


def attach_files(message: Message, files: Sequence[DraftFile]) -> None:
    """They are the message's now."""
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            file=file.file.name,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for file in files
    )
    DraftFile.objects.filter(pk__in=[file.pk for file in files]).delete()


def detach_files(message: Message, draft: Draft) -> None:
    """The message was taken back: its files are its draft's again."""
    kept = list(message.attachments.filter(state=Attachment.State.KEPT).order_by("pk"))
    DraftFile.objects.bulk_create(
        DraftFile(
            draft=draft,
            file=one.file.name,
            name=one.name,
            content_type=one.content_type,
            size=one.size,
            sha256=one.sha256,
        )
        for one in kept
    )
    message.attachments.filter(pk__in=[one.pk for one in kept]).delete()


def drop_files(files: QuerySet[DraftFile]) -> None:
    """Delete them, and what the disk has of them once that is certain."""
    paths = list(files.values_list("file", flat=True))
    files.delete()
    if paths:
        transaction.on_commit(lambda: _delete(paths))


def _delete(paths: Sequence[str]) -> None:
    for path in paths:
        try:
            default_storage.delete(path)
        except OSError:
            logger.warning("draft_file_left_behind", path=path)
