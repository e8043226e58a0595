"""Mails are read in a child process that is killed when one takes too long: no mail can stop a worker.

One child per process, kept warm, so that an ordinary mail costs milliseconds. What counts is the child's own processor
time: a mail does not pay for whatever else the machine does.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings

from interactions.channels.email.child_process import FRAME
from interactions.channels.email.errors import MailIsUnreadableError, ReaderFailedError
from interactions.channels.email.reading import File, Mail, Participant

SECONDS: Final = 1.0
# Files are only decoded and handed on; so much more time they may take.
SECONDS_PER_BYTE: Final = 1 / 20_000_000
START_SECONDS: Final = 20.0
# However little processor time it gets: for so long a worker waits for one mail.
LONGEST_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 0.05
MAX_ANSWER: Final = 400 * 1024 * 1024
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Allowance:
    """How far the child's processor time may go, and until when the worker waits."""

    processor: float
    until: float


class _Child:
    """One process and the pipes to it. Whoever uses it holds the lock."""

    def __init__(self) -> None:
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(settings.BASE_DIR), "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "interactions.channels.email.child_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env=environment,
            start_new_session=True,
        )
        self.is_ready = False

    def ask(self, raw: bytes, told: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer about one mail. Raises ReaderFailedError when it does not come in time."""
        incoming, outgoing = self.process.stdin, self.process.stdout
        assert incoming is not None  # noqa: S101 - told to the type checker: both are pipes
        assert outgoing is not None  # noqa: S101
        head = json.dumps(told).encode()
        writer = threading.Thread(target=_write, args=(incoming, FRAME.pack(len(head), len(raw)), head, raw))
        writer.start()
        try:
            if not self.is_ready:
                # The first mail waits for the child to start; from there on it is read.
                self._read(outgoing, FRAME.size, _Allowance(START_SECONDS, time.monotonic() + START_SECONDS))
                self.is_ready = True
            allowance = _Allowance(
                processor_seconds(self.process.pid) + SECONDS + len(raw) * SECONDS_PER_BYTE,
                time.monotonic() + LONGEST_SECONDS,
            )
            size, rest = FRAME.unpack(self._read(outgoing, FRAME.size, allowance))
            if size + rest > MAX_ANSWER:
                raise MailIsUnreadableError("it says too much")
            answer = json.loads(self._read(outgoing, size, allowance))
            return answer, self._read(outgoing, rest, allowance)
        except BaseException:
            self.kill()
            raise
        finally:
            writer.join()

    def _read(self, pipe: IO[bytes], size: int, allowance: "_Allowance") -> bytes:
        parts: list[bytes] = []
        descriptor = pipe.fileno()
        while size > 0:
            is_over = processor_seconds(self.process.pid) >= allowance.processor
            if is_over or time.monotonic() >= allowance.until:
                raise ReaderFailedError("it takes too long to be read")
            if not select.select([descriptor], [], [], LOOK_SECONDS)[0]:
                continue
            part = os.read(descriptor, min(size, 1 << 20))
            if not part:
                raise ReaderFailedError("its reader died")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def kill(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.let_go()

    def let_go(self) -> None:
        """Close our ends of what is over, or of what belongs to the process that this one was forked from."""
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


_lock = threading.Lock()
_children: dict[int, _Child] = {}


def read_in_child(raw: bytes, *, authserv_id: str = "") -> Mail:
    """Read one mail as `reading.parse` does, but where it can be killed.

    Raises MailIsUnreadableError: it cannot be read, or needs more memory than is allowed; ReaderFailedError: it takes
    more than a second (more for its files), or its reader died.
    """
    with _lock:
        child = _children.get(os.getpid())
        if child is None or child.process.poll() is not None:
            # One that died, or one of the process that this one was forked from.
            for former in _children.values():
                former.let_go()
            _children.clear()
            child = _children[os.getpid()] = _Child()
        try:
            answer, contents = child.ask(raw, {"authserv_id": authserv_id})
        except (OSError, ValueError) as error:
            raise ReaderFailedError(f"its reader died: {type(error).__name__}") from error
    if "error" in answer:
        raise MailIsUnreadableError(answer["error"])
    return _mail(answer, contents)


def _mail(answer: dict[str, Any], contents: bytes) -> Mail:
    told: dict[str, Any] = answer["mail"]
    at, files = 0, []
    for file, size in zip(told.pop("files"), answer["sizes"], strict=True):
        files.append(File(**file, content=contents[at : at + size]))
        at += size
    people = {name: tuple(Participant(**one) for one in told.pop(name)) for name in ("to", "cc")}
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in told.items()}
    return Mail(**values | people, files=tuple(files))


def processor_seconds(pid: int) -> float:
    """How long a process has been at work since it began, waiting not counted."""
    # After the name in brackets, which may hold anything: fields 14 and 15 (proc(5)).
    told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS


def _write(pipe: IO[bytes], *parts: bytes) -> None:
    # A child that is killed meanwhile reads no more; who waits for its answer is told.
    with suppress(OSError, ValueError):
        for part in parts:
            pipe.write(part)
        pipe.flush()


@atexit.register
def _end() -> None:
    child = _children.pop(os.getpid(), None)
    if child is not None:
        child.kill()
