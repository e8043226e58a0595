"""`python -m ccx.demo.catching`: takes every mail that CCX sends and keeps it as a file; none leaves the machine.

Needs no Django and no database; the pages under /demo/mail/ read the folder.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from aiosmtpd.controller import Controller

MAX_MAIL: Final = 40 * 1024 * 1024
MOST_KEPT: Final = 500


class Keeper:
    """Writes mails into a folder, the newest few of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        """Keep one mail; its name sorts by time."""
        path = self.folder / f"{time.time_ns():020d}-{uuid4().hex}.eml"
        half = path.with_suffix(".half")
        half.write_bytes(envelope.content)
        os.replace(half, path)
        for old in sorted(self.folder.glob("*.eml"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
        return "250 Kept"


def main() -> int:
    """Listen until asked to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the thread begins, so that they come to us.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    controller = Controller(
        Keeper(options.folder), hostname=options.host, port=options.port, data_size_limit=MAX_MAIL, ident="CCX catcher"
    )
    controller.start()
    signal.sigwait(signals)
    controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
