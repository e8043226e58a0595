"""All socket addresses, under /ws/. Each room's consumers are listed here."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import URLPattern, re_path

from ccx.kernel.live.consumers import LiveSocket

NO_SUCH_SOCKET = 4404


class NoSuchSocket(AsyncWebsocketConsumer):
    """Refuses an address that is nobody's, quietly: URLRouter would raise and log a traceback per attempt."""

    async def connect(self) -> None:
        """Close before accepting."""
        await self.close(code=NO_SUCH_SOCKET)


websocket_urlpatterns: list[URLPattern] = [
    re_path(r"^ws/live$", LiveSocket.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
