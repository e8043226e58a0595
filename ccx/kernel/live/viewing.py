"""Who looks at a record, who types in it, and who is connected at all. Kept in Redis with an end, never in rows."""

import json
import time
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from ccx.kernel.live.connection import PersonSocket
from ccx.kernel.live.guests import Standing, here_key, typing_frame
from ccx.kernel.live.nudging import address
from ccx.kernel.live.topics import typing_topic

if TYPE_CHECKING:
    from ccx.kernel.live.hub import Hub

logger = structlog.get_logger(__name__)

SEEN_SECONDS = 45
TYPING_SECONDS = 6
HERE_SECONDS = 60
TYPED_EVERY_SECONDS = 1.0
# Those who went without a word are noticed by looking again.
LOOK_AGAIN_SECONDS = 15.0

Command = tuple[Any, ...]


class Viewing:
    """The viewers of this process; others are seen through Redis. A list is sent at most once a second."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._viewers: dict[str, set[PersonSocket]] = {}
        self._changed: set[str] = set()
        self._last: dict[str, str] = {}
        self._customer_typed: dict[str, float] = {}
        self._looked_at = 0.0
        self._process = uuid4().hex

    def set(self, socket: PersonSocket, viewed: frozenset[str]) -> None:
        """What a socket looks at from now on."""
        left, came = socket.viewing - viewed, viewed - socket.viewing
        socket.viewing = viewed
        for record in left:
            viewers = self._viewers[record]
            viewers.discard(socket)
            if not viewers:
                del self._viewers[record]
                self._last.pop(record, None)
                self._customer_typed.pop(record, None)
        for record in came:
            self._viewers.setdefault(record, set()).add(socket)
            self._last.pop(record, None)
        gone = [record for record in left if not self._looks(socket.person.pk, record)]
        if gone:
            self._hub.aside(self._leave(socket, gone))
        if came:
            self._hub.aside(self._look(socket, came, is_news=True))

    async def still_there(self, socket: PersonSocket) -> None:
        """What a socket looks at is looked at for a while longer."""
        if socket.viewing:
            await self._look(socket, socket.viewing, is_news=False)

    async def types(self, socket: PersonSocket, record: str, *, to_customer: bool = False) -> None:
        """Somebody types in a record they look at; more often than once a second is not worth a word.

        The customer's own page is told only where it is an answer `to_customer`.
        """
        now = time.monotonic()
        if record in socket.viewing and now - socket.typed_at >= TYPED_EVERY_SECONDS:
            socket.typed_at = now
            if to_customer and settings.CCX_LIVE_TYPES:
                self._hub.aside(_tell(record))
            known = _until(_key("typing", record), _member(socket), TYPING_SECONDS)
            aloud = [*_until(_key("answering", record), _member(socket), TYPING_SECONDS)] if to_customer else []
            aloud += [_told(topics=[typing_topic(record)], what="")] if to_customer else []
            await self._ask(*known, *aloud, _news(record))

    def changed(self, record: object) -> None:
        """Somebody came, went or typed, here or in another process."""
        if isinstance(record, str) and record in self._viewers:
            self._changed.add(record)

    def customer_types(self, record: object) -> None:
        """The customer of a record types: its viewers are told, at most once a second."""
        if not isinstance(record, str) or record not in self._viewers:
            return
        now = time.monotonic()
        if now - self._customer_typed.get(record, -TYPED_EVERY_SECONDS) >= TYPED_EVERY_SECONDS:
            self._customer_typed[record] = now
            for socket in tuple(self._viewers[record]):
                socket.push(typing_frame(record))

    async def tell(self) -> None:
        """Send the list of people of each record that changed to those who look at it."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._changed.update(self._viewers)
        records, self._changed = [*self._changed & self._viewers.keys()], set()
        for record, (people, customer) in zip(records, await self._people(records), strict=False):
            if any(person["typing"] for person in people):
                self._changed.add(record)  # until they stop
            frame = json.dumps({"viewers": record, "people": people, "customer": customer})
            if self._last.get(record) != frame:
                self._last[record] = frame
                for socket in tuple(self._viewers.get(record, ())):
                    socket.push(frame)

    async def are_here(self, people: Iterable[int]) -> None:
        """Remember for other processes that these people have a socket in this one."""
        commands = (_until(f"{address()}:here:{pk}", self._process, HERE_SECONDS) for pk in people)
        await self._ask(*(command for both in commands for command in both))

    async def is_gone(self, pk: int) -> bool:
        """Whether a person who has no socket here has none in any other process; False if nobody knows."""
        key = f"{address()}:here:{pk}"
        answers = await self._ask(("zrem", key, self._process), ("zcount", key, time.time(), "+inf"))
        return answers is not None and answers[1] == 0

    def _looks(self, pk: int, record: str) -> bool:
        return any(other.person.pk == pk for other in self._viewers.get(record, ()))

    async def _look(self, socket: PersonSocket, records: Collection[str], *, is_news: bool) -> None:
        commands = [
            command for record in records for command in _until(_key("seen", record), _member(socket), SEEN_SECONDS)
        ]
        await self._ask(*commands, *(_news(record) for record in records if is_news))

    async def _leave(self, socket: PersonSocket, records: Collection[str]) -> None:
        member = _member(socket)
        ends = [("zrem", _key(kind, record), member) for record in records for kind in ("seen", "typing")]
        await self._ask(*ends, *(_news(record) for record in records))

    async def _people(self, records: list[str]) -> list[tuple[list[dict[str, Any]], str]]:
        """Per record who looks at it, by name, and whether its customer is here; nothing while Redis is away."""
        now = time.time()
        asked: list[Command] = []
        for record in records:
            asked += [("zrangebyscore", _key(kind, record), now, "+inf") for kind in ("seen", "typing")]
            asked.append(("get", here_key(record)))
        found = await self._ask(*asked) or []
        told = []
        for seen, typing, here in zip(found[::3], found[1::3], found[2::3], strict=True):
            people = sorted((*reversed(json.loads(member)), member in typing) for member in seen)
            named = [{"id": public_id, "name": name, "typing": types} for name, public_id, types in people]
            customer = ("left" if Standing(left_at=float(here)).has_left else "here") if here else ""
            told.append((named, customer))
        return told

    async def _ask(self, *commands: Command) -> list[Any] | None:
        """Answers of Redis, or None: these are courtesies, and nobody waits for a Redis that is away."""
        if self._hub.is_deaf or not commands:
            return None
        try:
            async with self._hub.listener.redis.pipeline(transaction=False) as pipe:
                for name, *arguments in commands:
                    getattr(pipe, name)(*arguments)
                answers: list[Any] = await pipe.execute()
                return answers
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("viewers_not_kept", error=type(error).__name__)
            return None


async def _tell(record: str) -> None:
    await database_sync_to_async(import_string(settings.CCX_LIVE_TYPES))(record=record)


def _key(kind: str, record: str) -> str:
    return f"{address()}:{kind}:{record}"


def _member(socket: PersonSocket) -> str:
    return json.dumps([socket.person.public_id, socket.person.name])


def _until(key: str, member: str, seconds: int) -> tuple[Command, Command]:
    return ("zadd", key, {member: time.time() + seconds}), ("expire", key, seconds)


def _news(record: str) -> Command:
    return _told(viewers=record)


def _told(**what: Any) -> Command:
    return ("publish", address(), json.dumps(what))
