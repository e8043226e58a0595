"""What a reader is. `ccx/subscriptions.py` lists them all; the pump in `ccx/readers.py` runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ccx.kernel.events.models import EventRow


@dataclass(frozen=True)
class Reader:
    """Follows the log at its own position. `handle` runs inside the transaction that moves the position.

    It gets events of `kinds` in the order of their positions, may get one again after a crash (the transaction
    took nothing of the first time), and acts on imported history only if `history` says so.
    """

    name: str
    handle: Callable[[Sequence[EventRow]], None]
    kinds: frozenset[str]
    history: bool = False
    batch_size: int = 1000
