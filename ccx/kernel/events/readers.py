"""What a reader is. `ccx/subscriptions.py` lists them all; the pump in `ccx/readers.py` runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from ccx.kernel.events.errors import UnknownReaderError
from ccx.kernel.events.models import EventRow


@dataclass(frozen=True)
class Reader:
    """Follows the log at its own position. `handle` runs inside the transaction that moves the position.

    It gets events of `kinds` in the order of their positions, may get one again after a crash (the transaction
    took nothing of the first time), and acts on imported history only if `history` says so. A reader that only
    looks forward (`from_beginning=False`) starts at the end of the log when it is first seen.
    """

    name: str
    handle: Callable[[Sequence[EventRow]], None]
    kinds: frozenset[str]
    history: bool = False
    batch_size: int = 1000
    from_beginning: bool = True


def all_readers() -> tuple[Reader, ...]:
    """Every reader of this installation, as the setting CCX_READERS lists them."""
    readers: tuple[Reader, ...] = import_string(settings.CCX_READERS)
    return readers


def reader_named(name: str) -> Reader:
    """The reader of that name, or UnknownReaderError."""
    for reader in all_readers():
        if reader.name == name:
            return reader
    raise UnknownReaderError(name=name)
