"""Bringing facts and roll-ups up to date after something happened, at a cost that follows the change."""

from collections.abc import Iterable
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from analytics.facts.definition import COLUMNS, ENSURE_COHORTS, GIVEN, context_query, fact_query
from analytics.facts.measures import MAX_LINK_DAYS, NAMES
from analytics.rollups.deltas import finest_buckets, upsert_statements

# Which facts may differ now: the contacts that changed, their customers' contacts near in time, and their cases'
# contacts; each both as stored and as it is now, for a contact can leave a customer or a case.
AFFECTED: Final = f"""
INSERT INTO analytics_scope
WITH changed AS (SELECT unnest(%(ids)s::bigint[]) AS id),
version AS (
    SELECT f.customer_id, f.case_id, f.started_at AS low, coalesce(f.ended_at, f.started_at) AS high
    FROM analytics_fact f JOIN changed ON changed.id = f.interaction_id
    UNION ALL
    SELECT i.customer_id, i.case_id, i.started_at, coalesce(i.closed_at, i.started_at)
    FROM interactions_interaction i JOIN changed USING (id)
),
span AS (
    SELECT customer_id, min(low) AS low, max(high) AS high
    FROM version WHERE customer_id IS NOT NULL GROUP BY customer_id
),
touched_case AS (SELECT DISTINCT case_id FROM version WHERE case_id IS NOT NULL),
root AS (
    SELECT DISTINCT coalesce(c.issue_root_id, c.id) AS id
    FROM interactions_case c JOIN touched_case t ON t.case_id = c.id
),
family AS (
    SELECT id FROM root UNION SELECT c.id FROM interactions_case c JOIN root ON c.issue_root_id = root.id
    UNION SELECT case_id FROM touched_case
)
SELECT i.id FROM interactions_interaction i JOIN changed USING (id)
UNION
SELECT i.id FROM span JOIN interactions_interaction i ON i.customer_id = span.customer_id
    AND i.started_at <= span.high + interval '{MAX_LINK_DAYS} days'
    AND coalesce(i.closed_at, 'infinity') >= span.low - interval '{MAX_LINK_DAYS} days'
UNION
SELECT i.id FROM interactions_interaction i JOIN family ON family.id = i.case_id
"""

# Contacts of the scope that meanwhile left a customer, a case or a time and whose own event is yet to come: they count
# as changed now, for their new fact is the last that is known of where they were.
MOVED: Final = """
SELECT f.interaction_id FROM analytics_scope JOIN analytics_fact f ON f.interaction_id = analytics_scope.id
JOIN interactions_interaction i ON i.id = f.interaction_id
WHERE NOT f.interaction_id = ANY(%(ids)s)
    AND ((f.customer_id, f.case_id, f.started_at) IS DISTINCT FROM (i.customer_id, i.case_id, i.started_at)
        OR f.ended_at <> i.closed_at OR (f.ended_at IS NOT NULL AND i.closed_at IS NULL))
"""

PREPARE: Final = f"""
CREATE TEMP TABLE IF NOT EXISTS analytics_scope (id bigint PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_context ON COMMIT DELETE ROWS AS {context_query()} WITH NO DATA;
CREATE TEMP TABLE IF NOT EXISTS analytics_fresh (LIKE analytics_fact INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_delta (LIKE analytics_fact INCLUDING DEFAULTS, sign int)
    ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_bucket ON COMMIT DELETE ROWS AS
{finest_buckets("analytics_delta")} WITH NO DATA;
TRUNCATE analytics_scope, analytics_context, analytics_fresh, analytics_delta, analytics_bucket;
SET LOCAL random_page_cost = 1.1; -- a batch reaches its rows by index, however the planner prices a disk
"""
FILL_BUCKET: Final = f"INSERT INTO analytics_bucket {finest_buckets('analytics_delta')}"

_COLUMNS = ", ".join(COLUMNS)
_DIMENSIONS = ", ".join(name for name in COLUMNS if name not in NAMES)
_NEGATED = ", ".join(f"-o.{name}" for name in NAMES)
_OLD_DIMENSIONS = ", ".join(f"o.{name}" for name in COLUMNS if name not in NAMES)
_OLD = ", ".join(f"o.{name}" for name in COLUMNS)
_FRESH = ", ".join(f"n.{name}" for name in COLUMNS)

FILL_CONTEXT: Final = f"INSERT INTO analytics_context {context_query()}; ANALYZE analytics_context"
FILL_FRESH: Final = f"INSERT INTO analytics_fresh ({_COLUMNS}) {{query}}"
# A fact that comes out as it is stored costs nothing further.
DROP_UNCHANGED: Final = f"""
DELETE FROM analytics_fresh n USING analytics_fact o
WHERE o.interaction_id = n.interaction_id AND ({_FRESH}) IS NOT DISTINCT FROM ({_OLD})
"""
FILL_DELTA: Final = f"""
INSERT INTO analytics_delta ({_DIMENSIONS}, {", ".join(NAMES)}, sign)
SELECT {_OLD_DIMENSIONS}, {_NEGATED}, -1
FROM analytics_fact o JOIN analytics_fresh n USING (interaction_id)
UNION ALL
SELECT {_OLD_DIMENSIONS}, {_NEGATED}, -1
FROM analytics_fact o WHERE o.interaction_id = ANY(%(ids)s)
    AND NOT EXISTS (SELECT 1 FROM interactions_interaction i WHERE i.id = o.interaction_id)
UNION ALL
SELECT {_DIMENSIONS}, {", ".join(NAMES)}, 1 FROM analytics_fresh
"""
STORE: Final = f"""
DELETE FROM analytics_fact o WHERE o.interaction_id = ANY(%(ids)s)
    AND NOT EXISTS (SELECT 1 FROM interactions_interaction i WHERE i.id = o.interaction_id);
INSERT INTO analytics_fact ({_COLUMNS}) SELECT {_COLUMNS} FROM analytics_fresh
ON CONFLICT (interaction_id) DO UPDATE SET
{", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "interaction_id")}
"""
# Two writers (the reader and a repair) take turns; the lock ends with the transaction.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('analytics.facts'))"

TRUTH: Final = "interactions_interaction, interactions_segment, interactions_case, interactions_contactreason"
NEVER_ANALYSED: Final = "SELECT reltuples < 1000 FROM pg_class WHERE oid = 'interactions_interaction'::regclass"
MANY: Final = 500


def analyse_truth(cursor: CursorWrapper) -> None:
    """Tell the planner how much there is; autovacuum may not have come by since a large import."""
    cursor.execute(f"ANALYZE {TRUTH}")


@transaction.atomic
def refresh_facts(interaction_ids: Iterable[int]) -> int:
    """Compute the facts of these interactions and of all they bear on anew, and move the roll-ups by the difference.

    Returns the number of facts that changed. Calling it again changes nothing.
    """
    ids = sorted(set(interaction_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(PREPARE)
        if len(ids) >= MANY:
            cursor.execute(NEVER_ANALYSED)
            if cursor.fetchone()[0]:
                analyse_truth(cursor)
        ids = _fill_scope(cursor, ids)
        cursor.execute("ANALYZE analytics_scope")
        cursor.execute(ENSURE_COHORTS.format(scope=GIVEN))
        cursor.execute(FILL_CONTEXT)
        cursor.execute(FILL_FRESH.format(query=fact_query(whole=False)))
        cursor.execute("ANALYZE analytics_fresh (interaction_id)")
        cursor.execute(DROP_UNCHANGED)
        cursor.execute(FILL_DELTA, {"ids": ids})
        changed = int(cursor.rowcount)
        if changed:
            cursor.execute(FILL_BUCKET)
            for statement in upsert_statements("analytics_delta", "analytics_bucket"):
                cursor.execute(statement)
            cursor.execute(STORE, {"ids": ids})
    return changed


def _fill_scope(cursor: CursorWrapper, ids: list[int]) -> list[int]:
    """Find everything that may differ now; the answer is what it follows from: the ids and those that moved."""
    while True:
        cursor.execute(AFFECTED, {"ids": ids})
        cursor.execute(MOVED, {"ids": ids})
        moved = [row[0] for row in cursor.fetchall()]
        if not moved:
            return ids
        ids = sorted({*ids, *moved})
        cursor.execute("TRUNCATE analytics_scope")
