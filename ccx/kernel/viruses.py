"""Asking a virus scanner about a file: clamd's INSTREAM, which is a dozen lines, over TCP or a local socket.

CCX_VIRUS_SCANNER names it; without it nothing is asked. Whatever is no verdict is no verdict: a scanner that is away,
breaks off or finds the file too large leaves the question open.
"""

import socket
import struct
import time
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

from ccx.kernel.events.effects import TemporaryEffectError

CHUNK: Final = 64 * 1024
# A scanner unpacks what it is given, and takes its time for it.
SECONDS: Final = 30.0
# One that does not answer is left alone for so long, so that it does not hold up every worker.
REST_SECONDS: Final = 45
RESTS: Final = "virus-scanner-rests"
LONGEST_ANSWER: Final = 4096
PORT: Final = 3310


class ScannerIsAwayError(TemporaryEffectError):
    """Nobody knows yet whether the file is clean."""


def is_asked() -> bool:
    """Whether a scanner is configured."""
    return bool(settings.CCX_VIRUS_SCANNER)


def virus_in(content: bytes) -> str:
    """What the scanner calls what it found; "" for a clean file, or without a scanner. Raises ScannerIsAwayError."""
    if not is_asked():
        return ""
    if cache.get(RESTS):
        raise ScannerIsAwayError("the virus scanner does not answer")
    try:
        answer = _ask(content)
    except OSError as error:
        cache.set(RESTS, 1, timeout=REST_SECONDS)
        raise ScannerIsAwayError(f"the virus scanner does not answer ({type(error).__name__})") from error
    told = answer.decode(errors="replace").strip("\0\r\n ").removeprefix("stream: ")
    if told == "OK":
        return ""
    if told.endswith(" FOUND"):
        return told.removesuffix(" FOUND")[:100] or "?"
    raise ScannerIsAwayError(f"the virus scanner said: {told[:100] or 'nothing'}")


def _ask(content: bytes) -> bytes:
    until = time.monotonic() + SECONDS
    with _connected() as line:
        line.sendall(b"zINSTREAM\0")
        for at in range(0, len(content), CHUNK):
            part = content[at : at + CHUNK]
            line.settimeout(_left(until))
            line.sendall(struct.pack("!I", len(part)) + part)
        line.sendall(struct.pack("!I", 0))
        answer = b""
        while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
            line.settimeout(_left(until))
            more = line.recv(LONGEST_ANSWER)
            if not more:
                break
            answer += more
    return answer


def _connected() -> socket.socket:
    """`unix:/run/clamav/clamd.ctl`, or `tcp://host:3310`."""
    told = urlsplit(settings.CCX_VIRUS_SCANNER)
    if told.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(SECONDS)
            line.connect(told.path)
        except BaseException:
            line.close()
            raise
        return line
    return socket.create_connection((told.hostname or "localhost", told.port or PORT), timeout=10.0)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
