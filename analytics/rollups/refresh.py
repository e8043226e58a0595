"""Bringing facts and roll-ups up to date after something happened, at a cost that follows the change.

In steps, each into a temporary table: which contacts may be affected, what bears on them, how they are linked now,
which of them differ from what is stored, their facts, the difference. The statements are prepared once a connection:
planning them costs more than running them for a small batch.
"""

from collections.abc import Iterable
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from analytics.facts.definition import COLUMNS, ENSURE_COHORTS, fact_query
from analytics.facts.links import KEPT, base_query, found, link_query
from analytics.facts.measures import MAX_LINK_DAYS, NAMES
from analytics.rollups.deltas import DELTA_TABLES, adding_statements
from analytics.rollups.prepared import Prepared, told


def _near(span: str) -> str:
    """Contacts `i` of a customer near in time to what `span` knows of the customer."""
    return found(
        "interactions_interaction",
        f"""i.customer_id = {span}.customer_id
    AND i.started_at <= {span}.high + interval '{MAX_LINK_DAYS} days'
    AND coalesce(i.closed_at, 'infinity') >= {span}.low - interval '{MAX_LINK_DAYS} days'""",
        "i",
    )


_CHANGED_ONE: Final = found("interactions_interaction", "i.id = c.id", "i")
_STORED_ONE: Final = found("analytics_fact", "f.interaction_id = c.id", "f")
_TOUCHED_CASE: Final = found("interactions_case", "c.id = touched.case_id", "c")
_CASE_OF_ROOT: Final = found("interactions_case", "c.issue_root_id = root.id", "c")
_OF_FAMILY: Final = found("interactions_interaction", "i.case_id = family.id", "i")

# Which facts may differ now: the contacts that changed, their customers' contacts near in time, and their cases'
# contacts; each both as stored and as it is now, for a contact can leave a customer or a case.
AFFECTED: Final = f"""
INSERT INTO analytics_scope
WITH current AS MATERIALIZED (
    SELECT i.id, i.customer_id, i.case_id, i.started_at, i.closed_at
    FROM analytics_changed c JOIN {_CHANGED_ONE}
),
version AS MATERIALIZED (
    SELECT f.customer_id, f.case_id, f.started_at AS low, coalesce(f.ended_at, f.started_at) AS high
    FROM analytics_changed c JOIN {_STORED_ONE}
    UNION ALL
    SELECT customer_id, case_id, started_at, coalesce(closed_at, started_at) FROM current
),
span AS (
    SELECT customer_id, min(low) AS low, max(high) AS high
    FROM version WHERE customer_id IS NOT NULL GROUP BY customer_id
),
touched AS MATERIALIZED (SELECT DISTINCT case_id FROM version WHERE case_id IS NOT NULL),
root AS MATERIALIZED (
    SELECT DISTINCT coalesce(c.issue_root_id, c.id) AS id
    FROM touched JOIN {_TOUCHED_CASE}
),
family AS (
    SELECT id FROM root UNION SELECT c.id FROM root JOIN {_CASE_OF_ROOT}
    UNION SELECT case_id FROM touched
)
SELECT id, customer_id, case_id, started_at, closed_at, bool_or(is_changed) FROM (
    SELECT *, true AS is_changed FROM current
    UNION ALL
    SELECT i.id, i.customer_id, i.case_id, i.started_at, i.closed_at, false FROM span JOIN {_near("span")}
    UNION ALL
    SELECT i.id, i.customer_id, i.case_id, i.started_at, i.closed_at, false
    FROM family JOIN {_OF_FAMILY}
) affected GROUP BY id, customer_id, case_id, started_at, closed_at
"""

# Every contact that can bear on the ones in scope: those of the same customers not too far in time, and whole cases.
# Around what has changed itself the scope holds them all already.
CONTEXT_OF_SCOPE: Final = f"""
    WITH span AS (
        SELECT customer_id, min(started_at) AS low, max(coalesce(closed_at, started_at)) AS high
        FROM analytics_scope WHERE customer_id IS NOT NULL GROUP BY customer_id HAVING NOT bool_and(is_changed)
    ),
    touched AS (
        SELECT case_id FROM analytics_scope WHERE case_id IS NOT NULL GROUP BY case_id HAVING NOT bool_or(is_changed)
    ),
    root AS MATERIALIZED (
        SELECT DISTINCT coalesce(c.issue_root_id, c.id) AS id
        FROM touched JOIN {_TOUCHED_CASE}
    ),
    family AS (SELECT id FROM root UNION SELECT c.id FROM root JOIN {_CASE_OF_ROOT})
    SELECT id FROM analytics_scope
    UNION SELECT i.id FROM span JOIN {_near("span")}
    UNION SELECT i.id FROM family JOIN {_OF_FAMILY}
"""

_COLUMNS: Final = ", ".join(COLUMNS)
_MEASURES: Final = ", ".join(NAMES)
_DIMENSIONS: Final = ", ".join(name for name in COLUMNS if name not in NAMES)
_OLD_DIMENSIONS: Final = ", ".join(f"o.{name}" for name in COLUMNS if name not in NAMES)
_NEGATED: Final = ", ".join(f"-o.{name}" for name in NAMES)
_OLD: Final = ", ".join(f"o.{name}" for name in COLUMNS)
_FRESH: Final = ", ".join(f"n.{name}" for name in COLUMNS)
_LINKS: Final = "SELECT * FROM analytics_link"

PREPARE: Final = f"""
CREATE TEMP TABLE IF NOT EXISTS analytics_changed (id bigint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_scope (id bigint, customer_id bigint, case_id bigint,
    started_at timestamptz, closed_at timestamptz, is_changed bool) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_context ON COMMIT DELETE ROWS AS {base_query()} WITH NO DATA;
CREATE TEMP TABLE IF NOT EXISTS analytics_link ON COMMIT DELETE ROWS AS
    SELECT *, false AS is_moved FROM ({link_query("SELECT * FROM analytics_context")}) link WITH NO DATA;
CREATE TEMP TABLE IF NOT EXISTS analytics_fresh (LIKE analytics_fact INCLUDING DEFAULTS, is_new bool)
    ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS analytics_delta (LIKE analytics_fact INCLUDING DEFAULTS, sign int)
    ON COMMIT DELETE ROWS;
{
    "; ".join(
        f"CREATE TEMP TABLE IF NOT EXISTS {table} ON COMMIT DELETE ROWS AS {query} WITH NO DATA"
        for table, query in DELTA_TABLES.items()
    )
}
"""
STEPS: Final = ("changed", "scope", "context", "link", "fresh", "delta", "cell", "days")
EMPTY: Final = "; ".join(f"DELETE FROM analytics_{step}" for step in STEPS)

FILL_CONTEXT: Final = f"INSERT INTO analytics_context {base_query(CONTEXT_OF_SCOPE)}"
# A neighbour whose links stand as they are stored costs nothing further; one that has no fact yet waits for its own
# event. A contact that meanwhile left a customer, a case or a time, and whose own event is yet to come, is `moved`.
FILL_LINK: Final = f"""
INSERT INTO analytics_link
SELECT f.*, NOT scope.is_changed AND ((o.customer_id, o.case_id, o.started_at)
    IS DISTINCT FROM (scope.customer_id, scope.case_id, scope.started_at)
    OR o.ended_at <> scope.closed_at OR (o.ended_at IS NOT NULL AND scope.closed_at IS NULL))
FROM ({link_query("SELECT * FROM analytics_context")}) f JOIN analytics_scope scope ON scope.id = f.id
LEFT JOIN {found("analytics_fact", "o.interaction_id = f.id", "o")}
WHERE scope.is_changed OR (o.interaction_id IS NOT NULL
    AND ({", ".join(f"o.{name}" for name in KEPT)}) IS DISTINCT FROM ({", ".join(KEPT.values())}))
"""
# Those that moved count as changed now, for their new fact is the last that is known of where they were.
MOVED: Final = "SELECT id FROM analytics_link WHERE is_moved"
# A fact that comes out as it is stored costs nothing further.
FILL_FRESH: Final = f"""
INSERT INTO analytics_fresh ({_COLUMNS}, is_new)
SELECT {_FRESH}, o.interaction_id IS NULL FROM ({fact_query(_LINKS, whole=False)}) n
LEFT JOIN {found("analytics_fact", "o.interaction_id = n.interaction_id", "o")}
WHERE o.interaction_id IS NULL OR ({_FRESH}) IS DISTINCT FROM ({_OLD})
"""
_GONE: Final = f"""FROM analytics_changed c JOIN {found("analytics_fact", "o.interaction_id = c.id", "o")}
    WHERE c.id NOT IN (SELECT id FROM analytics_scope)"""
FILL_DELTA: Final = f"""
INSERT INTO analytics_delta ({_DIMENSIONS}, {_MEASURES}, sign)
SELECT {_OLD_DIMENSIONS}, {_NEGATED}, -1 FROM analytics_fresh n
JOIN {found("analytics_fact", "o.interaction_id = n.interaction_id", "o")} WHERE NOT n.is_new
UNION ALL SELECT {_OLD_DIMENSIONS}, {_NEGATED}, -1 {_GONE}
UNION ALL SELECT {_DIMENSIONS}, {_MEASURES}, 1 FROM analytics_fresh
"""
FORGET: Final = f"DELETE FROM analytics_fact WHERE interaction_id IN (SELECT c.id {_GONE})"
STORE: Final = f"""
UPDATE analytics_fact f SET {", ".join(f"{name} = n.{name}" for name in COLUMNS if name != "interaction_id")}
FROM analytics_fresh n WHERE NOT n.is_new AND f.interaction_id = n.interaction_id
"""
STORE_NEW: Final = f"INSERT INTO analytics_fact ({_COLUMNS}) SELECT {_COLUMNS} FROM analytics_fresh WHERE is_new"
# Two writers (the reader and a repair) take turns; the lock ends with the transaction.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('analytics.facts'))"
# A batch reaches its rows by index, whatever the planner believes of their number when it plans; links are of
# temporary tables only, which are matched by hash.
BY_INDEX: Final = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
BY_HASH: Final = "SET LOCAL enable_hashjoin = on"
BY_INDEX_AGAIN: Final = "SET LOCAL enable_hashjoin = off"

FIND: Final = Prepared({"scope": AFFECTED, "context": FILL_CONTEXT})
LINK: Final = Prepared({"link": FILL_LINK})
COMPUTE: Final = Prepared(
    {"cohorts": ENSURE_COHORTS.format(links=_LINKS), "fresh": FILL_FRESH, "delta": FILL_DELTA},
)
APPLY: Final = Prepared({**adding_statements(), "forget": FORGET, "store": STORE, "new": STORE_NEW})


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
        with told(cursor, **BY_INDEX):
            _find_links(cursor, ids)
            changed = COMPUTE.run(cursor)
            if changed:
                APPLY.run(cursor)
    return changed


def _find_links(cursor: CursorWrapper, ids: list[int]) -> None:
    """Find everything that differs now, until it follows from nothing but what is known to have changed."""
    while True:
        cursor.execute(EMPTY)
        cursor.execute("INSERT INTO analytics_changed SELECT unnest(%s::bigint[])", [ids])
        FIND.run(cursor)
        cursor.execute(BY_HASH)
        LINK.run(cursor)
        cursor.execute(BY_INDEX_AGAIN)
        cursor.execute(MOVED)
        moved = [row[0] for row in cursor.fetchall()]
        if not moved:
            return
        ids = sorted({*ids, *moved})
