"""Files that came with a mail: kept under names of ours before the mail is booked, so that none is lost between."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from interactions.cases.models import Attachment
from interactions.channels.email.reading import File

logger = structlog.get_logger(__name__)

MAX_FILE: Final = 25 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Files on the disk that no row knows yet, and the names of those that could not be kept."""

    files: tuple[tuple[File, str], ...]
    lost: tuple[str, ...]


def keep_files(files: Sequence[File]) -> Kept:
    """Write them. One that is too large, or that the disk has no room for, is named instead: the words go on."""
    kept, lost = [], []
    for file in files:
        if len(file.content) > MAX_FILE:
            lost.append(file.name)
            continue
        try:
            path = default_storage.save(f"attachments/{timezone.now():%Y/%m}/{uuid4().hex}", ContentFile(file.content))
        except OSError as error:
            logger.error("attachment_not_kept", error=type(error).__name__)
            lost.append(file.name)
        else:
            kept.append((file, path))
    return Kept(files=tuple(kept), lost=tuple(lost))


def attach(kept: Kept, *, message_id: int) -> None:
    """Hang the files on their message."""
    Attachment.objects.bulk_create(
        Attachment(
            message_id=message_id,
            file=path,
            name=file.name[:255],
            content_type=file.content_type,
            size=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
        )
        for file, path in kept.files
    )


def forget_files(kept: Kept) -> None:
    """Take them away again: their mail was here already, or could not be booked."""
    for _, path in kept.files:
        try:
            default_storage.delete(path)
        except OSError:
            logger.warning("attachment_left_behind", path=path)
