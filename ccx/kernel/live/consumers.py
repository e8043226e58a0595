"""The socket of a signed-in page: what it follows, what it looks at, and that it lives."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string

from ccx.kernel.live.connection import Connection, Party, PersonSocket, RefusedFrameError, Send, close, understood
from ccx.kernel.live.hub import TOO_MANY, Hub, hub_here
from ccx.kernel.live.standing import call_for, person_behind, running_sessions, standings
from ccx.kernel.live.topics import interaction_topic, permitted

logger = structlog.get_logger(__name__)

SIGNED_OUT = 4401
NOT_UNDERSTOOD = 1008
WENT_WRONG = 1011
MOST_TOPICS = 200
MOST_VIEWED = 5

Receive = Callable[[], Awaitable[dict[str, Any]]]


class People(Party):
    """Those who are signed in; out once their session has ended or they may do something else than when they came."""

    over: ClassVar[int] = 4403
    beat: ClassVar[str] = json.dumps({"beat": True})
    resync: ClassVar[str] = json.dumps({"resync": True})
    deaf: ClassVar[str] = json.dumps({"deaf": True})

    def frame(self, topic: str, what: str) -> str:
        return json.dumps({"topic": topic, "what": what})

    def ended(self, sockets: Sequence[Connection]) -> Iterable[Connection]:
        theirs = [socket for socket in sockets if isinstance(socket, PersonSocket)]
        standing = standings({socket.person.pk for socket in theirs})
        running = running_sessions({socket.session_key for socket in theirs})
        return [
            socket
            for socket in theirs
            if socket.session_key not in running or standing.get(socket.person.pk) != socket.person.standing
        ]

    async def heard(self, hub: Hub, sockets: Sequence[Connection]) -> None:
        people = [socket.person for socket in sockets if isinstance(socket, PersonSocket)]
        await hub.viewing.are_here([person.pk for person in people])
        agents = [person.pk for person in people if person.handles_contacts]
        if agents and settings.CCX_LIVE_HEARD:
            await database_sync_to_async(import_string(settings.CCX_LIVE_HEARD))(agent_ids=agents)

    async def gone(self, hub: Hub, socket: Connection) -> None:
        if not isinstance(socket, PersonSocket) or not socket.person.handles_contacts:
            return
        if settings.CCX_LIVE_GONE and await hub.viewing.is_gone(socket.person.pk):
            await database_sync_to_async(call_for)(settings.CCX_LIVE_GONE, socket.person.pk)


PEOPLE: Final = People()


class LiveSocket(AsyncConsumer):
    """Channels routes and calls it; it needs no channel layer, and no task beside its own while nothing happens."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
        person = await database_sync_to_async(person_behind)(session_key) if session_key else None
        # Accepted first, even if only to be closed: a browser learns no code of a refused handshake.
        await send({"type": "websocket.accept"})
        if person is None:
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        socket = PersonSocket(party=PEOPLE, person=person, session_key=session_key, send=send)
        hub = hub_here()
        code = NOT_UNDERSTOOD if hub.join(socket) else TOO_MANY
        try:
            if code != TOO_MANY:
                socket.push(json.dumps({"me": person.public_id}))
                if hub.is_deaf:
                    socket.push(PEOPLE.deaf)
                await _serve(hub, socket, receive)
                return
        except RefusedFrameError:
            pass
        except asyncio.CancelledError:
            if not socket.closing:
                raise
            code = socket.closing
        except Exception as error:  # the database is away, say: the browser comes again
            logger.warning("socket_failed", error=type(error).__name__)
            code = WENT_WRONG
        finally:
            hub.leave(socket)
            socket.forget()
        await close(send, code)


async def _serve(hub: Hub, socket: PersonSocket, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if not socket.may_send_another():
            raise RefusedFrameError
        said = understood(message.get("text"))
        match said["type"]:
            case "here":
                hub.hear(socket)
                await _refresh_viewing(hub, socket)
            case "follow":
                await _follow(hub, socket, said)
            case "view":
                await _view(hub, socket, _records(said.get("interactions")))
            case "typing":
                record = _records([said.get("interaction")])[0]
                await hub.viewing.types(socket, record, to_customer=said.get("to_customer") is True)
            case _:
                raise RefusedFrameError


async def _follow(hub: Hub, socket: PersonSocket, said: dict[str, Any]) -> None:
    topics, age = said.get("topics"), said.get("age", 0)
    if not isinstance(topics, list) or len(topics) > MOST_TOPICS or not all(isinstance(topic, str) for topic in topics):
        raise RefusedFrameError
    if not isinstance(age, int | float) or not age >= 0:
        raise RefusedFrameError
    wanted = frozenset(topics)
    allowed = (wanted & socket.topics) | await _permitted(socket, wanted - socket.topics)
    hub.follow(socket, frozenset(allowed), age=age)
    refused = sorted(wanted - allowed)
    socket.push(json.dumps({"follows": len(allowed), **({"refused": refused} if refused else {})}))


async def _view(hub: Hub, socket: PersonSocket, records: list[str]) -> None:
    allowed = await _permitted(socket, {interaction_topic(record) for record in records})
    hub.viewing.set(socket, frozenset(record for record in records if interaction_topic(record) in allowed))


async def _refresh_viewing(hub: Hub, socket: PersonSocket) -> None:
    """Asked again, for a record may have gone to others meanwhile."""
    if socket.viewing:
        await _view(hub, socket, [*socket.viewing])
        await hub.viewing.still_there(socket)


async def _permitted(socket: PersonSocket, topics: frozenset[str] | set[str]) -> set[str]:
    if not topics:
        return set()
    allowed: set[str] = await database_sync_to_async(permitted)(socket.person.pk, topics)
    return allowed


def _records(words: object) -> list[str]:
    """Public ids as we write them."""
    if not isinstance(words, list) or len(words) > MOST_VIEWED:
        raise RefusedFrameError
    try:
        return [str(UUID(word)) for word in words]
    except (ValueError, TypeError, AttributeError):
        raise RefusedFrameError from None
