# ruff: noqa: E501 - long lines of SQL
"""A synthetic centre for measuring: the same density of events at every size, written straight into the tables.

Sizes are contacts; a million spans 73 days, so that ten thousand are the last 18 hours of the same centre. Seeded: two
runs make the same rows. Nothing here is a test of correctness.
"""

from typing import Final

from django.db import connection

CONTACTS_PER_DAY: Final = 13_700
TEAMS: Final = 40
AGENTS: Final = 800
REASONS: Final = 60
CUSTOMERS: Final = 150_000
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

# random() is seeded; a customer's weight falls off so that few call often.
CONTACTS: Final = """
SELECT setseed(0.42);
CREATE TEMP TABLE draw AS
SELECT n AS id, {end} - make_interval(secs => (%(count)s - n) * 86400.0 / {per_day} + random() * 60) AS started_at,
    (1 + floor(%(customers)s * power(random(), 1.6)))::bigint AS customer_id,
    CASE WHEN random() < 0.45 THEN 1 WHEN random() < 0.4 THEN 2 ELSE 3 + floor(random() * 4)::int END AS channel,
    1 + floor({teams} * random())::int AS team_id,
    1 + floor({reasons} * power(random(), 2.2))::int AS reason_id,
    random() AS p_abandon, random() AS p_transfer, random() AS p_survey, random() AS p_identified, random() AS p_resolved,
    floor(-60 * ln(1 - random()))::int AS wait, 20 + floor(-200 * ln(1 - random()))::int AS talk,
    floor(-40 * ln(1 - random()))::int AS wrap, floor(random() * {agents} / {teams})::int AS nth
FROM generate_series(%(first)s::bigint, %(count)s::bigint) n;
INSERT INTO interactions_customer (id, public_id, name, company, language, time_zone, attributes, created_at)
SELECT DISTINCT customer_id, gen_random_uuid(), 'Customer ' || customer_id, '', '', '', '{{}}'::jsonb, now() FROM draw
ON CONFLICT (id) DO NOTHING;
INSERT INTO interactions_case (id, public_id, customer_id, title, status, opened_at, resolved_at, reopened_count)
SELECT id, gen_random_uuid(), customer_id, '', 'resolved', started_at, started_at + make_interval(secs => wait + talk), 0
FROM draw;
INSERT INTO interactions_interaction (id, public_id, inbox_id, channel, direction, status, outcome, is_resolved,
    customer_id, assurance, case_id, is_case_assumed, queue_id, team_id, agent_id, reason_id, priority, subject,
    thread_token, started_at, first_answered_at, closed_at)
SELECT id, gen_random_uuid(), channel, channel, 1, 'closed', CASE WHEN p_abandon < 0.036 THEN 2 ELSE 1 END, p_resolved > 0.1,
    customer_id, CASE WHEN p_identified < 0.85 THEN 2 ELSE 1 END, id, false, team_id, team_id,
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
DROP TABLE draw;
"""

TABLES: Final = (
    "analytics_fact, analytics_cohort, feedback_response, interactions_segment, interactions_rawcontact,"
    " interactions_message, interactions_interaction, interactions_case, interactions_identity, interactions_customer,"
    " interactions_contactreason, interactions_inbox, interactions_queue, kernel_team, kernel_user, kernel_event"
)


def make_contacts(*, first: int, last: int, customers: int) -> None:
    """Write contacts number `first` to `last` of a centre that has `customers` of them."""
    statement = CONTACTS.format(end=END, per_day=CONTACTS_PER_DAY, teams=TEAMS, reasons=REASONS, agents=AGENTS)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"first": first, "count": last, "customers": customers})


def make_centre(contacts: int) -> None:
    """Empty the database and fill it with a centre of this many contacts, all of them the newest of the same stream."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
        cursor.execute(CONFIGURATION)
    make_contacts(first=1, last=contacts, customers=CUSTOMERS)
    with connection.cursor() as cursor:
        for table in ("customer", "case", "interaction"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('interactions_{table}', 'id'), {contacts + 10})")
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
