"""Fetching the new mail of one line over IMAP: the folder is only read, and every mail moves the cursor as it is
taken in, so that a line that breaks anywhere loses nothing and doubles nothing."""

import imaplib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from imap_tools import BaseMailBox, MailboxLoginError
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError

from ccx.kernel.events.effects import TemporaryEffectError
from ccx.kernel.events.locks import holding_one_of
from ccx.kernel.events.log import announce
from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.channels.contract import Line
from interactions.channels.email.oauth import ConsentIsNeededError
from interactions.channels.email.servers import close_imap, folder_of, imap_of, open_imap, takes_old_mail
from interactions.channels.models import Inbox, LineHealth, LineState
from interactions.channels.registry import line_of
from interactions.doors.mail.selectors import LATE
from interactions.doors.mail.services import Place, take_mail
from interactions.doors.models import Mailbox
from interactions.handling.events import NOT_FETCHED, LineChanged
from interactions.handling.lines import note_failure, note_well

logger = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 500
SIZES_AT_ONCE: Final = 50
MAX_HEAD: Final = 64 * 1024
# After the folder was numbered anew: mail of so many days before the last look may not have been taken yet.
LOOK_BACK: Final = timedelta(days=2)
UID: Final = re.compile(rb"\bUID (\d+)")
SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def fetch_mailbox(*, inbox_id: int, most: int = MOST_AT_ONCE) -> int:
    """Take in what is new, oldest first; how many mails. What went wrong stands in the mailbox's row afterwards."""
    inbox = Inbox.objects.get(pk=inbox_id)
    mailbox, _made = Mailbox.objects.get_or_create(inbox=inbox)
    taken = 0
    # It saves work; what keeps mails single is the cursor's row lock.
    with holding_one_of([f"mailbox:{inbox_id}"]) as is_alone:
        if not is_alone:
            return 0
        try:
            for one in _new_mails(inbox, mailbox, most):
                taken += one
        except ConsentIsNeededError as error:
            _note(mailbox, str(error))
            # What is sent needs the same consent.
            note_failure(inbox, error)
        except TemporaryEffectError as error:
            _note(mailbox, _("The line to the mail server broke: %(error)s") % {"error": _told(error)})
        except MailboxLoginError:
            _note(mailbox, _("The mail server refuses the user or the password."))
        except MailboxFolderSelectError:
            _note(mailbox, _("The mail server has no such folder."))
        except SecretIsUnreadableError:
            _note(mailbox, _("The password cannot be read: its key is missing."))
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            _note(mailbox, _("The line to the mail server broke: %(error)s") % {"error": _told(error)})
        else:
            mailbox.checked_at = timezone.now()
            _note(mailbox, "")
            _tell_well(inbox)
    return taken


def _new_mails(inbox: Inbox, mailbox: Mailbox, most: int) -> Iterator[int]:
    line = line_of(inbox)
    box = open_imap(line)
    try:
        box.folder.set(folder_of(line), readonly=True)
        _agree_on_numbers(line, mailbox, box)
        found = box.uids(f"UID {mailbox.last_uid + 1}:*", charset=None)
        # A range that begins after the last mail still names the last one.
        uids = sorted(number for number in map(int, found) if number > mailbox.last_uid)[:most]
        for start in range(0, len(uids), SIZES_AT_ONCE):
            for uid, size, received_at in _sizes(box, uids[start : start + SIZES_AT_ONCE]):
                yield _take(inbox, mailbox, box, uid=uid, size=size, received_at=received_at)
    finally:
        close_imap(box)


def _take(
    inbox: Inbox, mailbox: Mailbox, box: BaseMailBox, *, uid: int, size: int, received_at: datetime
) -> int:  # fmt: skip
    limit = settings.CCX_MAIL_MAX_MB * 1024 * 1024
    is_cut = size > limit
    raw = _body(box, uid, f"BODY.PEEK[HEADER]<0.{MAX_HEAD}>" if is_cut else f"BODY.PEEK[]<0.{limit}>")
    if raw is None:
        return 0  # taken away by somebody in the meantime
    place = Place(uid_validity=mailbox.uid_validity, uid=uid)
    take_mail(inbox=inbox, raw=raw, received_at=received_at, place=place, is_cut=is_cut)
    return 1


def _agree_on_numbers(line: Line, mailbox: Mailbox, box: BaseMailBox) -> None:
    """Numbers mean something only under one UIDVALIDITY; where it changed, go back by date; what is known stays."""
    validity, following = _number(box, "UIDVALIDITY"), _number(box, "UIDNEXT")
    if validity == mailbox.uid_validity:
        return
    if mailbox.uid_validity:
        since = (mailbox.checked_at or timezone.now()).astimezone(UTC) - LOOK_BACK
        found = [
            int(uid) for uid in box.uids(f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}", charset=None)
        ]
        mailbox.last_uid = min(found, default=following) - 1
    else:
        mailbox.last_uid = 0 if takes_old_mail(line) else max(0, following - 1)
    mailbox.uid_validity = validity
    mailbox.save(update_fields=["uid_validity", "last_uid"])


def _number(box: BaseMailBox, name: str) -> int:
    _kind, values = box.client.response(name)
    told = values[-1] if values else None
    return int(told) if isinstance(told, bytes) and told.isdigit() else 0


def _sizes(box: BaseMailBox, uids: list[int]) -> list[tuple[int, int, datetime]]:
    """Number, size and time of arrival of each, before any of them is fetched."""
    status, lines = box.client.uid("fetch", ",".join(map(str, uids)), "(UID RFC822.SIZE INTERNALDATE)")
    if status != "OK":
        raise imaplib.IMAP4.error("sizes were refused")
    wanted, found = set(uids), []
    for line in lines:
        told = line[0] if isinstance(line, tuple) else line
        if not isinstance(told, bytes) or (uid := UID.search(told)) is None or (size := SIZE.search(told)) is None:
            continue
        if int(uid[1]) in wanted:
            found.append((int(uid[1]), int(size[1]), _arrival(told)))
    return sorted(found)


def _arrival(told: bytes) -> datetime:
    moment = imaplib.Internaldate2tuple(told)
    if moment is None:
        return timezone.now()
    try:
        return datetime(*moment[:6]).astimezone(UTC)  # imaplib tells it in the machine's own zone
    except (ValueError, OverflowError, OSError):
        return timezone.now()


def _body(box: BaseMailBox, uid: int, what: str) -> bytes | None:
    status, answer = box.client.uid("fetch", str(uid), f"({what})")
    if status != "OK":
        raise imaplib.IMAP4.error("a mail was refused")
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), None)


def _note(mailbox: Mailbox, error: str) -> None:
    if error:
        logger.warning("mail_not_fetched", inbox_id=mailbox.pk, error=error)
    mailbox.error = error[:300]
    mailbox.save(update_fields=["checked_at", "error"])
    _tell_desk(mailbox)


def _tell_desk(mailbox: Mailbox) -> None:
    """Desks that are open hear once that mail does not come in any more, and once that it does again."""
    key = f"mail-late:{mailbox.pk}"
    now = timezone.now()
    if mailbox.error:
        is_late = mailbox.checked_at is None or mailbox.checked_at < now - LATE
        is_news = is_late and cache.add(key, 1, timeout=None)
    else:
        is_news = cache.delete(key)
    if is_news:
        announce(LineChanged(inbox_id=mailbox.pk, state=NOT_FETCHED if mailbox.error else LineState.WELL), at=now)


def _tell_well(inbox: Inbox) -> None:
    """The consent that was missing is there: what waits to be sent may go, too."""
    is_refused = LineHealth.objects.filter(inbox=inbox, state=LineState.REFUSED).exists()
    if is_refused and imap_of(line_of(inbox)).has_token:
        note_well(inbox)


def _told(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
