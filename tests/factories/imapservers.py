"""A real IMAP server (pymap) on this machine, and a line to it that can be cut."""

import imaplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ccx.embedded.ports import a_free_port, answers

USER, PASSWORD = "help", "hush"


@dataclass(frozen=True)
class RealImap:
    """One account; folders are made as they are named. INBOX is always there."""

    port: int

    def settings(self, folder: str = "INBOX", **changes: Any) -> dict[str, Any]:
        """What the settings of a line say to be fetched from here."""
        told = {"host": "127.0.0.1", "port": self.port, "security": "none", "user": USER, "start": "all"}
        return {"imap": {**told, "folder": folder, **changes}}

    def add(self, *raws: bytes, folder: str = "INBOX") -> None:
        """Mail arrives, in this order."""
        with self._signed_in() as client:
            client.create(folder)
            for raw in raws:
                told, _ = client.append(folder, "", imaplib.Time2Internaldate(time.time()), raw.replace(b"\n", b"\r\n"))
                assert told == "OK"

    def make_anew(self, folder: str, *raws: bytes) -> None:
        """The folder is lost and comes back out of a backup, in another order: other numbers for the same mails."""
        with self._signed_in() as client:
            client.delete(folder)
        self.add(*raws, folder=folder)

    @contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as client:
            # A mail leaves in three pieces, which would wait for each other.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(USER, PASSWORD)
            yield client


@contextmanager
def real_imap() -> Iterator[RealImap]:
    """A server in a process of its own, gone afterwards."""
    server = RealImap(port=a_free_port())
    services = ["--no-service", "managesieve", "--no-service", "admin"]
    place = ["--host", "127.0.0.1", "--port", str(server.port), "--no-tls"]
    account = ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    process = subprocess.Popen(
        [sys.executable, "-c", "from pymap.main import main; main()", *services, *place, *account],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not answers("127.0.0.1", server.port):
            assert process.poll() is None, "the IMAP server does not start"
            assert time.monotonic() < deadline, "the IMAP server does not answer"
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Proxy:
    """A line in between. `cuts_after`: so many bytes of the server's, and both ends lose each other, once."""

    to: int
    port: int = 0
    cuts_after: int | None = None
    lines: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)

    def cut(self) -> None:
        """Every line that stands now breaks."""
        for pair in self.lines:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self.lines.clear()

    def _carry(self, source: socket.socket, target: socket.socket, *, is_server: bool) -> None:
        carried = 0
        with suppress(OSError):
            while piece := source.recv(4096):
                carried += len(piece)
                if is_server and self.cuts_after is not None and carried > self.cuts_after:
                    target.sendall(piece[: max(0, len(piece) - (carried - self.cuts_after))])
                    self.cuts_after = None
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(port: int, *, cuts_after: int | None = None) -> Iterator[Proxy]:
    """A line to a server on this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(to=port, port=listening.getsockname()[1], cuts_after=cuts_after)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _address = listening.accept()
                far = socket.create_connection(("127.0.0.1", proxy.to))
                proxy.lines.append((near, far))
                for source, target, is_server in ((near, far, False), (far, near, True)):
                    carry = threading.Thread(
                        target=proxy._carry, args=(source, target), kwargs={"is_server": is_server}, daemon=True
                    )
                    carry.start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listening.close()
        proxy.cut()
