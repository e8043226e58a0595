"""Building everything derived from nothing: the proof that the roll-ups say what the records say."""

from typing import Final

from django.db import connection, transaction

from analytics.facts.definition import COLUMNS, ENSURE_COHORTS, EVERYTHING, fact_query
from analytics.rollups.deltas import upsert_statements
from analytics.rollups.refresh import LOCK

ROLLUP_TABLES: Final = (
    "analytics_cuberollup",
    "analytics_dayrollup",
    "analytics_monthrollup",
    "analytics_hourrollup",
    "analytics_weekhourrollup",
    "analytics_histogramrollup",
)


@transaction.atomic
def rebuild_facts() -> int:
    """Compute every fact anew from the records of truth. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute("SET LOCAL work_mem = '512MB'")
        cursor.execute(ENSURE_COHORTS.format(scope=EVERYTHING))
        cursor.execute("TRUNCATE analytics_fact")
        cursor.execute(f"INSERT INTO analytics_fact ({', '.join(COLUMNS)}) {fact_query(whole=True)}")
        return int(cursor.rowcount)


@transaction.atomic
def rebuild_rollups() -> None:
    """Sum all facts into empty roll-ups."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute("SET LOCAL work_mem = '512MB'")
        cursor.execute(f"TRUNCATE {', '.join(ROLLUP_TABLES)}")
        for statement in upsert_statements("(SELECT *, 1 AS sign FROM analytics_fact) fact"):
            cursor.execute(statement)
