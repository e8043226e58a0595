"""The pump: number what was committed, let every reader that lags take its batches, until nothing is left."""

import time
from collections.abc import Callable, Sequence

from ccx.kernel.events.effects import send_due_effects
from ccx.kernel.events.lag import lagging_readers
from ccx.kernel.events.readers import Reader, all_readers
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events

# A rival numbers: what it had already looked past may be ours, so look again.
RIVAL_SECONDS = 0.02
# More than this many batches behind: a reader for a task of its own, not to be waited for.
FAR_BEHIND = 3


def pump(
    *,
    seconds: float = 20.0,
    readers: Sequence[Reader] | None = None,
    far_behind: Callable[[Reader], bool] | None = None,
) -> bool:
    """Pump until nothing is left or the time is over; whether everything was done.

    Each reader takes turns of one batch, so that one with a lot to do does not starve the others; `far_behind` may
    take over a reader that is far behind. Whoever numbers or runs a reader elsewhere at the same time looks again
    before it stops, so what this pump leaves to it is not forgotten.
    """
    everyone = all_readers() if readers is None else readers
    until = time.monotonic() + seconds
    handed_over: set[str] = set()
    while time.monotonic() < until:
        numbered = number_events()
        worked = bool(numbered)
        for reader, lag in lagging_readers(everyone):
            if reader.name in handed_over:
                continue
            if far_behind is not None and lag > FAR_BEHIND * reader.batch_size and far_behind(reader):
                handed_over.add(reader.name)
                continue
            worked = bool(run_reader(reader, max_batches=1)) or worked
        if numbered is None:
            time.sleep(RIVAL_SECONDS)
        elif not worked:
            return True
    return False


def pump_everything(*, rounds: int = 1000) -> None:
    """Number, run every reader and send every due effect, here and now: for commands, imports and tests."""
    for _ in range(rounds):
        finished = pump(seconds=60.0)
        if not send_due_effects() and finished:
            return
