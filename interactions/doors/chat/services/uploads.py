"""Files that a visitor chose and has not sent yet: on the disk under a name of ours, known by a ticket only."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from interactions.channels.contract import FetchedFile
from interactions.doors.chat.errors import FileIsRefusedError
from interactions.doors.chat.tokens import read_ticket, upload_ticket
from interactions.doors.models import ChatVisitor

logger = structlog.get_logger(__name__)

FOLDER: Final = "chat-uploads"
KEPT_DAYS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file in the hand of a visitor."""

    path: str
    file: FetchedFile


def keep_upload(*, visitor: ChatVisitor, file: FetchedFile) -> dict[str, Any]:
    """Keep a file until its message comes; what the browser is told of it. The ticket in `id` is its only name."""
    path = default_storage.save(f"{FOLDER}/{timezone.now():%Y-%m-%d}/{uuid4().hex}", ContentFile(file.content))
    told = {"name": file.name[:255], "type": file.content_type}
    ticket = upload_ticket(visitor.public_id, {"path": path, **told})
    return {"id": ticket, **told, "size": len(file.content)}


def uploads_named(*, visitor: ChatVisitor, tickets: list[str]) -> list[Upload]:
    """The files of these tickets. Raises FileIsRefusedError if one is nobody's, another visitor's or gone."""
    found = []
    for ticket in dict.fromkeys(tickets):
        told = read_ticket(visitor.public_id, ticket)
        try:
            if told is None:
                raise FileNotFoundError
            with default_storage.open(told["path"]) as kept:
                content = kept.read()
        except OSError:
            raise FileIsRefusedError(_("A file is gone. Please choose it again.")) from None
        file = FetchedFile(name=told["name"], content_type=told["type"], content=content)
        found.append(Upload(path=told["path"], file=file))
    return found


def forget(uploads: list[Upload]) -> None:
    """Their message has them now."""
    for upload in uploads:
        try:
            default_storage.delete(upload.path)
        except OSError:
            logger.warning("upload_left_behind", path=upload.path)


def forget_uploads() -> int:
    """Take away what was chosen days ago and never sent; how many files."""
    last_day = f"{timezone.now() - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    gone = 0
    try:
        days, _files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    for day in days:
        if day >= last_day:
            continue
        for name in default_storage.listdir(f"{FOLDER}/{day}")[1]:
            default_storage.delete(f"{FOLDER}/{day}/{name}")
            gone += 1
        default_storage.delete(f"{FOLDER}/{day}")
    return gone
