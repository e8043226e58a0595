"""How agents spent their days: occupancy's ground, from presence and the segments they worked in."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from interactions.cases.choices import SegmentKind
from interactions.handling.models import PresenceState

WORKING: Final = (SegmentKind.TALK.value, SegmentKind.HOLD.value, SegmentKind.WRAP_UP.value)

EVERY_DAY: Final = """
    SELECT DISTINCT p.agent_id, d::date AS day
    FROM interactions_presencespan p, generate_series(
        (p.started_at AT TIME ZONE %(zone)s)::date, (p.ended_at AT TIME ZONE %(zone)s)::date, interval '1 day') d
    WHERE p.ended_at IS NOT NULL
"""
GIVEN_DAYS: Final = "SELECT unnest(%(agents)s::bigint[]) AS agent_id, unnest(%(days)s::date[]) AS day"

# A day belongs to the team its agent worked for last on it, so that who moves on leaves it behind; a day without work
# to the team of today.
# Spans that have not ended yet count from the moment they do: a row says only what is over.
COMPUTE: Final = """
INSERT INTO analytics_agentday
    (agent_id, day, team_id, available_seconds, contact_seconds, idle_seconds, away_seconds)
WITH wanted AS (
    SELECT agent_id, day, day::timestamp AT TIME ZONE %(zone)s AS low,
        (day + 1)::timestamp AT TIME ZONE %(zone)s AS high
    FROM ({wanted}) given
),
presence AS (
    SELECT w.agent_id, w.day,
        range_agg(tstzrange(greatest(p.started_at, w.low), least(p.ended_at, w.high)))
            FILTER (WHERE p.state = %(available)s) AS available,
        range_agg(tstzrange(greatest(p.started_at, w.low), least(p.ended_at, w.high)))
            FILTER (WHERE p.state IN %(away)s) AS away
    FROM wanted w JOIN interactions_presencespan p
        ON p.agent_id = w.agent_id AND p.started_at < w.high AND p.ended_at > w.low
    GROUP BY w.agent_id, w.day
),
work AS (
    SELECT w.agent_id, w.day, range_agg(tstzrange(greatest(s.started_at, w.low), least(s.ended_at, w.high))) AS contact,
        (array_agg(s.team_id ORDER BY s.started_at DESC, s.id DESC) FILTER (WHERE s.team_id IS NOT NULL))[1] AS team_id
    FROM wanted w JOIN interactions_segment s
        ON s.agent_id = w.agent_id AND s.started_at < w.high AND s.ended_at > w.low
    WHERE s.kind IN %(working)s AND s.ended_at > s.started_at
    GROUP BY w.agent_id, w.day
),
ranges AS (
    SELECT p.agent_id, p.day, coalesce(p.available, '{{}}') AS available, coalesce(p.away, '{{}}') AS away,
        coalesce(work.contact, '{{}}') AS contact, work.team_id
    FROM presence p LEFT JOIN work USING (agent_id, day)
)
SELECT r.agent_id, r.day, coalesce(r.team_id, u.team_id),
    (SELECT coalesce(extract(epoch FROM sum(upper(x) - lower(x))), 0)::int FROM unnest(r.available) x),
    (SELECT coalesce(extract(epoch FROM sum(upper(x) - lower(x))), 0)::int FROM unnest(r.contact) x),
    (SELECT coalesce(extract(epoch FROM sum(upper(x) - lower(x))), 0)::int FROM unnest(r.available - r.contact) x),
    (SELECT coalesce(extract(epoch FROM sum(upper(x) - lower(x))), 0)::int FROM unnest(r.away) x)
FROM ranges r JOIN kernel_user u ON u.id = r.agent_id
"""


def _parameters() -> dict[str, Any]:
    return {
        "zone": settings.TIME_ZONE,
        "available": PresenceState.AVAILABLE.value,
        "away": (PresenceState.BREAK.value, PresenceState.BUSY.value),
        "working": WORKING,
    }


@transaction.atomic
def refresh_agent_days(pairs: Iterable[tuple[int, date]]) -> None:
    """Compute the days of these (agent id, day) pairs anew."""
    ordered = sorted(set(pairs))
    if not ordered:
        return
    parameters = _parameters() | {"agents": [agent for agent, _ in ordered], "days": [day for _, day in ordered]}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('analytics.agent_days'))")
        cursor.execute(
            f"DELETE FROM analytics_agentday a USING ({GIVEN_DAYS}) w WHERE a.agent_id = w.agent_id AND a.day = w.day",
            parameters,
        )
        cursor.execute(COMPUTE.format(wanted=GIVEN_DAYS), parameters)


@transaction.atomic
def rebuild_agent_days() -> int:
    """Compute all days of all agents anew. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('analytics.agent_days'))")
        cursor.execute("TRUNCATE analytics_agentday")
        cursor.execute(COMPUTE.format(wanted=EVERY_DAY), _parameters())
        return int(cursor.rowcount)


def days_of_interactions(interaction_ids: list[int]) -> list[tuple[int, date]]:
    """The (agent, day) pairs on which these interactions were worked on, by their finished segments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT s.agent_id, d::date FROM interactions_segment s, generate_series("
            "(s.started_at AT TIME ZONE %(zone)s)::date, (s.ended_at AT TIME ZONE %(zone)s)::date, interval '1 day') d"
            " WHERE s.interaction_id = ANY(%(ids)s) AND s.agent_id IS NOT NULL AND s.ended_at IS NOT NULL"
            " AND EXISTS (SELECT 1 FROM interactions_presencespan p WHERE p.agent_id = s.agent_id)",
            {"zone": settings.TIME_ZONE, "ids": interaction_ids},
        )
        return list(cursor.fetchall())


def days_of_agents(agent_ids: list[int], since: date) -> list[tuple[int, date]]:
    """The (agent, day) pairs of finished presence of these agents that reach `since` or later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.agent_id, d::date FROM interactions_presencespan p, generate_series("
            "(p.started_at AT TIME ZONE %(zone)s)::date, (p.ended_at AT TIME ZONE %(zone)s)::date, interval '1 day') d"
            " WHERE p.agent_id = ANY(%(agents)s) AND p.ended_at >= %(since)s::timestamp AT TIME ZONE %(zone)s",
            {"zone": settings.TIME_ZONE, "agents": agent_ids, "since": since},
        )
        return list(cursor.fetchall())
