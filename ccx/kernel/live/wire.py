"""uvicorn's protocol for sockets, less patient with those who do not answer."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

# A message of ours is one frame; endless pieces of nothing are no message.
MOST_PIECES = 64
FLUSH_SECONDS = 5.0


class Wire(WebSocketsSansIOProtocol):
    """Ends what would otherwise stay: a closed connection whose last bytes nobody takes, a message that never ends."""

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MOST_PIECES:
            self.conn.fail(1008, "too many pieces")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.loop.call_later(FLUSH_SECONDS, self.transport.abort)
