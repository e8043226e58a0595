"""The socket of a signed-in page: what it follows, what it looks at, and that it lives."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from django.conf import settings

from ccx.kernel.live.connection import Connection, Send
from ccx.kernel.live.hub import DEAF, TOO_MANY, Hub, hub_here
from ccx.kernel.live.standing import person_behind
from ccx.kernel.live.topics import interaction_topic, permitted

logger = structlog.get_logger(__name__)

SIGNED_OUT = 4401
NOT_UNDERSTOOD = 1008
WENT_WRONG = 1011
MOST_TOPICS = 200
MOST_VIEWED = 5
LONGEST_FRAME = 16 * 1024
CLOSE_SECONDS = 2.0

Receive = Callable[[], Awaitable[dict[str, Any]]]


class RefusedFrameError(Exception):
    """The browser sent what our own script never sends."""


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
        socket = Connection(person=person, session_key=session_key, send=send)
        hub = hub_here()
        code = NOT_UNDERSTOOD if hub.join(socket) else TOO_MANY
        try:
            if code != TOO_MANY:
                socket.push(json.dumps({"me": person.public_id}))
                if hub.is_deaf:
                    socket.push(DEAF)
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
        await _close(send, code)


async def _serve(hub: Hub, socket: Connection, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if not socket.may_send_another():
            raise RefusedFrameError
        said = _understood(message.get("text"))
        match said["type"]:
            case "here":
                hub.hear(socket)
                await _refresh_viewing(hub, socket)
            case "follow":
                await _follow(hub, socket, said)
            case "view":
                await _view(hub, socket, _records(said.get("interactions")))
            case "typing":
                await hub.viewing.types(socket, _records([said.get("interaction")])[0])
            case _:
                raise RefusedFrameError


async def _follow(hub: Hub, socket: Connection, said: dict[str, Any]) -> None:
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


async def _view(hub: Hub, socket: Connection, records: list[str]) -> None:
    allowed = await _permitted(socket, {interaction_topic(record) for record in records})
    hub.viewing.set(socket, frozenset(record for record in records if interaction_topic(record) in allowed))


async def _refresh_viewing(hub: Hub, socket: Connection) -> None:
    """Asked again, for a record may have gone to others meanwhile."""
    if socket.viewing:
        await _view(hub, socket, [*socket.viewing])
        await hub.viewing.still_there(socket)


async def _permitted(socket: Connection, topics: frozenset[str] | set[str]) -> set[str]:
    if not topics:
        return set()
    allowed: set[str] = await database_sync_to_async(permitted)(socket.person.pk, topics)
    return allowed


def _understood(text: str | None) -> dict[str, Any]:
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


def _records(words: object) -> list[str]:
    """Public ids as we write them."""
    if not isinstance(words, list) or len(words) > MOST_VIEWED:
        raise RefusedFrameError
    try:
        return [str(UUID(word)) for word in words]
    except (ValueError, TypeError, AttributeError):
        raise RefusedFrameError from None


async def _close(send: Send, code: int) -> None:
    """A browser that takes nothing is not waited for: returning ends the connection."""
    try:
        await asyncio.wait_for(send({"type": "websocket.close", "code": code}), CLOSE_SECONDS)
    except Exception as error:
        logger.debug("socket_not_closed_politely", error=type(error).__name__)
