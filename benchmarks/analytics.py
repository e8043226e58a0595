# ruff: noqa: E501 - long lines of SQL; chance without secrets
"""Facts and roll-ups: from nothing, by the thousand, exactly, and read."""

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any, Final

from django.db import connection, transaction

from analytics.kpis.hours import read_week
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.rollups.audit import count_differing_facts, differing_by_table
from analytics.rollups.bulk import emptied
from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from analytics.rollups.refresh import refresh_facts
from benchmarks.dataset import make_contacts
from benchmarks.figures import REPETITIONS, Figure, medians, seconds_of, tell
from ccx.kernel.models import User
from ccx.kernel.people.choices import Role

BATCH: Final = 1000
SUMS: Final = 15
NEWEST_MONTH: Final = Period(date(2026, 10, 1), date(2026, 10, 30))
NEWEST_DAY: Final = Period(date(2026, 10, 30), date(2026, 10, 30))
# What any recomputation of these figures must at least do. Every sum is read, or the planner leaves it out.
PLAIN_QUERY: Final = f"""
SELECT {", ".join(f"sum(c{number})" for number in range(SUMS))} FROM (
    SELECT day, channel, team_id, reason_id, count(*) AS c0, sum(offered) AS c1, sum(answered) AS c2, sum(live_answered) AS c3,
        sum(live_abandoned) AS c4, sum(wait_answered_s) AS c5, sum(handle_n) AS c6, sum(handle_s) AS c7, sum(transferred) AS c8,
        sum(csat_n) AS c9, sum(csat_top) AS c10, sum(csat_s) AS c11, sum(nps_n) AS c12,
        sum(CASE WHEN before >= started_at - interval '168 hours' THEN 0 ELSE 1 END) AS c13,
        sum(CASE WHEN before >= started_at - interval '168 hours' OR after <= started_at + interval '168 hours' THEN 0 ELSE 1 END) AS c14
    FROM (
        SELECT *, lag(started_at) OVER issue AS before, lead(started_at) OVER issue AS after FROM analytics_fact
        WINDOW issue AS (PARTITION BY customer_id, reason_id ORDER BY started_at)
    ) fact GROUP BY day, channel, team_id, reason_id
) sums
"""


def run_sql(statement: str, parameters: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        if cursor.description:
            cursor.fetchall()


def _plain_query() -> None:
    with transaction.atomic():
        run_sql("SET LOCAL work_mem = '128MB'")
        run_sql(PLAIN_QUERY)


def rebuilds(size: int) -> None:
    """rebuild_facts and rebuild_rollups over the plain query on the same rows."""
    rebuild_facts()
    plain, facts = medians(_plain_query, rebuild_facts)
    tell(Figure(name="plain_query", size=size, value=plain, unit="s"))
    tell(Figure(name="rebuild_facts", size=size, value=facts, unit="s", ratio=facts / plain, bar=3))
    plain, rollups = medians(_plain_query, rebuild_rollups)
    tell(Figure(name="rebuild_rollups", size=size, value=rollups, unit="s", ratio=rollups / plain, bar=0.6))


def in_its_own_session(action: Callable[[], object]) -> None:
    """Do it as somebody else: how contacts are written here makes a session forget the plans it has prepared."""

    def act() -> None:
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


def increments(size: int) -> float:
    """1,000 new contacts into facts and roll-ups over a bare INSERT of their facts; the answer is the milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_fact")
        cursor.execute("CREATE TABLE bare_fact (LIKE analytics_fact INCLUDING ALL)")
        with transaction.atomic(), emptied(cursor, ("bare_fact",)):
            cursor.execute("INSERT INTO bare_fact SELECT * FROM analytics_fact")
        cursor.execute("VACUUM ANALYZE bare_fact")
    refreshed, bare = [], []
    for turn in range(REPETITIONS + 2):
        first = size + 1 + turn * BATCH
        ids = list(range(first, first + BATCH))
        in_its_own_session(partial(make_contacts, first=ids[0], last=ids[-1], newest=size))
        taken = seconds_of(partial(refresh_facts, ids))
        insert = "INSERT INTO bare_fact SELECT * FROM analytics_fact WHERE interaction_id BETWEEN %s AND %s"
        inserted = seconds_of(partial(run_sql, insert, [ids[0], ids[-1]]))
        if turn >= 2:  # the first two warm up
            refreshed.append(taken * 1000)
            bare.append(inserted * 1000)
    taken, inserted = statistics.median(refreshed), statistics.median(bare)
    tell(Figure(name="bare_insert", size=size, value=inserted, unit="ms for 1,000"))
    tell(Figure(name="increment", size=size, value=taken, unit="ms for 1,000", ratio=taken / inserted, bar=8))
    return taken


DISTURBANCES: Final = (
    "UPDATE interactions_interaction SET reason_id = 1 + (reason_id * 7) % 60 WHERE id % 20 = 3",
    "UPDATE interactions_interaction SET customer_id = (SELECT customer_id FROM interactions_interaction o WHERE o.id = interactions_interaction.id - 5) WHERE id % 30 = 7 AND id > 5 AND id <= 100000",
    "UPDATE interactions_interaction SET case_id = (SELECT case_id FROM interactions_interaction o WHERE o.id = interactions_interaction.id - 9) WHERE id % 40 = 11 AND id > 9 AND id <= 100000",
    "UPDATE interactions_interaction SET started_at = started_at - interval '2 hours' WHERE id % 50 = 13",
)


def exactness(size: int) -> None:
    """Contacts in shuffled order, late, twice, then reasons, customers and cases corrected: what differs at the end."""
    chance = random.Random(42)
    run_sql(
        "TRUNCATE analytics_fact, analytics_cuberollup, analytics_dayrollup, analytics_monthrollup, analytics_workrollup, analytics_hourrollup, analytics_weekhourrollup, analytics_histogramrollup"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM interactions_interaction WHERE id <= 100000 ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
    run_sql(
        "INSERT INTO interactions_customer (id, public_id, name, company, language, time_zone, attributes, created_at) SELECT n, gen_random_uuid(), '', '', '', '', '{}', now() FROM generate_series(1, 5000) n ON CONFLICT DO NOTHING"
    )
    run_sql("UPDATE interactions_interaction SET customer_id = 1 + customer_id % 5000 WHERE customer_id > 5000")
    chance.shuffle(ids)
    delivered = ids + chance.sample(ids, len(ids) // 10)
    _deliver(delivered)
    for statement in DISTURBANCES:
        condition = statement[statement.index("WHERE id %") :]
        run_sql(statement)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM interactions_interaction {condition}")
            touched = [row[0] for row in cursor.fetchall()]
        chance.shuffle(touched)
        _deliver(touched)
    differing = sum(differing_by_table().values()) + count_differing_facts()
    tell(Figure(name="exactness", size=size, value=differing, unit="rows that differ", bar=0))


def _deliver(ids: list[int]) -> None:
    for start in range(0, len(ids), 500):
        refresh_facts(ids[start : start + 500])


def _boss() -> User:
    found = User.objects.filter(email="boss@bench.invalid").first()
    return found or User.objects.create_user(
        "boss@bench.invalid", "four unrelated words", role=Role.ADMINISTRATOR, name="Boss"
    )


def panels(period: Period, comparison: Period | None) -> dict[str, float]:
    """The SQL time of the questions that the dashboards ask of a period, and of what it is compared with."""
    user = _boss()
    vital = ("fcr", "service_level", "abandon_offered", "repeat_rate", "unidentified_share", "csat", "contacts")

    def read(*keys: str, split: Split) -> Callable[[], object]:
        return lambda: read_figures(
            keys=keys, period=period, comparison=comparison, filters=Filters(), split_by=split, user=user
        )

    asked: dict[str, Callable[[], object]] = {
        "vital_by_day": read(*vital, split=Split.DAY),
        "handle_time": read("aht", split=Split.NONE),
        "contacts_by_channel": read("contacts", "answered", split=Split.CHANNEL),
        "repeat_by_reason": read("contacts", "repeat_rate", "fcr", split=Split.REASON),
        "teams": read("contacts", "aht", "fcr", split=Split.TEAM),
        "agents": read("answered", "aht", split=Split.AGENT),
        "median_wait_and_handle": read("handle_median", split=Split.NONE),
        "week": lambda: read_week(key="contacts", period=period, filters=Filters(), user=user),
    }
    run_sql("ANALYZE")
    found = {}
    for name, action in asked.items():
        action()
        found[name] = statistics.median(_sql_milliseconds(action) for _ in range(REPETITIONS))
    return found


def _sql_milliseconds(action: Callable[[], object]) -> float:
    total = 0.0

    def timed(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal total
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            total += (time.perf_counter() - started) * 1000

    with connection.execute_wrapper(timed):
        action()
    return total
