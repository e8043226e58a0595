"""Where the browser finds the socket process: told to every page, and allowed by its content policy.

One machine has two ports: pages on WSGI, sockets on ASGI. The page is told the socket's address instead of a front
passing bytes on: no hop on any request, and nothing of ours to keep alive. Behind a proxy that sends /ws/ to the
socket process both settings stay empty, and the address is the page's own.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

PATH = "/ws/"


def allowed_origins(*, url: str, port: int, hosts: list[str]) -> list[str]:
    """What connect-src must name besides 'self'."""
    if url:
        parts = urlsplit(url)
        return [f"{parts.scheme}://{parts.netloc}"]
    if not port:
        return []
    # A content policy knows no IPv6 literals: there, sockets need an address of their own or a proxy.
    named = [host for host in hosts if "*" not in host and not host.startswith("[")]
    return [f"{scheme}://{host}:{port}" for host in named for scheme in ("ws", "wss")]


def address(request: HttpRequest) -> dict[str, Any]:
    """Context for templates: `sockets_url`, absolute or a path of the page's own address."""
    if settings.SOCKETS_URL:
        return {"sockets_url": settings.SOCKETS_URL}
    if not settings.SOCKETS_PORT:
        return {"sockets_url": PATH}
    try:
        host = request.get_host()
    except DisallowedHost:  # the page that says so has no socket to open
        return {"sockets_url": PATH}
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    scheme = "wss" if request.is_secure() else "ws"
    return {"sockets_url": f"{scheme}://{name}:{settings.SOCKETS_PORT}{PATH}"}
