"""Starting children, watching them, stopping them; and a guard that does so if we are killed."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccx.embedded import guard
from ccx.embedded.accounts import Account
from ccx.embedded.errors import CannotStartError

LONGEST_LOG_BYTES = 20_000_000


class Unbroken:
    """What a signal must not cut in two: between a child's birth and our knowing of it nobody could stop it."""

    def __init__(self) -> None:
        self._depth = 0
        self._waiting: BaseException | None = None

    def raise_here(self, error: BaseException) -> None:
        """For signal handlers: raise now, or as soon as what is going on is over."""
        if not self._depth:
            raise error
        self._waiting = error

    @contextlib.contextmanager
    def region(self) -> Iterator[None]:
        """Handlers run in the main thread only, so only there is anything to hold back."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._waiting and not self._depth:
                error, self._waiting = self._waiting, None
                raise error


UNBROKEN = Unbroken()


@dataclass
class Child:
    """A running program of ours, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: int

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start and how to ask it to stop."""

    name: str
    arguments: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    folder: Path = Path("/")
    stop_signal: int = signal.SIGTERM


class Children:
    """All children of one supervisor. A lock on `var` makes sure that there is one supervisor."""

    def __init__(self, var_dir: Path, *, wait_for_lock: float = 30.0) -> None:
        self.var_dir = var_dir
        self._lock = _take_lock(var_dir, wait_for_lock)
        # The guard holds the lock too: nobody starts here before it has finished cleaning up.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self._lock],
            cwd="/",
        )
        self.running: list[Child] = []
        self._has_ended = False

    def start(self, command: Command) -> Child:
        """Start a child whose output goes to its log."""
        with UNBROKEN.region():
            return self._start(command)

    def _start(self, command: Command) -> Child:
        if self._has_ended:
            raise CannotStartError(f"CCX is being stopped: {command.name} is not started any more.")
        try:
            _trim(command.log)
            log = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise CannotStartError(f"CCX cannot write its log {command.log}: {error.strerror}.") from None
        try:
            process = subprocess.Popen(
                [str(argument) for argument in command.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=command.folder,
                env=None if command.environment is None else dict(command.environment),
                **(command.account.popen_arguments() if command.account else {}),
            )
        except OSError as error:
            raise CannotStartError(f"CCX cannot start {command.name}: {error.strerror}.") from None
        finally:
            os.close(log)
        self._tell_guard(f"watch {process.pid} {int(command.stop_signal)}")
        child = Child(command.name, process, command.stop_signal)
        self.running.append(child)
        return child

    def forget(self, child: Child) -> None:
        """A child has ended: nothing of its group may stay behind."""
        with contextlib.suppress(OSError):
            os.killpg(child.process.pid, signal.SIGKILL)
        self._tell_guard(f"forget {child.process.pid}")
        if child in self.running:
            self.running.remove(child)

    def stop(self, children: Sequence[Child], seconds: float) -> None:
        """Ask them all, wait together, kill what lingers."""
        for child in children:
            if child.is_running:
                child.process.send_signal(child.stop_signal)
        deadline = time.monotonic() + seconds
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            if child.is_running:
                with contextlib.suppress(OSError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
            self.forget(child)

    def end(self, seconds: float) -> None:
        """Stop all, and start nothing any more, whoever is still about to."""
        self._has_ended = True
        self.stop(list(reversed(self.running)), seconds)

    def trim_logs(self) -> None:
        """A log that grew long while its program runs begins anew; programs append, so they need not be told."""
        for log in (self.var_dir / "log").glob("*.log"):
            with contextlib.suppress(OSError):
                if log.stat().st_size > LONGEST_LOG_BYTES and not log.name.endswith(".old.log"):
                    shutil.copyfile(log, log.with_suffix(".old.log"))
                    os.truncate(log, 0)

    def close(self) -> None:
        """Stop what still runs, dismiss the guard, give the lock back."""
        self.stop(list(reversed(self.running)), seconds=10)
        if self._guard.stdin:
            with contextlib.suppress(OSError):
                self._guard.stdin.close()
        self._guard.wait()
        os.close(self._lock)

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin:
            with contextlib.suppress(OSError):
                self._guard.stdin.write(f"{line}\n".encode())
                self._guard.stdin.flush()


def last_words(log: Path, marks: Sequence[str] = ("PANIC:", "FATAL:", "ERROR:", "error:", "#")) -> str:
    """The last line of a log that tells a reason."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:]
    except OSError:
        return ""
    for mark in marks:
        for line in reversed(lines):
            if mark in line:
                return line.split(mark, 1)[1].strip().rstrip(".")
    return lines[-1].strip() if lines else ""


def _take_lock(var_dir: Path, seconds: float) -> int:
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(var_dir / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStartError(f"CCX cannot write to {var_dir}: {error.strerror}.") from None
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _holder(handle)
            # A holder that lives is at work; one that died is being cleaned up after by its guard.
            if (holder and guard.is_running(holder)) or time.monotonic() > deadline:
                os.close(handle)
                raise CannotStartError(
                    f"CCX already runs here (process {holder}); stop that one first."
                    if holder
                    else f"Another process holds {var_dir / 'run.lock'}; stop that one first."
                ) from None
            time.sleep(0.1)
        else:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return handle


def _holder(handle: int) -> int:
    text = os.pread(handle, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdigit() else 0


def _trim(log: Path) -> None:
    """A log that grew long starts again; the last one is kept beside it."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LONGEST_LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
