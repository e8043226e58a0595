"""All socket addresses, under /ws/. Each room's consumers are listed here, and from which pages they are opened."""

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.urls import URLPattern, re_path

from ccx.kernel.live.consumers import LiveSocket
from interactions.doors.chat.consumers import ChatSocket

NO_SUCH_SOCKET = 4404


class NoSuchSocket(AsyncWebsocketConsumer):
    """Refuses an address that is nobody's, quietly: URLRouter would raise and log a traceback per attempt."""

    async def connect(self) -> None:
        """Close before accepting."""
        await self.close(code=NO_SUCH_SOCKET)


websocket_urlpatterns: list[URLPattern] = [
    # Our own pages only: a cookie says who it is.
    re_path(r"^ws/live$", AllowedHostsOriginValidator(CookieMiddleware(LiveSocket.as_asgi()))),
    # The sites of the line, which it looks up; no cookie counts.
    re_path(r"^ws/chat/(?P<inbox>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", ChatSocket.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
