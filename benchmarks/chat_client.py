"""`python -m benchmarks.chat_client PORT INBOX ORIGIN SECONDS < tokens`: a visitor's browser a token.

They come within those seconds (0: a few at a time). Says READY when the server knows all of them; at each line of
standard input tells in one JSON line when news came.
"""

import sys

import uvloop

from benchmarks.live_client import Browser, frame, serve

HANDSHAKE = (
    "GET /ws/chat/{inbox} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin}\r\n\r\n"
)


class Visitor(Browser):
    """Says who it is, and notes when there is news."""

    def opened(self) -> bytes:
        return frame({"type": "hello", "token": self.name})

    def take(self, said: dict[str, str], now: float) -> None:
        if said.get("type") == "news":
            self.delays.append(now)
        elif said.get("type") == "ready" and not self.follows.done():
            self.follows.set_result(None)


def main() -> None:
    port, inbox, origin, within = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
    handshake = HANDSHAKE.format(inbox=inbox, port=port, origin=origin)
    uvloop.run(serve(port, lambda token, _own, delays: (Visitor(token, delays), handshake), within=within))


if __name__ == "__main__":
    main()
