"""Web servers that behave as a test wants, on a free port of this machine."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import override_settings


@dataclass(frozen=True)
class Heard:
    """A request as a stand-in heard it; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """What a stand-in answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class StandIn:
    """A provider of the test's own: `answer` says what it does with a request, `heard` keeps them all."""

    answer: Callable[[Heard], Said]
    heard: list[Heard] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def stand_in(answer: Callable[[Heard], Said] | Said | None = None) -> Iterator[StandIn]:
    """A web server that may be called (CCX_EGRESS_ALLOW names it), gone afterwards."""
    said = answer if callable(answer) else lambda _heard: answer if isinstance(answer, Said) else Said()
    standing = StandIn(answer=said)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, self.path, headers, self.rfile.read(length))
            standing.heard.append(heard)
            told = standing.answer(heard)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_told: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    standing.port = server.server_address[1]
    with _running(server), override_settings(CCX_EGRESS_ALLOW=[f"127.0.0.1:{standing.port}"]):
        yield standing


@contextmanager
def raw_server(behave: Callable[[Any], None]) -> Iterator[int]:
    """A server that does with each connection whatever `behave` does; it may be called, at the port that is given."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                behave(self.request)
            except OSError:
                return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    with _running(server), override_settings(CCX_EGRESS_ALLOW=[f"127.0.0.1:{port}"]):
        yield port


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
