"""Advisory locks, known to this database only: held to the end of the transaction, or for as long as a block lasts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from django.db import InterfaceError, OperationalError, connection

# One namespace, so that no other advisory lock of the installation can meet ours.
NAMESPACE = 0x43435845


def lock_name(reader: str) -> str:
    """The lock of one reader; whoever moves its position holds it."""
    return f"reader:{reader}"


def try_lock(name: str) -> bool:
    """Take the lock until the transaction ends, or say at once that somebody else has it."""
    return _ask("pg_try_advisory_xact_lock", name)


def wait_for_lock(name: str) -> None:
    """Take the lock until the transaction ends, waiting for whoever has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [NAMESPACE, name])


@contextmanager
def holding_one_of(names: Sequence[str]) -> Iterator[bool]:
    """Hold the first of these locks that is free for as long as the block lasts; False: others have them all.

    It belongs to the connection and outlasts transactions, so it is for work that nobody loses by if it is done twice.
    """
    held = next((name for name in names if _ask("pg_try_advisory_lock", name)), None)
    try:
        yield held is not None
    finally:
        if held is not None:
            # With the connection the lock is gone as well.
            with suppress(OperationalError, InterfaceError):
                _ask("pg_advisory_unlock", held)


def _ask(function: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, hashtext(%s))", [NAMESPACE, name])
        return bool(cursor.fetchone()[0])
