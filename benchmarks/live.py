"""Sockets: how soon a nudge stands in browsers, how many are lost, what a socket costs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Final, cast
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from benchmarks.figures import Figure, percentile, say, tell
from ccx.embedded.ports import a_free_port, answers
from ccx.kernel.live import nudging
from ccx.kernel.live.topics import team_topic, user_topic
from ccx.kernel.models import Grant, Team, User
from ccx.kernel.people.choices import GrantScope
from ccx.supervisor.programs import commands, plan_from_environment

SOCKETS: Final = 3_000
BROADCASTS: Final = 12
IDLE: Final = 1_000
ROUND_TRIPS: Final = 200
CLIENT: Final = "benchmarks.live_client"


def fan_out() -> None:
    """One nudge to all, several times; and the memory of the process before and after the sockets came."""
    team, people = _agents(SOCKETS)
    topic = team_topic(team.public_id)
    with server() as (port, process):
        with browsers(port, (CLIENT, topic), [(people[0][0], "")]):
            time.sleep(1)  # what is loaded with the first socket
        before = resident_kib(process.pid)
        started = time.perf_counter()
        with browsers(port, (CLIENT, topic), [(cookie, "") for cookie, _ in people]) as pages:
            took = time.perf_counter() - started
            say(f"{SOCKETS} sockets in {took:.0f} s")
            time.sleep(5)
            memory = (resident_kib(process.pid) - before) / SOCKETS
            pages.arrived()
            delays: list[float] = []
            for _ in range(BROADCASTS):
                nudging.nudge(topic, what=str(time.monotonic()))
                time.sleep(2)
                delays += pages.arrived()
    lost = SOCKETS * BROADCASTS - len(delays)
    worst = percentile(delays, 0.99) * 1000
    note = f"median {percentile(delays, 0.5) * 1000:.0f} ms, {BROADCASTS} broadcasts, {SOCKETS / took:.0f} connects/s"
    tell(Figure(name="live_fanout", size=SOCKETS, value=worst, unit="ms", bar=1500, note=note))
    tell(Figure(name="live_fanout_lost", size=SOCKETS, value=lost, unit="nudges", bar=0))
    tell(Figure(name="live_fanout_memory", size=SOCKETS, value=memory, unit="KiB a socket", bar=35))


def round_trip() -> None:
    """One nudge to one of many idle sockets, from the call of nudge() to the frame."""
    team, people = _agents(IDLE)
    with server() as (port, _), browsers(port, (CLIENT, team_topic(team.public_id)), people) as pages:
        time.sleep(3)
        pages.arrived()
        for number in range(ROUND_TRIPS):
            nudging.nudge(people[number % IDLE][1], what=str(time.monotonic()))
            time.sleep(0.05)
        delays = pages.arrived()
    note = f"median {percentile(delays, 0.5) * 1000:.1f} ms, {ROUND_TRIPS - len(delays)} lost of {ROUND_TRIPS}"
    tell(Figure(name="live_roundtrip", size=IDLE, value=percentile(delays, 0.99) * 1000, unit="ms", bar=20, note=note))


def _agents(number: int) -> tuple[Team, list[tuple[str, str]]]:
    """A team of so many agents, each signed in: (cookie, own topic)."""
    team = Team.objects.create(name=f"Floor {uuid4().hex[:8]}")
    users = User.objects.bulk_create(
        User(email=f"{uuid4().hex}@bench.invalid", name=f"Agent {number}", team=team, password="!")
        for number in range(number)
    )
    Grant.objects.bulk_create(Grant(user=user, scope=GrantScope.TEAM, target_id=team.pk) for user in users)
    store, until = SessionStore(), timezone.now() + timedelta(hours=1)
    sessions = [
        Session(
            session_key=uuid4().hex,
            expire_date=until,
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
        )
        for user in users
    ]
    Session.objects.bulk_create(sessions)
    name = settings.SESSION_COOKIE_NAME
    return team, [
        (f"{name}={session.session_key}", user_topic(user.public_id))
        for session, user in zip(sessions, users, strict=True)
    ]


@contextmanager
def server(port: int = 0) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A socket process as the supervisor starts it; its port and itself."""
    port = port or a_free_port()
    os.environ["CCX_SOCKETS_PORT"] = str(port)
    # Whoever signs the sessions and whoever reads them share the key.
    os.environ["CCX_SECRET_KEY"] = settings.SECRET_KEY
    settings.REDIS_URL = os.environ["REDIS_URL"]
    process = subprocess.Popen(commands(plan_from_environment())["sockets"], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not answers("127.0.0.1", port) and time.monotonic() < until:
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


class _Browsers:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.orders, self.told = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def arrived(self) -> list[float]:
        """How long each nudge took that came since the last time."""
        self.orders.write("\n")
        self.orders.flush()
        delays: list[float] = json.loads(self.told.readline())
        return delays


@contextmanager
def browsers(port: int, program: tuple[str, ...], cookies: list[tuple[str, str]]) -> Iterator[_Browsers]:
    """Those of one of the clients beside this file: (module, what it is told besides the port)."""
    module, *told = program
    command = [sys.executable, "-m", module, str(port), *told]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        pages = _Browsers(process)
        pages.orders.write(json.dumps(cookies) + "\n")
        pages.orders.flush()
        if pages.told.readline() != "READY\n":
            raise RuntimeError("Some browsers did not get their socket.")
        yield pages
    finally:
        process.kill()
        process.wait()


def resident_kib(pid: int) -> int:
    """The memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
