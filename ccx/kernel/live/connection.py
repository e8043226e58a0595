"""One open socket: whose it is, what it follows, and what has not been sent to it yet."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from ccx.kernel.live.standing import Person

if TYPE_CHECKING:
    from ccx.kernel.live.hub import Hub

logger = structlog.get_logger(__name__)

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]

# A page that takes nothing for this long, or so far behind, is closed; others never wait for it.
MOST_UNSENT = 500
STUCK_SECONDS = 30.0
# Frames a browser may send: many at once when a page opens, few in the long run.
FRAMES_AT_ONCE = 40.0
FRAMES_PER_SECOND = 5.0
LONGEST_FRAME = 16 * 1024
CLOSE_SECONDS = 2.0


class RefusedFrameError(Exception):
    """The browser sent what our own script never sends."""


class Party(ABC):
    """A kind of socket: the words in which it is told things, how its browsers stay, and who of them has to go."""

    most_sockets: ClassVar[int] = 40
    # The code that tells a browser that it may no longer be here.
    over: ClassVar[int]
    # What asks a browser for a sign of life; "" where the protocol's own pings do.
    beat: ClassVar[str] = ""
    # All is to be read again; nothing can be heard at the moment.
    resync: ClassVar[str]
    deaf: ClassVar[str]

    @abstractmethod
    def frame(self, topic: str, what: str) -> str:
        """What a socket gets when something happened that it follows."""

    @abstractmethod
    def ended(self, sockets: Sequence["Connection"]) -> Iterable["Connection"]:
        """Those whose right to be here is over. Called in a thread that may ask the database."""

    async def heard(self, hub: "Hub", sockets: Sequence["Connection"]) -> None:
        """A sign of life came, one socket for each owner; not more often than every few seconds."""
        return

    async def gone(self, hub: "Hub", socket: "Connection") -> None:
        """The last socket of an owner closed a while ago."""
        return


class Connection:
    """Belongs to the loop it was made in. Made once its owner is known; `drop` ends it from any task of the loop."""

    __slots__ = (
        *("party", "owner", "topics", "viewing", "typed_at", "answered_at", "asked_at", "closing"),
        *("_send", "_task", "_unsent", "_writer", "_waits_since", "_allowance", "_counted_at"),
    )

    def __init__(self, *, party: Party, owner: Hashable, send: Send) -> None:
        now = time.monotonic()
        self.party = party
        # Whose it is: unique within its party.
        self.owner = owner
        self.topics: frozenset[str] = frozenset()
        self.viewing: frozenset[str] = frozenset()
        self.typed_at = 0.0
        self.answered_at = self.asked_at = now
        self.closing = 0
        self._send = send
        self._task = asyncio.current_task()
        self._unsent: dict[str, None] = {}
        self._writer: asyncio.Task[None] | None = None
        self._waits_since = now
        self._allowance = FRAMES_AT_ONCE
        self._counted_at = now

    def push(self, frame: str) -> None:
        """Send without waiting. A frame that already waits is not sent twice; one too many ends the connection."""
        if self.closing or frame in self._unsent:
            return
        if self._writer is None and self._is_sent_at_once(frame):
            return
        if len(self._unsent) >= MOST_UNSENT:
            self.drop(1013)
            return
        self._unsent[frame] = None
        if self._writer is None:
            self._waits_since = time.monotonic()
            self._writer = asyncio.create_task(self._write())

    def is_stuck(self, now: float) -> bool:
        """Whether a frame has waited for too long."""
        return self._writer is not None and now - self._waits_since > STUCK_SECONDS

    def may_send_another(self) -> bool:
        """Count a frame of the browser; whether it keeps to the pace."""
        now = time.monotonic()
        earned = (now - self._counted_at) * FRAMES_PER_SECOND
        self._allowance = min(FRAMES_AT_ONCE, self._allowance + earned) - 1
        self._counted_at = now
        return self._allowance >= 0

    def drop(self, code: int) -> None:
        """End it with this code. What was not sent is forgotten: nothing waits for a reader that is gone."""
        if self.closing:
            return
        self.closing = code
        self.forget()
        if self._task is not None:
            self._task.cancel()

    def forget(self) -> None:
        """Let go of what was not sent."""
        self._unsent.clear()
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None

    def _is_sent_at_once(self, frame: str) -> bool:
        """Almost always there is room, and then a task for each of thousands of sockets would be most of the cost.

        Where there is none, nothing was written yet; and if a server had begun to, a nudge twice is a nudge.
        """
        sending = self._send({"type": "websocket.send", "text": frame})
        try:
            sending.send(None)
        except StopIteration:
            return True
        except Exception:  # the browser has gone; its side of the connection says so too
            return True
        sending.close()
        return False

    async def _write(self) -> None:
        try:
            while self._unsent:
                frame = next(iter(self._unsent))
                del self._unsent[frame]  # before it is sent: told again meanwhile, it is news again
                await self._send({"type": "websocket.send", "text": frame})
                self._waits_since = time.monotonic()
        except Exception:  # the browser has gone; its side of the connection says so too
            self._unsent.clear()
        finally:
            if self._writer is asyncio.current_task():
                self._writer = None


class PersonSocket(Connection):
    """The socket of somebody who is signed in."""

    __slots__ = ("person", "session_key")

    def __init__(self, *, party: Party, person: Person, session_key: str, send: Send) -> None:
        super().__init__(party=party, owner=person.pk, send=send)
        self.person = person
        self.session_key = session_key


def understood(text: str | None) -> dict[str, Any]:
    """One flat object with a type; everything else is refused."""
    if text is None or len(text) > LONGEST_FRAME:
        raise RefusedFrameError
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise RefusedFrameError from None
    if not isinstance(said, dict) or not isinstance(said.get("type"), str):
        raise RefusedFrameError
    return said


async def close(send: Send, code: int) -> None:
    """A browser that takes nothing is not waited for: returning ends the connection."""
    try:
        await asyncio.wait_for(send({"type": "websocket.close", "code": code}), CLOSE_SECONDS)
    except Exception as error:
        logger.debug("socket_not_closed_politely", error=type(error).__name__)
