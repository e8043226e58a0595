"""A visitor's socket: told that there is news, and that an agent types; the widget reads the rest over its addresses.

The first frame says who it is, so that no token stands in an address. It lives in the hub of all sockets.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async

from ccx.kernel.live.connection import Connection, Party, RefusedFrameError, Send, close, understood
from ccx.kernel.live.hub import TOO_MANY, Hub, hub_here
from ccx.kernel.live.topics import typing_topic, visitor_topic
from interactions.doors.chat.readers import CHAT_BEGAN
from interactions.doors.chat.selectors import (
    Guest,
    chat_line,
    guest_with,
    line_named,
    living_devices,
    running_record,
)
from interactions.doors.chat.services import are_seen, hear_typing

logger = structlog.get_logger(__name__)

DEAD_TOKEN: Final = 4401
NOT_HERE: Final = 4403
NO_SUCH_LINE: Final = 4404
NOT_UNDERSTOOD: Final = 1008
WENT_WRONG: Final = 1011
HELLO_SECONDS: Final = 10.0
TYPED_EVERY_SECONDS: Final = 1.0
SITES_SECONDS: Final = 3.0
MOST_LINES: Final = 1_000

READY: Final = json.dumps({"type": "ready"})
HERE: Final = json.dumps({"type": "here"})
NEWS: Final = json.dumps({"type": "news"})
# A chat began: from now on it is of interest who types in it.
BEGAN: Final = json.dumps({"type": "news", "began": True})
TYPING: Final = json.dumps({"type": "typing", "on": True})

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Visitors(Party):
    """Browsers of visitors: the protocol's own pings tell that they live, their word that somebody looks at them."""

    # One browser has one, led by one tab; the same visitor may have some devices, and one that reconnects leaves one.
    most_sockets: ClassVar[int] = 12
    over: ClassVar[int] = DEAD_TOKEN
    resync: ClassVar[str] = NEWS
    deaf: ClassVar[str] = json.dumps({"type": "deaf"})

    def frame(self, topic: str, what: str) -> str:
        if topic.startswith("typing:"):
            return TYPING
        return BEGAN if what == CHAT_BEGAN else NEWS

    def ended(self, sockets: Sequence[Connection]) -> Iterable[Connection]:
        guests = [socket for socket in sockets if isinstance(socket, VisitorSocket)]
        living = living_devices([socket.device_id for socket in guests])
        return [socket for socket in guests if socket.device_id not in living]

    async def heard(self, hub: Hub, sockets: Sequence[Connection]) -> None:
        visitors = [socket.visitor_id for socket in sockets if isinstance(socket, VisitorSocket)]
        await database_sync_to_async(are_seen)(visitor_ids=visitors)


VISITORS: Final = Visitors()


class VisitorSocket(Connection):
    """The socket of one browser of a visitor."""

    __slots__ = ("device_id", "visitor_id", "visitor_key")

    def __init__(self, *, guest: Guest, send: Send) -> None:
        super().__init__(party=VISITORS, owner=guest.visitor_id, send=send)
        self.device_id = guest.device_id
        self.visitor_id = guest.visitor_id
        self.visitor_key = guest.visitor_key

    def push(self, frame: str) -> None:
        super().push(frame)
        if frame == BEGAN and not self.closing:
            hub = hub_here()
            hub.aside(_follow(hub, self))


class ChatSocket(AsyncConsumer):
    """Channels routes and calls it. The origin counts before the first word, the token before anything else."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        code = WENT_WRONG
        try:
            inbox_id = UUID(scope["url_route"]["kwargs"]["inbox"])
            code = await _refused(inbox_id, _origin(scope))
            # Accepted first, even if only to be closed: a browser learns no code of a refused handshake.
            await send({"type": "websocket.accept"})
            code = code or await _greet(inbox_id, receive, send)
        except (RefusedFrameError, TimeoutError):
            code = NOT_UNDERSTOOD
        except Exception as error:  # the database is away, say: the browser comes again
            logger.warning("chat_socket_failed", error=type(error).__name__)
            code = WENT_WRONG
        if code:
            await close(send, code)


async def _greet(inbox_id: UUID, receive: Receive, send: Send) -> int:
    """Wait for who it is, and serve them; with which code it ends, 0 if the browser went by itself."""
    message = await asyncio.wait_for(receive(), HELLO_SECONDS)
    if message["type"] == "websocket.disconnect":
        return 0
    said = understood(message.get("text"))
    token = said.get("token")
    if said["type"] != "hello" or not isinstance(token, str):
        raise RefusedFrameError
    guest = await database_sync_to_async(guest_with)(token, inbox_id)
    if guest is None:
        return DEAD_TOKEN
    socket, hub = VisitorSocket(guest=guest, send=send), hub_here()
    if not hub.join(socket):
        return TOO_MANY
    try:
        _hear_of(hub, socket, guest.record)
        socket.push(READY)
        if hub.is_deaf:
            socket.push(VISITORS.deaf)
        await _serve(hub, socket, receive)
    except asyncio.CancelledError:
        if not socket.closing:
            raise
        return socket.closing
    finally:
        hub.leave(socket)
        socket.forget()
    return 0


async def _serve(hub: Hub, socket: VisitorSocket, receive: Receive) -> None:
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
                await _follow(hub, socket)
                socket.push(HERE)
            case "typing":
                await _type(socket)
            case _:
                raise RefusedFrameError


async def _follow(hub: Hub, socket: VisitorSocket) -> None:
    """The visitor's own news, and whoever types in the chat that runs: another one each time a chat begins anew."""
    record = await database_sync_to_async(running_record)(socket.visitor_id)
    if not socket.closing and socket in hub.sockets:
        _hear_of(hub, socket, record)


def _hear_of(hub: Hub, socket: VisitorSocket, record: UUID | None) -> None:
    topics = {visitor_topic(socket.visitor_key)} | ({typing_topic(record)} if record is not None else set())
    hub.follow(socket, frozenset(topics))


async def _type(socket: VisitorSocket) -> None:
    now = asyncio.get_running_loop().time()
    if now - socket.typed_at >= TYPED_EVERY_SECONDS:
        socket.typed_at = now
        await database_sync_to_async(hear_typing)(visitor_id=socket.visitor_id)


def _origin(scope: dict[str, Any]) -> str:
    named: list[bytes] = [value for name, value in scope["headers"] if name == b"origin"]
    return named[0].decode("latin-1") if len(named) == 1 else ""


# Which sites a line has, for a few seconds: after a restart thousands come at once.
_sites: dict[UUID, tuple[float, frozenset[str] | None]] = {}


async def _refused(inbox_id: UUID, origin: str) -> int:
    """The code for whoever may not be here at all; 0 for who may say who they are."""
    now = asyncio.get_running_loop().time()
    until, origins = _sites.get(inbox_id, (0.0, None))
    if until <= now:
        origins = await database_sync_to_async(_origins_of)(inbox_id)
        if len(_sites) >= MOST_LINES:
            _sites.clear()
        _sites[inbox_id] = (now + SITES_SECONDS, origins)
    if origins is None:
        return NO_SUCH_LINE
    return 0 if origin in origins else NOT_HERE


def _origins_of(inbox_id: UUID) -> frozenset[str] | None:
    inbox = line_named(inbox_id)
    return chat_line(inbox).origins if inbox is not None else None
