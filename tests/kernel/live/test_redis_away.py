"""Redis goes and comes back: nobody waits for it, pages are told, and nothing needs a restart."""

import socket
import threading
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from ccx.embedded.ports import a_free_port
from ccx.kernel.live import nudging
from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import user_topic
from ccx.kernel.models import User
from tests.kernel.live.wire import Tab, session_of, sockets_process


class Line:
    """The way to Redis, which can be cut and mended."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname or "", parts.port or 0)
        self.port = a_free_port()
        secret = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(
            netloc=f"{secret}@127.0.0.1:{self.port}" if secret else f"127.0.0.1:{self.port}"
        ).geturl()
        self._ends: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._server = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._server.start()

    def cut(self) -> None:
        self._listener.close()
        self._server.join()  # a connection it was just taking is one of those to cut
        for end in self._ends:
            with suppress(OSError):  # closed already
                end.shutdown(socket.SHUT_RDWR)
        self._ends = []

    def _serve(self, listener: socket.socket) -> None:
        listener.settimeout(0.1)
        while listener.fileno() >= 0:
            try:
                near, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            near.settimeout(None)
            far = socket.create_connection(self.target)
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while words := one.recv(65536):
                other.sendall(words)
        except OSError:
            pass
        finally:
            one.close()
            other.close()


def seconds_of_a_nudge(topic: str) -> float:
    started = time.monotonic()
    nudge(topic)
    return time.monotonic() - started


def test_a_cut_line_to_redis_costs_nobody_time_and_pages_read_again_when_it_is_mended(
    transactional_db: None, alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(settings.REDIS_URL)
    settings.REDIS_URL = line.url
    monkeypatch.setattr(nudging, "_redis", lru_cache(nudging._redis.__wrapped__))
    monkeypatch.setattr(nudging, "_rests_until", 0.0)
    own = user_topic(alice.public_id)
    with sockets_process() as (port, _), Tab(port, session_of(alice)) as page:
        page.hear("resync")
        page.follow(own)
        nudge(own)
        assert page.hear("topic")["topic"] == own

        line.cut()
        assert page.hear("deaf")
        assert seconds_of_a_nudge(own) < 0.3
        assert seconds_of_a_nudge(own) < 0.05
        with Tab(port, session_of(alice)) as late:
            assert late.hear("deaf")
        page.say(type="here")

        line.mend()
        assert page.hear("resync", seconds=15)
        time.sleep(nudging.REST_SECONDS)
        nudge(own)
        assert page.hear("topic")["topic"] == own
    line.cut()
