"""Running CCX as a person would, and looking at what it leaves behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ccx.embedded.guard import is_running
from ccx.embedded.ports import a_free_port

PATIENCE_SECONDS = 90
OURS = ("CCX_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "PYTEST_", "CI")


def clean_environment(**values: object) -> dict[str, str]:
    """This machine's environment without any setting of CCX, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {name: str(value) for name, value in values.items()}


@dataclass
class Run:
    """A supervisor that runs or ran, and what it said."""

    process: subprocess.Popen[bytes]
    output: Path
    var: Path
    port: int

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def until(self, words: str) -> float:
        """Wait for words; how long it took."""
        started = time.monotonic()
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() - started < PATIENCE_SECONDS, self.said
            time.sleep(0.05)
        return time.monotonic() - started

    def stop(self) -> int:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def supervisor(var: Path, **values: object) -> Iterator[Run]:
    """Start it; whatever the test does, nothing is left afterwards."""
    port = int(str(values.pop("CCX_PORT", 0))) or a_free_port()
    settings_of_run = {"CCX_VAR": var, "CCX_PORT": port, "CCX_SOCKETS_PORT": a_free_port(), "CCX_WEB_WORKERS": 1}
    settings_of_run |= {"CCX_WORKER_PROCESSES": 1, "CCX_DEMO_CONTACTS": 200} | values
    output = var.parent / f"{var.name}-{time.monotonic_ns()}.out"
    with output.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "ccx.supervisor"],
            cwd=settings.BASE_DIR,
            env=clean_environment(**settings_of_run),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield Run(process, output, var, port)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def processes_of(var: Path) -> list[str]:
    """Every process that works in this var folder or was told of it, by name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = f"CCX_VAR={var}".encode() in (entry / "environ").read_bytes().split(b"\0")
            works = os.readlink(entry / "cwd").startswith(str(var))
            if (told or works) and is_running(int(entry.name)):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def wait_for_none(var: Path, seconds: float) -> list[str]:
    """What still runs when time is up; nothing, if all is well."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(var)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
