# ruff: noqa: E501 - long lines of SQL
"""A synthetic centre for measuring: the same density of events at every size, written straight into the tables.

Sizes are contacts; a million spans 73 days, so that ten thousand are the last 18 hours of the same centre. Seeded: two
runs make the same rows. Nothing here is a test of correctness.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

CONTACTS_PER_DAY: Final = 13_700
TEAMS: Final = 40
AGENTS: Final = 800
REASONS: Final = 60
DEPARTMENTS: Final = 12
CUSTOMERS: Final = 1_500_000
END: Final = "timestamptz '2026-10-31 00:00+00'"

CONFIGURATION: Final = f"""
INSERT INTO kernel_team (id, public_id, name, is_active)
SELECT n, gen_random_uuid(), 'Team ' || n, true FROM generate_series(1, {TEAMS}) n;
INSERT INTO kernel_user (id, public_id, password, is_superuser, email, name, kind, role, team_id, language, time_zone,
    is_active, is_staff, created_at)
SELECT n, gen_random_uuid(), '!', false, 'agent' || n || '@bench.invalid', 'Agent ' || n, 'person', 'agent',
    1 + n % {TEAMS}, '', '', true, false, now() FROM generate_series(1, {AGENTS}) n;
INSERT INTO interactions_queue (id, public_id, name, team_id, is_active)
SELECT n, gen_random_uuid(), 'Queue ' || n, n, true FROM generate_series(1, {TEAMS}) n;
INSERT INTO interactions_inbox (id, public_id, name, channel, address, time_zone, is_active)
SELECT n, gen_random_uuid(), 'Inbox ' || n, n, '', '', true FROM generate_series(1, 6) n;
INSERT INTO interactions_contactreason (id, public_id, code, name, resolution_window_days, is_active, parent_id)
SELECT n, gen_random_uuid(), 'r' || n, 'Reason ' || n, 7, true, CASE WHEN n > 12 THEN 1 + n % 12 END
FROM generate_series(1, {REASONS}) n;
"""

# random() is seeded. Four fifths of the contacts come from customers drawn by weight (few call often); a fifth repeats a
# contact of 1.6 days before on average: the same customer and reason, and every second time the same case. A reason
# belongs to a department and a department has three or four teams, so that a day has about 1,200 combinations.
CONTACTS: Final = """
SET LOCAL session_replication_role = replica;
SELECT setseed((0.42 + 0.618034 * (%(first)s - 1))::numeric %% 1);
CREATE TEMP TABLE first_draw ON COMMIT DROP AS
SELECT n AS id, {end} - make_interval(secs => ({newest} - n) * 86400.0 / {per_day} + random() * 60) AS started_at,
    (1 + floor({customers} * power(random(), 1.6)))::bigint AS customer_id,
    CASE WHEN random() < 0.2 THEN n - 1 + floor({per_day} * 1.6 * ln(1 - random()))::bigint END AS before_id,
    CASE WHEN random() < 0.45 THEN 1 WHEN random() < 0.4 THEN 2 ELSE 3 + floor(random() * 4)::int END AS channel,
    1 + floor({reasons} * power(random(), 2.2))::int AS reason_id, random() AS p_team,
    random() AS p_abandon, random() AS p_transfer, random() AS p_survey, random() AS p_identified, random() AS p_resolved,
    floor(-60 * ln(1 - random()))::int AS wait, 20 + floor(-200 * ln(1 - random()))::int AS talk,
    floor(-40 * ln(1 - random()))::int AS wrap, floor(random() * {agents} / {teams})::int AS nth, random() AS p_case
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n;
CREATE TEMP TABLE draw ON COMMIT DROP AS
SELECT *, least(1 + reason_id %% {departments} + {departments} * floor(p_team * 4)::int, {teams}) AS team_id FROM (
SELECT d.id, d.started_at, d.p_team, coalesce(b.customer_id, i.customer_id, d.customer_id) AS customer_id,
    coalesce(b.reason_id, i.reason_id, d.reason_id) AS reason_id,
    CASE WHEN d.p_case < 0.5 THEN coalesce(CASE WHEN b.before_id IS NULL THEN b.id END, i.case_id, d.id) ELSE d.id END
        AS case_id,
    d.channel, d.p_abandon, d.p_transfer, d.p_survey, d.p_identified, d.p_resolved, d.wait, d.talk, d.wrap, d.nth
FROM first_draw d LEFT JOIN first_draw b ON b.id = d.before_id
LEFT JOIN interactions_interaction i ON i.id = d.before_id AND i.id < %(first)s) drawn;
INSERT INTO interactions_customer (id, public_id, name, company, language, time_zone, attributes, created_at)
SELECT DISTINCT customer_id, gen_random_uuid(), 'Customer ' || customer_id, '', '', '', '{{}}'::jsonb, now() FROM draw
ON CONFLICT (id) DO NOTHING;
INSERT INTO interactions_case (id, public_id, customer_id, title, status, opened_at, resolved_at, reopened_count)
SELECT id, gen_random_uuid(), customer_id, '', 'resolved', started_at, started_at + make_interval(secs => wait + talk), 0
FROM draw WHERE case_id = id;
INSERT INTO interactions_interaction (id, public_id, inbox_id, channel, direction, status, outcome, is_resolved,
    customer_id, assurance, case_id, is_case_assumed, queue_id, team_id, agent_id, reason_id, priority, subject,
    thread_token, started_at, first_answered_at, closed_at)
SELECT id, gen_random_uuid(), channel, channel, 1, 'closed', CASE WHEN p_abandon < 0.036 THEN 2 ELSE 1 END, p_resolved > 0.1,
    customer_id, CASE WHEN p_identified < 0.85 THEN 2 ELSE 1 END, case_id, false, team_id, team_id,
    CASE WHEN p_abandon < 0.036 THEN NULL ELSE 1 + (team_id + {teams} - 1 + {teams} * nth) %% {agents} END, reason_id, 0, '', '',
    started_at, CASE WHEN p_abandon < 0.036 THEN NULL ELSE started_at + make_interval(secs => wait) END,
    started_at + make_interval(secs => CASE WHEN p_abandon < 0.036 THEN wait ELSE wait + talk + wrap END)
FROM draw;
INSERT INTO interactions_segment (interaction_id, kind, queue_id, team_id, agent_id, started_at, ended_at,
    is_duration_known, ended_by)
SELECT id, 2, team_id, team_id, NULL, started_at, started_at + make_interval(secs => wait), true,
    CASE WHEN p_abandon < 0.036 THEN 4 ELSE 1 END FROM draw
UNION ALL
SELECT id, 4, team_id, team_id, 1 + (team_id + {teams} - 1 + {teams} * nth) %% {agents},
    started_at + make_interval(secs => wait), started_at + make_interval(secs => wait + talk), true,
    CASE WHEN p_transfer < 0.1 THEN 2 ELSE 1 END FROM draw WHERE p_abandon >= 0.036
UNION ALL
SELECT id, 6, team_id, team_id, 1 + (team_id + {teams} - 1 + {teams} * nth) %% {agents},
    started_at + make_interval(secs => wait + talk), started_at + make_interval(secs => wait + talk + wrap), true, 1
FROM draw WHERE p_abandon >= 0.036;
INSERT INTO feedback_response (public_id, interaction_id, csat, ces, nps, is_resolved, comment, answered_at)
SELECT gen_random_uuid(), id, 1 + floor(5 * power(p_survey / 0.116, 0.5))::int %% 5, 1 + floor(7 * p_survey / 0.116)::int %% 7,
    floor(11 * p_survey / 0.116)::int %% 11, p_resolved > 0.2, '', started_at + interval '1 day'
FROM draw WHERE p_survey < 0.116 AND p_abandon >= 0.036;
"""

TABLES: Final = (
    "analytics_fact, analytics_cohort, analytics_cuberollup, analytics_dayrollup, analytics_monthrollup, analytics_workrollup,"
    " analytics_hourrollup, analytics_weekhourrollup, analytics_histogramrollup, feedback_response, interactions_segment, interactions_rawcontact,"
    " interactions_message, interactions_interaction, interactions_case, interactions_identity, interactions_customer,"
    " interactions_contactreason, interactions_inbox, interactions_queue, kernel_team, kernel_user, kernel_event"
)


NUMBERED: Final = (
    "kernel_team",
    "kernel_user",
    *(f"interactions_{name}" for name in ("queue", "inbox", "contactreason", "customer", "case", "interaction")),
)
# Loaded without indexes, which are made again after, as any bulk load does.
BULKY: Final = ("customer", "case", "interaction", "segment")
INDEXES: Final = """
SELECT c.conname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = ANY(%(tables)s::regclass[]) AND c.contype IN ('u', 'x')
UNION ALL
SELECT NULL, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY(%(tables)s::regclass[]) AND NOT i.indisprimary
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


@contextmanager
def without_indexes(tables: list[str]) -> Iterator[None]:
    """Drop unique and exclusion constraints and plain indexes of these tables, and make them again, two at a time."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, {"tables": tables})
        found = cursor.fetchall()
        for constraint, name, _definition in found:
            drop = f"ALTER TABLE {name} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {name}"
            cursor.execute(drop)
    yield
    # A table's constraints come one after another, for each locks its table; plain indexes of one table may run together.
    with ThreadPoolExecutor(2) as pool:
        by_table: dict[str, list[str]] = {}
        for constraint, name, definition in found:
            if constraint:
                by_table.setdefault(name, []).append(f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {definition}")
        list(pool.map(_run_in_own_session, by_table.values()))
        list(pool.map(_run_in_own_session, [[definition] for constraint, _, definition in found if not constraint]))


def _run_in_own_session(statements: list[str]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def make_contacts(*, first: int, last: int, newest: int) -> None:
    """Write contacts number `first` to `last` of the stream; number `newest` arrives just before END."""
    statement = CONTACTS.format(
        end=END,
        per_day=CONTACTS_PER_DAY,
        teams=TEAMS,
        reasons=REASONS,
        departments=DEPARTMENTS,
        agents=AGENTS,
        customers=CUSTOMERS,
        newest=newest,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"first": first, "last": last})


def make_centre(contacts: int) -> None:
    """Empty the database and fill it with a centre of this many contacts, all of them the newest of the same stream."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
        cursor.execute(CONFIGURATION)
    with without_indexes([f"interactions_{name}" for name in BULKY]):
        make_contacts(first=1, last=contacts, newest=contacts)
    with connection.cursor() as cursor:
        for table in NUMBERED:
            # Room for the contacts that later measurements add under numbers of their own.
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}) + 1000000)"
            )
        cursor.execute("VACUUM ANALYZE")
