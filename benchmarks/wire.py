"""What a caller of a benchmark does as little of as it can: it shares the cores with what it measures."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit


class Wire:
    """One kept connection over which one request after the other is posted."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = parts.netloc

    def post(self, path: str, headers: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; headers as they go out, each with its line's end."""
        head = f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}"
        self.socket.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        told = b""
        while (end := told.find(b"\r\n\r\n")) < 0:
            told += self._more()
        length = int(told[:end].lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        while len(told) < end + 4 + length:
            told += self._more()
        return int(told[9:12]), told[end + 4 :]

    def _more(self) -> bytes:
        came = self.socket.recv(65536)
        if not came:
            raise ConnectionError("The server hung up.")
        return came


def wait_for_start() -> float:
    """Say that this caller is ready, wait until all are, and return the moment of the start."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    return time.perf_counter()


def call_together(programs: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What several callers told, all started at the same moment; `elapsed` is how long each was at it."""
    processes = [
        subprocess.Popen([sys.executable, "-m", *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for program in programs
    ]
    for process in processes:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("A caller did not get ready.")
    for process in processes:
        if process.stdin is not None:
            process.stdin.write("go\n")
            process.stdin.flush()
    told = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in processes]
    refused = sum(one["refused"] for one in told)
    if refused:
        raise RuntimeError(f"{refused} requests were refused")
    return told
