"""A mail server that answers as a test wants."""

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
    """Keeps what it took. `at_rcpt` and `at_data` are answers; `hangs_up` breaks the line instead of the last one."""

    at_rcpt: str = "250 OK"
    at_data: str = "250 OK"
    hangs_up: bool = False
    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
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
