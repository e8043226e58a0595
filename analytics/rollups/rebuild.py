"""Building everything derived from nothing: the proof that the roll-ups say what the records say."""

from typing import Final

from django.db import connection, transaction

from analytics.facts.definition import COLUMNS, DIMENSIONS, ENSURE_COHORTS, fact_query
from analytics.facts.links import EVERY_LINK
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
LINKS: Final = "SELECT * FROM analytics_every_link"


@transaction.atomic
def rebuild_facts() -> int:
    """Compute every fact anew from the records of truth. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        with told(cursor, **SETTINGS):
            cursor.execute(f"CREATE TEMP TABLE analytics_every_link ON COMMIT DROP AS {EVERY_LINK}")
            cursor.execute(ENSURE_COHORTS.format(links=LINKS))
            with emptied(cursor, ("analytics_fact",)):
                cursor.execute(f"INSERT INTO analytics_fact ({', '.join(COLUMNS)}) {fact_query(LINKS, whole=True)}")
                count = int(cursor.rowcount)
            cursor.execute("DROP TABLE analytics_every_link")
        # Of the measures the planner wants to know nothing.
        cursor.execute(f"ANALYZE analytics_fact ({', '.join(DIMENSIONS)})")
    return count


@transaction.atomic
def rebuild_rollups() -> None:
    """Sum all facts into empty roll-ups."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        with told(cursor, **SETTINGS | UNDIVIDED), emptied(cursor, ROLLUP_TABLES):
            cursor.execute(MIDDLE)
            for statement in rebuild_statements(cursor.fetchone()[0]):
                cursor.execute(statement)
