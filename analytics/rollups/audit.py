"""The nightly audit: recompute, compare, repair, report. What it finds is a defect of ours, and is said so."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from analytics.facts.definition import COLUMNS
from analytics.facts.measures import HOURLY, NAMES, WORK
from analytics.rollups.deltas import KEPT_HOURS, MIDDLE, rebuild_statements
from analytics.rollups.models import AuditRun
from analytics.rollups.prepared import told
from analytics.rollups.rebuild import EVERY_FACT, ROLLUP_TABLES, SETTINGS, every_record, rebuild_rollups
from analytics.rollups.refresh import LOCK, refresh_facts

SAMPLE_DAYS: Final = 3
BATCH: Final = 2000

KEYS: Final = {
    "analytics_cuberollup": ("day", "channel", "team_id", "reason_id", "cohort_id"),
    "analytics_dayrollup": ("dimension", "day", "key", "cohort_id"),
    "analytics_monthrollup": ("dimension", "month", "key", "cohort_id"),
    "analytics_workrollup": ("dimension", "grain", "day", "key", "channel"),
    "analytics_hourrollup": ("day", "hour", "channel", "queue_id"),
    "analytics_weekhourrollup": ("month", "weekday", "hour", "channel"),
    "analytics_histogramrollup": ("day", "channel", "metric", "bin"),
}
VALUES: Final = dict.fromkeys(KEYS, NAMES) | {
    "analytics_workrollup": WORK,
    "analytics_hourrollup": HOURLY,
    "analytics_weekhourrollup": HOURLY,
    "analytics_histogramrollup": ("contacts",),
}


@dataclass(frozen=True)
class Differences:
    """How many facts differ from their definition, and how many roll-up rows from the sums of facts."""

    facts: int
    buckets: int


@transaction.atomic
def audit_sample(days: int = SAMPLE_DAYS) -> AuditRun:
    """Recompute the facts of the newest and some random days, repair what differs, then compare roll-ups with facts.

    A repair moves the roll-ups by the difference, as any change does; roll-ups that still differ are summed anew.
    """
    run = AuditRun.objects.create(started_at=timezone.now(), days_checked=0)
    with connection.cursor() as cursor:
        cursor.execute(LOCK)  # before anything is read: a rebuild that has it waits for all who read facts
        cursor.execute(
            "SELECT day FROM ((SELECT DISTINCT day FROM analytics_fact ORDER BY day DESC LIMIT 1)"
            " UNION (SELECT day FROM (SELECT DISTINCT day FROM analytics_fact) d ORDER BY random() LIMIT %s)) sample",
            [days - 1],
        )
        sampled = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT interaction_id FROM analytics_fact WHERE day = ANY(%s)", [sampled])
        ids = [row[0] for row in cursor.fetchall()]
    facts = sum(refresh_facts(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))
    buckets = count_differing_buckets()
    if buckets:
        rebuild_rollups()
    run.days_checked = len(sampled)
    run.facts_differing = facts
    run.buckets_differing = buckets
    run.is_repaired = bool(facts or buckets)
    run.finished_at = timezone.now()
    run.save()
    return run


def count_differing_buckets() -> int:
    """Rows of any roll-up that differ from the sums of the stored facts; a row of zeros is as good as none."""
    return sum(differing_by_table().values())


def _shadow_rollups(names: dict[str, str], middle: date) -> list[str]:
    renamed = []
    for statement in rebuild_statements(middle):
        for table, shadow in names.items():
            statement = statement.replace(table, shadow)  # noqa: PLW2901
        renamed.append(statement)
    return renamed


def differing_by_table() -> dict[str, int]:
    """The same per table."""
    shadows = {table: f"shadow_{table}" for table in ROLLUP_TABLES}
    found: dict[str, int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        for table, shadow in shadows.items():
            cursor.execute(f"CREATE TEMP TABLE {shadow} (LIKE {table} INCLUDING ALL) ON COMMIT DROP")
        cursor.execute(MIDDLE)
        for statement in _shadow_rollups(shadows, cursor.fetchone()[0]):
            cursor.execute(statement)
        for table, shadow in shadows.items():
            columns = ", ".join((*KEYS[table], *VALUES[table]))
            zero = " AND ".join(f"{name} = 0" for name in VALUES[table])
            kept = f" AND {KEPT_HOURS}" if table == "analytics_hourrollup" else ""
            stored = f"SELECT {columns} FROM {table} WHERE NOT ({zero}){kept}"
            summed = f"SELECT {columns} FROM {shadow} WHERE NOT ({zero})"
            cursor.execute(
                f"SELECT count(*) FROM (({stored} EXCEPT {summed}) UNION ALL ({summed} EXCEPT {stored})) differing"
            )
            found[table] = cursor.fetchone()[0]
            cursor.execute(f"DROP TABLE {shadow}")
    return found


def count_differing_facts() -> int:
    """Stored facts that differ from their definition, over everything; for tests and benchmarks."""
    columns = ", ".join(COLUMNS)
    stored = f"SELECT {columns} FROM analytics_fact"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        with every_record(cursor), told(cursor, **SETTINGS):
            cursor.execute(
                f"WITH defined AS MATERIALIZED ({EVERY_FACT})"
                f" SELECT count(*) FROM (({stored} EXCEPT SELECT {columns} FROM defined)"
                f" UNION ALL (SELECT {columns} FROM defined EXCEPT {stored})) differing"
            )
            return int(cursor.fetchone()[0])
