"""`python -m benchmarks.live_client PORT TOPIC < cookies`: a browser a cookie, as thin as can be.

Says READY when all follow the topic; at each line of standard input tells in one JSON line what has arrived since, and
how long it took: a nudge's `what` is the moment it was sent.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable

import uvloop

AT_ONCE = 50
HANDSHAKE = (
    "GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Origin: http://127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
)


def frame(said: dict[str, object]) -> bytes:
    """A masked text frame; a mask of zeros leaves the words as they are."""
    words = json.dumps(said).encode()
    length = bytes([0x80 | len(words)]) if len(words) < 126 else bytes([0xFE]) + len(words).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + words


class Browser(asyncio.Protocol):
    """Follows one topic (its name), answers beats, notes when nudges come."""

    def __init__(self, name: str, delays: list[float]) -> None:
        self.name, self.delays = name, delays
        self.follows = asyncio.get_running_loop().create_future()
        self.rest = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.follows.done():
            self.follows.set_exception(ConnectionError("closed before it followed"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.rest += data
        if not self.is_open:
            head, end, self.rest = self.rest.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            self.is_open = True
            self.transport.write(self.opened())  # type: ignore[attr-defined]
        while len(self.rest) >= 2 and len(self.rest) >= 2 + self.rest[1]:
            opcode, length = self.rest[0] & 15, self.rest[1]
            words, self.rest = self.rest[2 : 2 + length], self.rest[2 + length :]
            if opcode == 9:
                self.transport.write(b"\x8a" + bytes([0x80 | length]) + b"\0\0\0\0" + words)  # type: ignore[attr-defined]
            elif opcode == 1:
                self.take(json.loads(words), now)

    def opened(self) -> bytes:
        """The first frame it sends."""
        return frame({"type": "follow", "topics": [self.name]})

    def take(self, said: dict[str, str], now: float) -> None:
        """What the server says."""
        if said.get("what"):
            self.delays.append(now - float(said["what"]))
        elif "beat" in said:
            self.transport.write(frame({"type": "here"}))  # type: ignore[attr-defined]
        elif "follows" in said and not self.follows.done():
            self.follows.set_result(None)


# Of what is told of one browser, and the list of what arrives: the browser, and its handshake.
Make = Callable[[str, str, list[float]], tuple[Browser, str]]


async def serve(port: int, make: Make, *, within: float = 0.0) -> None:
    """Open a browser for each pair of standard input's first line, and tell what arrives whenever asked.

    All come within so many seconds, each at a moment of its own, as browsers do whose server was gone; 0: AT_ONCE do.
    """
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(0, "rb"))
    told = json.loads(await lines.readline())
    delays: list[float] = []
    gate = asyncio.Semaphore(100_000 if within else AT_ONCE)

    async def open_one(secret: str, own: str) -> None:
        made, handshake = make(secret, own, delays)
        await asyncio.sleep(within * random.random())
        async with gate:
            _, browser = await loop.create_connection(lambda: made, "127.0.0.1", port)
            browser.transport.write(handshake.encode())  # type: ignore[attr-defined]
            await browser.follows

    await asyncio.gather(*(open_one(secret, own) for secret, own in told))
    print("READY", flush=True)
    while await lines.readline():
        print(json.dumps(delays), flush=True)
        delays.clear()


def main() -> None:
    port, topic = int(sys.argv[1]), sys.argv[2]

    def make(cookie: str, own: str, delays: list[float]) -> tuple[Browser, str]:
        return Browser(own or topic, delays), HANDSHAKE.format(port=port, cookie=cookie)

    uvloop.run(serve(port, make))


if __name__ == "__main__":
    main()
