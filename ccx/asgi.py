"""Sockets only: everything under /ws/, and /livez for whoever watches the process. Pages are ccx/wsgi.py."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.base")
get_asgi_application()  # sets Django up before routing imports models

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from ccx.routing import websocket_urlpatterns  # noqa: E402

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def not_a_page(scope: dict[str, Any], receive: object, send: Send) -> None:
    """Answer /livez; anything else over HTTP belongs to the web processes."""
    alive = scope["path"] == "/livez"
    await send(
        {
            "type": "http.response.start",
            "status": 200 if alive else 404,
            "headers": [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "http.response.body", "body": b"alive\n" if alive else b"Sockets only.\n"})


application = ProtocolTypeRouter({"http": not_a_page, "websocket": URLRouter(websocket_urlpatterns)})
