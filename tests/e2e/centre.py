"""A whole centre at work for one story: every program as the supervisor starts it, on the database of the tests.

It has a Redis of its own, so that a story may stop it, and a mailbox that takes whatever is sent.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings

from ccx.embedded.ports import a_free_port, answers
from ccx.embedded.processes import Children
from ccx.embedded.servers import Servers
from ccx.supervisor.programs import Plan, commands
from tests.services import database_address

PATIENCE_SECONDS = 60.0


class Mailbox:
    """Takes every mail; what came lies here in the order it came."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep it."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]

    def next_to(self, address: str, *, after: int = 0) -> EmailMessage:
        """The mail to this address that follows `after` others; waits for it."""
        return eventually(lambda: self.to(address)[after:], f"mail {after + 1} to {address}")[0]


@dataclass
class Centre:
    """Its programs by name, each of which may be killed and started again."""

    plan: Plan
    environment: dict[str, str]
    mailbox: Mailbox
    servers: Servers
    log: Path
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.plan.address

    def start(self, *names: str) -> None:
        """Start programs; web and sockets answer when this returns."""
        for name in names:
            with self.log.open("ab") as log:
                self.running[name] = subprocess.Popen(
                    commands(self.plan)[name],
                    env=self.environment,
                    cwd=settings.BASE_DIR,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        for name, port in (("web", self.plan.port), ("sockets", self.plan.sockets_port)):
            if name in names:
                eventually(lambda port=port: answers("127.0.0.1", port), f"{name} answers")  # type: ignore[misc]

    def kill(self, *names: str) -> None:
        """As the kernel kills: no goodbye, the children of a program with it."""
        for name in names:
            process = self.running.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def stop_redis(self) -> None:
        self.servers.stop()

    def start_redis(self) -> None:
        """On the same port, and empty."""
        self.servers.look_after()

    @property
    def said(self) -> str:
        """What all programs said, for whoever looks why."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]


@contextmanager
def running_centre(**more: str) -> Iterator[Centre]:
    """Start everything; whatever the story does, nothing is left of it."""
    mailbox = Mailbox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=a_free_port())
    smtp.start()
    with tempfile.TemporaryDirectory(prefix="ccx-centre-") as folder:
        children = Children(Path(folder) / "var")
        servers = Servers(children, durable=False)
        redis_url = servers.start(with_postgres=False)["REDIS_URL"]
        port, sockets_port = a_free_port(), a_free_port()
        plan = Plan(
            host="127.0.0.1",
            port=port,
            sockets_port=sockets_port,
            mail_port=smtp.port,
            web_workers=1,
            web_threads=4,
            worker_processes=1,
            var_dir=children.var_dir,
        )
        environment = os.environ | {
            "DATABASE_URL": database_address(),
            "REDIS_URL": redis_url,
            "DJANGO_SETTINGS_MODULE": "tests.e2e.running_settings",
            "CCX_VAR": str(children.var_dir),
            "CCX_SOCKETS_PORT": str(sockets_port),
            "CCX_BASE_URL": plan.address,
            "CCX_SMTP_HOST": "127.0.0.1",
            "CCX_SMTP_PORT": str(smtp.port),
            "CCX_LOG_LEVEL": "WARNING",
            **more,
        }
        centre = Centre(plan, environment, mailbox, servers, Path(folder) / "programs.log")
        try:
            centre.start("web", "sockets", "worker", "scheduler")
            yield centre
        finally:
            centre.kill(*centre.running)
            smtp.stop()
            servers.stop()
            children.close()


def eventually(look: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """What `look` returns once it is something."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"Waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)
    return found
