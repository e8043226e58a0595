"""Files that come with a form. Chosen ones are held while something else is mended, known by a ticket only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import structlog
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ccx.kernel.files import kind_of, safe_name
from interactions.channels.contract import FetchedFile

logger = structlog.get_logger(__name__)

FOLDER: Final = "form-uploads"
KEPT_DAYS: Final = 2
SALT: Final = "web form file"
MOST_FILES: Final = 5
MAX_FILE: Final = 10 * 1024 * 1024
# All files, and what is written beside them.
MAX_BODY: Final = MOST_FILES * MAX_FILE + 1024 * 1024
MAX_AGE: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Held:
    """A file of a form that is not sent yet; `path` is empty while its bytes came along just now."""

    file: FetchedFile
    path: str = ""
    ticket: str = ""

    @property
    def size(self) -> int:
        return len(self.file.content)


def chosen(
    *, number: str, uploads: Sequence["UploadedFile[Any]"], tickets: Sequence[str]
) -> tuple[list[Held], list[str]]:
    """What was held before and what came along, and in words what of it cannot be taken."""
    found, errors = [], []
    for ticket in dict.fromkeys(tickets[:MOST_FILES]):
        held = _read(number, ticket)
        if held is None:
            errors.append(_("A file is gone. Please choose it again."))
        else:
            found.append(held)
    for upload in uploads:
        name = safe_name(upload.name or "")
        if len(found) == MOST_FILES:
            words = ngettext("At most %(count)d file can be sent.", "At most %(count)d files can be sent.", MOST_FILES)
            errors.append(words % {"count": MOST_FILES})
            break
        if (upload.size or 0) > MAX_FILE:
            errors.append(_("%(name)s is larger than %(megabytes)d MB.") % {"name": name, "megabytes": 10})
        elif not upload.size:
            errors.append(_("%(name)s is empty.") % {"name": name})
        else:
            content = upload.read()
            kind = kind_of(content, upload.content_type or "")
            found.append(Held(file=FetchedFile(name=name, content_type=kind, content=content)))
    return found, errors


def hold(*, number: str, files: Sequence[Held]) -> list[Held]:
    """Keep those that came along until the form is sent again."""
    kept = []
    for held in files:
        if held.path:
            kept.append(held)
            continue
        path = default_storage.save(f"{FOLDER}/{timezone.now():%Y-%m-%d}/{uuid4().hex}", ContentFile(held.file.content))
        ticket = signing.dumps([number, path, held.file.name, held.file.content_type], salt=SALT)
        kept.append(Held(file=held.file, path=path, ticket=ticket))
    return kept


def let_go(files: Sequence[Held]) -> None:
    """Their message has them now."""
    for held in files:
        if held.path:
            _delete(held.path)


def forget_uploads() -> int:
    """Take away what was chosen days ago and never sent; how many files."""
    last_day = f"{timezone.now() - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    gone = 0
    try:
        days, _files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    for day in days:
        if day < last_day:
            for name in default_storage.listdir(f"{FOLDER}/{day}")[1]:
                _delete(f"{FOLDER}/{day}/{name}")
                gone += 1
    return gone


def _read(number: str, ticket: str) -> Held | None:
    try:
        told: Any = signing.loads(ticket[:2000], salt=SALT, max_age=MAX_AGE)
        owner, path, name, kind = told
        if owner != number:
            return None
        with default_storage.open(path) as kept:
            file = FetchedFile(name=name, content_type=kind, content=kept.read())
    except (signing.BadSignature, ValueError, TypeError, OSError):
        return None
    return Held(file=file, path=path, ticket=ticket)


def _delete(path: str) -> None:
    try:
        default_storage.delete(path)
    except OSError:
        logger.warning("upload_left_behind", path=path)
