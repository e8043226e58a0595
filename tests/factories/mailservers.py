"""Mail servers that answer as a test wants, and mails to give them."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from ccx.embedded.ports import a_free_port


@dataclass
class SmtpStub:
    """Keeps what it took. `at_rcpt` and `at_data` are answers, `refuses` one address;
    `hangs_up` breaks the line instead of the last one."""

    at_rcpt: str = "250 OK"
    at_data: str = "250 OK"
    hangs_up: bool = False
    refuses: str = ""
    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address == self.refuses:
            return "550 5.1.1 Unknown"
        if self.at_rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.hangs_up:
            server.transport.abort()
        if self.at_data.startswith("2"):
            self.taken.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
            self.recipients.append(envelope.rcpt_tos)
        return self.at_data


@contextmanager
def smtp_stub(**answers: Any) -> Iterator[SmtpStub]:
    """A server on a free port, gone afterwards."""
    stub = SmtpStub(port=a_free_port(), **answers)
    controller = Controller(stub, hostname="127.0.0.1", port=stub.port)
    controller.start()
    try:
        yield stub
    finally:
        controller.stop()


@dataclass
class ImapStub:
    """A folder behind an IMAP server that knows the few commands we use.

    `drops_at`: the line breaks in the middle of handing out this UID, once. `sizes`: what it says instead of the
    true size.
    """

    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int = 7
    password: str = "hush"
    token: str = ""
    drops_at: int = 0
    sizes: dict[int, int] = field(default_factory=dict)
    port: int = 0
    fetched: list[tuple[int, str]] = field(default_factory=list)

    def add(self, *raws: bytes) -> None:
        for raw in raws:
            self.mails[max(self.mails, default=0) + 1] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What the settings of a line say to be fetched from here."""
        told = {"host": "127.0.0.1", "port": self.port, "security": "none", "user": "help", "start": "all"}
        return {"imap": told | changes}

    def answer(self, command: str, rest: str) -> Iterator[bytes]:
        """The untagged lines of an answer; StopIteration is OK, ValueError NO, ConnectionError a broken line."""
        if command == "CAPABILITY":
            yield b"* CAPABILITY IMAP4rev1"
        elif command == "LOGIN" and rest.rsplit(maxsplit=1)[-1].strip('"') != self.password:
            raise ValueError
        elif command in {"SELECT", "EXAMINE"}:
            following = max(self.mails, default=0) + 1
            yield b"* %d EXISTS" % len(self.mails)
            yield b"* OK [UIDVALIDITY %d] numbers" % self.uid_validity
            yield b"* OK [UIDNEXT %d] next" % following
        elif command == "UID" and rest.upper().startswith("SEARCH"):
            yield b" ".join([b"* SEARCH", *(str(uid).encode() for uid in self._searched(rest))])
        elif command == "UID" and rest.upper().startswith("FETCH"):
            yield from self._fetch(*rest.split(maxsplit=2)[1:])
        elif command == "LOGOUT":
            yield b"* BYE"

    def _searched(self, rest: str) -> list[int]:
        if "SINCE" in rest.upper():
            return sorted(self.mails)
        first = int(rest.rsplit(maxsplit=1)[-1].partition(":")[0])
        return [uid for uid in sorted(self.mails) if uid >= first] or sorted(self.mails)[-1:]

    def _fetch(self, uids: str, what: str) -> Iterator[bytes]:
        for uid in map(int, uids.split(",")):
            raw = self.mails.get(uid)
            if raw is None:
                continue
            if "SIZE" in what:
                size = self.sizes.get(uid, len(raw))
                told = b'* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "03-Mar-2026 10:00:%02d +0000")'
                yield told % (uid, uid, size, uid % 60)
                continue
            self.fetched.append((uid, what))
            sent = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in what else raw
            if uid == self.drops_at:
                self.drops_at = 0
                yield b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, uid, len(sent)) + sent[: len(sent) // 2]
                raise ConnectionError
            yield b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, uid, len(sent)) + sent + b")"


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        stub: ImapStub = self.server.stub  # type: ignore[attr-defined]
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, command, *rest = line.decode().strip().split(maxsplit=2)
            if command.upper() == "AUTHENTICATE":
                self.wfile.write(b"+ \r\n")
                told = base64.b64decode(self.rfile.readline()).decode()
                is_right = stub.token and told == f"user=help\x01auth=Bearer {stub.token}\x01\x01"
                self.wfile.write(f"{tag} {'OK done' if is_right else 'NO refused'}\r\n".encode())
                continue
            try:
                for told in stub.answer(command.upper(), rest[0] if rest else ""):
                    self.wfile.write(told + b"\r\n")
            except ValueError:
                self.wfile.write(f"{tag} NO refused\r\n".encode())
                continue
            except ConnectionError:
                return
            self.wfile.write(f"{tag} OK done\r\n".encode())


@contextmanager
def imap_stub(**values: Any) -> Iterator[ImapStub]:
    """A server on a free port, gone afterwards."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Line) as server:
        server.daemon_threads = True
        stub = ImapStub(port=server.server_address[1], **values)
        server.stub = stub  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join(5)


def a_mail(
    words: str = "Where is my order?", *, number: object = 1, sender: str = "ann@example.test", **heads: str
) -> bytes:
    """A plain mail; further headers by name, with _ for -."""
    named = {"From": f"Ann <{sender}>", "To": "help@ccx.test", "Subject": "My order"}
    named |= {"Message-ID": f"<m{number}@example.test>"} | {
        name.replace("_", "-"): value for name, value in heads.items()
    }
    return "".join(f"{name}: {value}\n" for name, value in named.items()).encode() + f"\n{words}\n".encode()


def bounce_of(message_id: str, *, action: str = "failed", number: int = 50) -> bytes:
    """A report of a mail server about one mail of ours."""
    return (
        f"From: MAILER-DAEMON@mx.test\nMessage-ID: <dsn{number}@mx.test>\nReturn-Path: <>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n"
        "--r\nContent-Type: text/plain\n\nNot delivered.\n"
        f"--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nAction: {action}\n"
        f"--r\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n--r--\n"
    ).encode()
