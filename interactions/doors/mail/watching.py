"""Waiting at the mail servers for news (IMAP IDLE): a thread a mailbox, all in one process.

A watcher takes in nothing: it has the mailbox looked at now, which otherwise happens at the next turn. So whatever
becomes of it, a line that breaks, a server without IDLE, a process that is killed, costs seconds and never a mail.
"""

import imaplib
import random
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from django.db import close_old_connections
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from ccx.kernel.errors import DomainError
from ccx.kernel.events.effects import TemporaryEffectError
from interactions.channels.contract import Line
from interactions.channels.email.servers import close_imap, folder_of, open_imap
from interactions.channels.models import Inbox
from interactions.channels.registry import line_of
from interactions.doors.mail.selectors import mailboxes_to_fetch

logger = structlog.get_logger(__name__)

# Servers may hang up after half an hour of silence (RFC 2177), and what sits between us and them much sooner.
RENEWED_AFTER_SECONDS: Final = 10 * 60
# How long a wait hears nothing of being stopped.
STEP_SECONDS: Final = 2
MOST_WOKEN: Final = 5
LONGEST_PAUSE_SECONDS: Final = 300
WITHOUT_IDLE_SECONDS: Final = 3600
MOST_WATCHED: Final = 200

Nudge = Callable[[int], None]


class Watcher(threading.Thread):
    """Waits at one mailbox until it is stopped; comes back, ever more slowly, when it is thrown out."""

    def __init__(self, line: Line, nudge: Nudge) -> None:
        super().__init__(name=f"mail-{line.inbox_id}", daemon=True)
        self.line, self.nudge = line, nudge
        self.is_over = threading.Event()
        self.is_waiting = threading.Event()

    def stop(self) -> None:
        self.is_over.set()

    def run(self) -> None:
        """Until it is stopped."""
        failures = 0
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                self._watch()
                pause = float(WITHOUT_IDLE_SECONDS)
            except (OSError, imaplib.IMAP4.error, ImapToolsError, TemporaryEffectError, DomainError) as error:
                failures = 0 if time.monotonic() - began > LONGEST_PAUSE_SECONDS else failures + 1
                pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311
                logger.info("mailbox_watch_broke", inbox_id=self.line.inbox_id, error=type(error).__name__)
            finally:
                self.is_waiting.clear()
                close_old_connections()
            self.is_over.wait(pause)

    def _watch(self) -> None:
        """Wait at the server; return only where it knows no IDLE, or when stopped."""
        box = open_imap(self.line)
        try:
            # What a server can do is told anew once somebody has signed in.
            _kind, told = box.client.capability()
            if b"IDLE" not in bytes(told[-1] or b"").upper().split():
                return
            box.folder.set(folder_of(self.line), readonly=True)
            # While nobody waited, mail may have come.
            self.nudge(self.line.inbox_id)
            while not self.is_over.is_set():
                self._wait_once(box)
        finally:
            close_imap(box)

    def _wait_once(self, box: BaseMailBox) -> None:
        box.idle.start()  # type: ignore[no-untyped-call]
        self.is_waiting.set()
        ends_at = time.monotonic() + RENEWED_AFTER_SECONDS
        woken_for_nothing = 0
        while not self.is_over.is_set() and time.monotonic() < ends_at:
            asked_at = time.monotonic()
            told = box.idle.poll(timeout=STEP_SECONDS)
            # A line that is gone wakes us at once, every time, and says nothing.
            is_early = not told and time.monotonic() - asked_at < STEP_SECONDS / 2
            woken_for_nothing = woken_for_nothing + 1 if is_early else 0
            if woken_for_nothing > MOST_WOKEN:
                raise ConnectionError("the line is gone")
            if any(b"BYE" in one[:8] for one in told):
                raise ConnectionError("the server says goodbye")
            if any(one.rstrip().endswith((b"EXISTS", b"RECENT")) for one in told):
                self.nudge(self.line.inbox_id)
        box.idle.stop()  # type: ignore[no-untyped-call]
        # What was said while the wait ended.
        self.nudge(self.line.inbox_id)


class Watch:
    """The watchers of every mailbox there is; a line whose settings change gets a new one."""

    def __init__(self, nudge: Nudge) -> None:
        self.nudge = nudge
        self.watchers: dict[int, Watcher] = {}

    def look(self) -> None:
        """Begin to watch what is new or changed, and leave what is gone."""
        wanted = dict(list(_lines().items())[:MOST_WATCHED])
        for inbox_id, watcher in list(self.watchers.items()):
            if not watcher.is_alive() or _shown(wanted.get(inbox_id)) != _shown(watcher.line):
                watcher.stop()
                del self.watchers[inbox_id]
        for inbox_id, line in wanted.items():
            if inbox_id not in self.watchers:
                self.watchers[inbox_id] = Watcher(line, self.nudge)
                self.watchers[inbox_id].start()

    def stop(self) -> None:
        """Let every watcher go."""
        for watcher in self.watchers.values():
            watcher.stop()
        for watcher in self.watchers.values():
            watcher.join(STEP_SECONDS + 3)


def _lines() -> dict[int, Line]:
    found = {}
    for inbox in Inbox.objects.filter(pk__in=[pk for pk, _is_failing in mailboxes_to_fetch()]).order_by("pk"):
        try:
            found[inbox.pk] = line_of(inbox)
        except DomainError:  # its credentials cannot be read; fetching says so
            continue
    return found


def _shown(line: Line | None) -> object:
    """What of a line says where and how it is watched; a token that was renewed changes nothing."""
    if line is None:
        return None
    kept = {name: value for name, value in line.secrets.items() if not name.startswith("oauth_")}
    return line.settings.get("imap"), line.settings.get("oauth"), kept
