"""The child in which mails are read: it knows no database and no secret, and may be killed at any moment.

Started by child.py as `python -m`; mails come in over standard input, what they say goes out over standard output.
"""

import json
import resource
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

FRAME: Final = struct.Struct("!QQ")
MEMORY: Final = 256 * 1024 * 1024
# A mail with its files lies in memory several times while it is taken apart.
MEMORY_PER_BYTE: Final = 6


def main() -> None:
    """Read mails until the parent is gone."""
    from interactions.channels.email.errors import MailIsUnreadableError
    from interactions.channels.email.reading import parse

    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    own = _own_memory()
    # Whoever waits measures from here: what it took to start is no mail's.
    outgoing.write(FRAME.pack(0, 0))
    outgoing.flush()
    while head := incoming.read(FRAME.size):
        told_size, raw_size = FRAME.unpack(head)
        _bound(own + MEMORY + MEMORY_PER_BYTE * raw_size)
        try:
            told = json.loads(incoming.read(told_size))
            mail = asdict(parse(incoming.read(raw_size), authserv_id=told["authserv_id"]))
        except MailIsUnreadableError as error:
            _answer(outgoing, {"error": str(error)}, [])
            continue
        except MemoryError:
            _answer(outgoing, {"error": "it needs too much memory"}, [])
            return
        contents = [file.pop("content") for file in mail["files"]]
        _answer(outgoing, {"mail": mail}, contents)


def _answer(outgoing: BinaryIO, told: dict[str, Any], contents: list[bytes]) -> None:
    told["sizes"] = [len(content) for content in contents]
    head = json.dumps(told).encode()
    outgoing.write(FRAME.pack(len(head), sum(told["sizes"])))
    outgoing.write(head)
    for content in contents:
        outgoing.write(content)
    outgoing.flush()


def _own_memory() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _bound(size: int) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


if __name__ == "__main__":
    main()
