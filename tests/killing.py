"""A process of its own for a worker that a test kills: forked, so that it need not import everything again."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from django.conf import settings
from django.db import connections

# Longer than any such worker lives; the kernel ends one that hangs.
PATIENCE_SECONDS = 60


def exit_code_of(work: Callable[[], object], failpoint: str = "") -> int:
    """Do it in another process, which dies at this fail point if it gets there; its exit code."""
    child = os.fork()
    if child == 0:
        os._exit(_live(work, failpoint))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _live(work: Callable[[], object], failpoint: str) -> int:
    try:
        signal.alarm(PATIENCE_SECONDS)
        settings.CCX_FAILPOINT = failpoint
        for connection in connections.all():
            connection.connection = None  # the one it has is its parent's
        work()
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        return 1
    return 0
