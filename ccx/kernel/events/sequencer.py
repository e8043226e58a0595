"""The one sequencer: gives committed events their positions. Readers follow positions, never ids.

A transaction that commits late gets a late position, so it is never skipped; one that waited for another's row lock
inserted its event after that one's, so the two keep their order; an open transaction elsewhere is simply not seen.
"""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from ccx.kernel.events import failpoints
from ccx.kernel.events.locks import try_lock

LOCK = "sequencer"

# Statistics of a log that grows all day are always stale, and a plan that reads a whole month to find five events would
# stall every reader: only the two indexes are right here, whatever the statistics say.
BY_INDEX_ONLY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
# Said in the end as well, for a transaction around this one, as in tests, would go on planning so.
AS_EVER = (
    "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT"
)
# A head that is gone (an emptied database) starts where the log ends.
ENSURE_HEAD = """
INSERT INTO kernel_loghead (id, position)
SELECT 1, coalesce((SELECT position FROM kernel_event WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1), 0)
ON CONFLICT (id) DO NOTHING
"""
LOCK_HEAD = "SELECT position FROM kernel_loghead WHERE id = 1 FOR UPDATE"
# Its own statement after the lock, so that its snapshot sees all that the last holder numbered.
NUMBER = """
WITH waiting AS MATERIALIZED (
    SELECT id, recorded_at FROM kernel_event WHERE position IS NULL ORDER BY id LIMIT %(limit)s
), batch AS MATERIALIZED (
    SELECT id, recorded_at, row_number() OVER (ORDER BY id) AS step FROM waiting
), numbered AS (
    UPDATE kernel_event AS event SET position = %(head)s + batch.step
      FROM batch WHERE event.recorded_at = batch.recorded_at AND event.id = batch.id
    RETURNING 1
)
UPDATE kernel_loghead SET position = %(head)s + (SELECT count(*) FROM numbered) WHERE id = 1 RETURNING position
"""


def number_events(limit: int = 5000) -> int | None:
    """Number up to `limit` committed events, oldest id first, and say how many; None: another one is at it.

    A transaction of its own: positions exist for readers only once they are committed.
    """
    with transaction.atomic(durable=True):
        if not try_lock(LOCK):
            return None
        with connection.cursor() as cursor:
            cursor.execute(BY_INDEX_ONLY)
            count = _number(cursor, limit)
            cursor.execute(AS_EVER)
        failpoints.reach("sequencer.after_number")
    return count


def _number(cursor: CursorWrapper, limit: int) -> int:
    cursor.execute("SELECT 1 FROM kernel_event WHERE position IS NULL ORDER BY id LIMIT 1")
    if cursor.fetchone() is None:
        return 0
    cursor.execute(LOCK_HEAD)
    row = cursor.fetchone()
    if row is None:
        cursor.execute(ENSURE_HEAD)
        cursor.execute(LOCK_HEAD)
        row = cursor.fetchone()
    head = int(row[0])
    cursor.execute(NUMBER, {"limit": limit, "head": head})
    return int(cursor.fetchone()[0]) - head
