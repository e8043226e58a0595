"""A real socket process, and browsers as it sees them."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Self

from django.conf import settings
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ccx.embedded.ports import a_free_port, answers
from ccx.kernel.models import User
from ccx.supervisor.programs import commands, plan_from_environment
from tests.services import database_address

PATIENCE_SECONDS = 30.0


@contextmanager
def sockets_process(*, port: int = 0, **more: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Started as the supervisor starts it, on the database of the tests; its port and itself."""
    port = port or a_free_port()
    plan = replace(plan_from_environment(), host="127.0.0.1", sockets_port=port)
    environment = os.environ | {
        "DATABASE_URL": database_address(),
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "ccx.settings.test",
        **more,
    }
    process = subprocess.Popen([*commands(plan)["sockets"]], env=environment, cwd=settings.BASE_DIR)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not answers("127.0.0.1", port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port, process
    finally:
        process.kill()
        process.wait(10)


def session_of(user: User) -> str:
    """A session of this person, as their browser's cookie names it."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class Tab:
    """A page of a signed-in person, as far as its socket goes."""

    def __init__(self, port: int, session: str, *, path: str = "/ws/live", origin: str = "http://127.0.0.1") -> None:
        self.session = session
        cookies = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
        self._opened = ExitStack()
        opening = connect(
            f"ws://127.0.0.1:{port}{path}",
            origin=origin,  # type: ignore[arg-type]
            additional_headers=cookies,
            compression=None,
            open_timeout=PATIENCE_SECONDS,
            ping_interval=None,
        )
        self.socket: ClientConnection = self._opened.enter_context(opening)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ConnectionClosed):
            self._opened.close()

    def say(self, **said: Any) -> None:
        self.socket.send(json.dumps(said))

    def hear(self, key: str, seconds: float = 10.0) -> dict[str, Any]:
        """The next frame that has this key; others are passed over."""
        until = time.monotonic() + seconds
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0.0, until - time.monotonic())))
            if key in frame:
                return frame

    def follow(self, *topics: str, age: float = 0.0) -> dict[str, Any]:
        self.say(type="follow", topics=list(topics), age=age)
        return self.hear("follows")

    def hears_nothing(self, key: str, seconds: float = 0.3) -> bool:
        """Whether no such frame comes within the time."""
        try:
            self.hear(key, seconds)
        except TimeoutError:
            return True
        return False

    def closed_with(self, seconds: float = 10.0) -> int:
        """The code with which the server ends it."""
        until = time.monotonic() + seconds
        try:
            while True:
                self.socket.recv(timeout=max(0.0, until - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
