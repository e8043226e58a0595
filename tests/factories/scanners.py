"""A virus scanner that speaks clamd's INSTREAM and knows one virus, on a free port or at a path."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.test import override_settings

# Nobody stores the whole of it where a real scanner could find it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Scanner:
    """What it was asked, and what it answers instead of a verdict, if anything."""

    address: str = ""
    asked: list[bytes] = field(default_factory=list)
    answer: bytes = b""


@contextmanager
def scanning(path: Path | None = None) -> Iterator[Scanner]:
    """While it lasts, CCX_VIRUS_SCANNER names it."""
    scanner = Scanner()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if self.rfile.read(10) != b"zINSTREAM\0":
                return
            content = b""
            while (size := struct.unpack("!I", self.rfile.read(4))[0]) > 0:
                content += self.rfile.read(size)
            scanner.asked.append(content)
            verdict = b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            self.wfile.write(scanner.answer or verdict)

    server: Any
    if path is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        scanner.address = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        scanner.address = f"unix:{path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with override_settings(CCX_VIRUS_SCANNER=scanner.address):
            yield scanner
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
