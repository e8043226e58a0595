"""Advisory locks of the event log: held to the end of the transaction, known to this database only."""

from django.db import connection

# One namespace, so that no other advisory lock of the installation can meet ours.
NAMESPACE = 0x43435845


def lock_name(reader: str) -> str:
    """The lock of one reader; whoever moves its position holds it."""
    return f"reader:{reader}"


def try_lock(name: str) -> bool:
    """Take the lock until the transaction ends, or say at once that somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [NAMESPACE, name])
        return bool(cursor.fetchone()[0])


def wait_for_lock(name: str) -> None:
    """Take the lock until the transaction ends, waiting for whoever has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [NAMESPACE, name])
