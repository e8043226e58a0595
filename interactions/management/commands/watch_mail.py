"""manage.py watch_mail: waits at every mailbox for new mail (IMAP IDLE). One is enough; two do no harm."""

import signal
import threading
from types import FrameType
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

from ccx.kernel.audit.commands import AuditedCommand
from interactions.doors.mail.tasks import fetch_mail
from interactions.doors.mail.watching import Watch

logger = structlog.get_logger(__name__)

LOOKS_EVERY_SECONDS: Final = 15


class Command(AuditedCommand):
    help = "Waits at the mail servers of every line, so that new mail is fetched at once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Until somebody asks it to stop."""
        over = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            over.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        watch = Watch(_nudge)
        while not over.is_set():
            try:
                watch.look()
            except (OperationalError, InterfaceError):
                logger.warning("mailboxes_not_looked_up")
            close_old_connections()
            over.wait(LOOKS_EVERY_SECONDS)
        watch.stop()


def _nudge(inbox_id: int) -> None:
    try:
        fetch_mail.delay(inbox_id)
    except Exception as error:  # the broker is away: the mailbox is looked at in its turn
        logger.warning("mailbox_not_nudged", inbox_id=inbox_id, error=type(error).__name__)
