"""Building everything derived from nothing: the proof that the roll-ups say what the records say."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from analytics.facts.definition import DIMENSIONS, ENSURE_COHORTS, EVERY_RECORD, fact_query
from analytics.facts.links import LINKS_OF_SHARE, SHARED_ISSUES
from analytics.rollups.bulk import emptied
from analytics.rollups.deltas import MIDDLE, rebuild_statements
from analytics.rollups.prepared import told
from analytics.rollups.refresh import LOCK

ROLLUP_TABLES: Final = (
    "analytics_cuberollup",
    "analytics_dayrollup",
    "analytics_monthrollup",
    "analytics_workrollup",
    "analytics_hourrollup",
    "analytics_weekhourrollup",
    "analytics_histogramrollup",
)
# Hash tables and sorts of a whole centre stay in memory, and every core that the server allows takes part. All rows
# are wanted, so that no index helps, whatever the planner believes of their number.
SETTINGS: Final = {
    "work_mem": "512MB",
    "hash_mem_multiplier": "2",
    "jit": "off",
    "max_parallel_workers_per_gather": "4",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
}
# Each process reads the rows of a part by itself.
UNDIVIDED: Final = {
    "max_parallel_workers_per_gather": "2",
    "min_parallel_table_scan_size": "4TB",
    "min_parallel_index_scan_size": "4TB",
}
# One process takes what two others compute.
SHARED: Final = {
    "max_parallel_workers_per_gather": "2",
    "parallel_leader_participation": "off",
    "min_parallel_table_scan_size": "256kB",
    "parallel_tuple_cost": "0.01",
}
EVERY_FACT: Final = fact_query("SELECT * FROM analytics_every_link", whole=True)


@transaction.atomic
def rebuild_facts() -> int:
    """Compute every fact anew from the records of truth. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        with every_record(cursor), _facts_computed(cursor) as facts:
            cursor.execute(ENSURE_COHORTS.format(links="SELECT * FROM analytics_every_link"))
            with emptied(cursor, ("analytics_fact",)), told(cursor, **SETTINGS | SHARED):
                cursor.execute(f"INSERT INTO analytics_fact SELECT * FROM {facts}")
                count = int(cursor.rowcount)
        # Of the measures the planner wants to know nothing.
        cursor.execute(f"ANALYZE analytics_fact ({', '.join(DIMENSIONS)})")
    return count


@contextmanager
def _facts_computed(cursor: CursorWrapper) -> Iterator[str]:
    """A function that gives every fact, for what an INSERT selects by itself is computed by one process."""
    cursor.execute("SELECT * FROM analytics_fact LIMIT 0")
    columns = ", ".join(column.name for column in cursor.description)
    cursor.execute(f"""
        CREATE FUNCTION pg_temp.analytics_facts() RETURNS SETOF analytics_fact LANGUAGE plpgsql STABLE AS $facts$
        #variable_conflict use_column
        BEGIN RETURN QUERY SELECT {columns} FROM ({EVERY_FACT}) every; END
        $facts$""")
    yield "pg_temp.analytics_facts()"
    cursor.execute("DROP FUNCTION pg_temp.analytics_facts()")


@contextmanager
def every_record(cursor: CursorWrapper) -> Iterator[None]:
    """The tables that EVERY_FACT reads, for the length of the block; seen by nobody else."""
    with told(cursor, **SETTINGS):
        cursor.execute(f"CREATE UNLOGGED TABLE analytics_shared_issue AS {SHARED_ISSUES}")
    cursor.execute(LINKS_OF_SHARE)
    with told(cursor, **SETTINGS | UNDIVIDED):
        for table, query in EVERY_RECORD.items():
            cursor.execute(f"CREATE UNLOGGED TABLE {table} AS {query}")
    cursor.execute("DROP FUNCTION pg_temp.analytics_links(int)")
    yield
    cursor.execute(f"DROP TABLE analytics_shared_issue, {', '.join(EVERY_RECORD)}")


@transaction.atomic
def rebuild_rollups() -> None:
    """Sum all facts into empty roll-ups."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        with told(cursor, **SETTINGS | UNDIVIDED), emptied(cursor, ROLLUP_TABLES):
            cursor.execute(MIDDLE)
            for statement in rebuild_statements(cursor.fetchone()[0]):
                cursor.execute(statement)
