"""The sockets of this process, and who of them follows what. One hub a process: its tasks serve all of them."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async

from ccx.kernel.live.connection import Connection, Party, PersonSocket
from ccx.kernel.live.listening import Listener
from ccx.kernel.live.viewing import Viewing

logger = structlog.get_logger(__name__)

SILENT, TOO_MANY = 4408, 4429
# Everybody is looked at once within so many seconds, a part at a time: a few at once hold nobody up.
WATCH_SECONDS = 3.0
WATCH_PARTS = 10
BEAT_SECONDS = 20.0
# A browser that answers no beat for this long sleeps or is cut off.
SILENT_SECONDS = 60.0
# Going to another page closes a socket and opens the next one.
GONE_AFTER_SECONDS = 8.0
HEARD_EVERY_SECONDS = 10.0
# A page says how old it is when it begins to follow; what it may have missed since then it is told.
REMEMBERED_SECONDS = 120.0
MOST_REMEMBERED = 20_000

Owner = tuple[Party, Hashable]


class Hub:
    """Starts with the first socket of a process and runs as long as the process."""

    def __init__(self) -> None:
        self.sockets: set[Connection] = set()
        self.owners: dict[Owner, set[Connection]] = {}
        self.followers: dict[str, set[Connection]] = {}
        self.viewing = Viewing(self)
        self.listener = Listener(self.take, self._heard_again, self._lost)
        self._nudged: OrderedDict[str, float] = OrderedDict()
        self._hears_since: float | None = None
        self._told_alive: dict[Owner, float] = {}
        self._unwatched: list[Connection] = []
        self._watched_at_once = 0
        self._heard: dict[Owner, Connection] = {}
        self._asides: set[asyncio.Task[None]] = set()
        self._tasks = [
            asyncio.create_task(work)
            for work in (
                self.listener.run(),
                _again_and_again(self._beat, every=1.0),
                _again_and_again(self._watch, every=WATCH_SECONDS / WATCH_PARTS),
                _again_and_again(self.viewing.tell, every=1.0),
                _again_and_again(self._tell_who_lives, every=1.0),
            )
        ]

    @property
    def is_deaf(self) -> bool:
        """Whether Redis cannot be heard, so that pages should ask by themselves."""
        return self._hears_since is None

    async def close(self) -> None:
        """For tests: a process just ends."""
        tasks = [*self._tasks, *self._asides]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.listener.close()

    # Who is here.

    def join(self, socket: Connection) -> bool:
        """Take a socket in, unless its owner has too many."""
        theirs = self.owners.setdefault(_owner(socket), set())
        if len(theirs) >= socket.party.most_sockets:
            return False
        theirs.add(socket)
        self.sockets.add(socket)
        self.hear(socket)
        return True

    def leave(self, socket: Connection) -> None:
        """Forget a socket; its owner is gone if no other one comes soon."""
        if socket not in self.sockets:
            return
        self.sockets.discard(socket)
        self.follow(socket, frozenset())
        if isinstance(socket, PersonSocket):
            self.viewing.set(socket, frozenset())
        owner = _owner(socket)
        theirs = self.owners[owner]
        theirs.discard(socket)
        if not theirs:
            del self.owners[owner]
            self._told_alive.pop(owner, None)
            self.aside(self._perhaps_gone(socket))

    def hear(self, socket: Connection) -> None:
        """A sign of life from a browser, told to whoever keeps presence: not more often than needed, all at once."""
        now = socket.answered_at = time.monotonic()
        owner = _owner(socket)
        if now - self._told_alive.get(owner, -HEARD_EVERY_SECONDS) >= HEARD_EVERY_SECONDS:
            self._told_alive[owner] = now
            self._heard[owner] = socket

    async def _tell_who_lives(self) -> None:
        heard, self._heard = self._heard, {}
        for party, sockets in _by_party(heard.values()).items():
            await _logged(party.heard(self, sockets))

    async def _perhaps_gone(self, socket: Connection) -> None:
        await asyncio.sleep(GONE_AFTER_SECONDS)
        if _owner(socket) not in self.owners:
            await socket.party.gone(self, socket)

    # Who follows what.

    def follow(self, socket: Connection, topics: frozenset[str], *, age: float = 0.0) -> None:
        """The topics of a socket from now on. `age`: how many seconds ago its page read what it shows of new ones."""
        for topic in socket.topics - topics:
            followers = self.followers[topic]
            followers.discard(socket)
            if not followers:
                del self.followers[topic]
        new = topics - socket.topics
        for topic in new:
            self.followers.setdefault(topic, set()).add(socket)
        socket.topics = topics
        if self._hears_since is None:
            return  # all will be told to read again
        since = time.monotonic() - age
        knows = since >= max(self._hears_since, time.monotonic() - REMEMBERED_SECONDS)
        for topic in new:
            if not knows or self._nudged.get(topic, 0.0) >= since:
                socket.push(socket.party.frame(topic, ""))

    def take(self, message: dict[str, Any]) -> None:
        """Pass on what came over Redis: one frame a topic, made once for all of a party who follow it."""
        if "viewers" in message:
            self.viewing.changed(message["viewers"])
            return
        if "types" in message:
            self.viewing.customer_types(message["types"])
            return
        now = time.monotonic()
        for topic in message["topics"]:
            self._nudged[topic] = now
            self._nudged.move_to_end(topic)
            followers = self.followers.get(topic)
            for party, sockets in _by_party(followers or ()).items():
                frame = party.frame(topic, message["what"])
                for socket in sockets:
                    socket.push(frame)
        while len(self._nudged) > MOST_REMEMBERED:
            _, forgotten = self._nudged.popitem(last=False)
            # Nothing is known of the time before: whoever is older reads again.
            self._hears_since = max(self._hears_since or 0.0, forgotten)

    # What goes on all the time.

    async def _heard_again(self) -> None:
        self._hears_since = time.monotonic()
        self._nudged.clear()
        for socket in tuple(self.sockets):
            socket.push(socket.party.resync)

    async def _lost(self) -> None:
        if self._hears_since is not None:
            self._hears_since = None
            for socket in tuple(self.sockets):
                socket.push(socket.party.deaf)

    async def _beat(self) -> None:
        """Ask every browser for a sign of life in its turn; end those that give none or take nothing."""
        now = time.monotonic()
        for socket in tuple(self.sockets):
            beat = socket.party.beat
            if socket.is_stuck(now) or (beat and now - socket.answered_at > SILENT_SECONDS):
                socket.drop(SILENT)
            elif beat and now - socket.asked_at >= BEAT_SECONDS:
                socket.asked_at = now
                socket.push(beat)

    async def _watch(self) -> None:
        """End sockets whose right to be here is over."""
        if not self._unwatched:
            self._unwatched = list(self.sockets)
            self._watched_at_once = -(-len(self._unwatched) // WATCH_PARTS)
        sockets = [self._unwatched.pop() for _ in range(min(self._watched_at_once, len(self._unwatched)))]
        for party, theirs in _by_party(sockets).items():
            for socket in await database_sync_to_async(party.ended)(theirs):
                socket.drop(party.over)

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub_here() -> Hub:
    """The hub of the running loop; the first call starts it."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
    return found


async def close_hub() -> None:
    """End the hub of the running loop, if there is one."""
    found = _hubs.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


def _owner(socket: Connection) -> Owner:
    return socket.party, socket.owner


def _by_party(sockets: Iterable[Connection]) -> dict[Party, list[Connection]]:
    found: dict[Party, list[Connection]] = {}
    for socket in sockets:
        found.setdefault(socket.party, []).append(socket)
    return found


async def _again_and_again(work: Callable[[], Coroutine[Any, Any, None]], *, every: float) -> None:
    """The next time will do: whatever fails once (the database restarts) must not end the task."""
    while True:
        await asyncio.sleep(every)
        await _logged(work())


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        logger.warning("live_work_failed", work=work.__qualname__, error=type(error).__name__)
