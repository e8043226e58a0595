"""Outlives its parent for a moment: when the supervisor is gone without a word, it stops what was left running.

A program of its own that imports nothing of ours. Its standard input is a pipe from the supervisor with lines
"watch PID SIGNAL" and "forget PID"; the end of the pipe means that the supervisor is gone. Last started, first
stopped: programs before the servers they use. Each process has a group of its own, which is killed if it lingers.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 6.0
GRACE_OF_SERVERS_SECONDS = 20.0


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an entry nobody collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[-1].split()[0] not in {"Z", "X"}
    except OSError:
        return True


def wait_gone(pids: list[int], seconds: float) -> bool:
    """Wait until none of them runs; False when time is up."""
    deadline = time.monotonic() + seconds
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stop_all(watched: dict[int, int]) -> None:
    """Programs first, all at once; then the servers (they are stopped by another signal than SIGTERM or come first)."""
    servers = [pid for pid, number in watched.items() if number == signal.SIGINT]
    programs = [pid for pid in watched if pid not in servers]
    for group, seconds in ((programs, GRACE_SECONDS), (servers, GRACE_OF_SERVERS_SECONDS)):
        for pid in group:
            with contextlib.suppress(OSError):
                os.kill(pid, watched[pid])
        wait_gone(group, seconds)
        for pid in group:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Read until the pipe ends, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "watch":
            watched[int(words[1])] = int(words[2])
        elif words[0] == "forget":
            watched.pop(int(words[1]), None)
    stop_all(watched)


if __name__ == "__main__":
    main()
