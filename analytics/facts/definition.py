"""What a fact is, said once in SQL: a pure function of the records of truth.

`fact_query` is used for one batch of changes and for the rebuild of everything alike, so the two cannot differ. What
other contacts decide comes from link rows (analytics/facts/links.py), all else from the interaction's own records.
Formulas: the registry (analytics/kpis) says what the measures are for.
"""

from typing import Final

from django.conf import settings

from analytics.facts.expressions import MEASURE_SQL
from analytics.facts.links import EVERY_LINK, SHARES, found, seconds_between
from analytics.facts.measures import NAMES
from interactions.cases.choices import TRANSFERS, Outcome, SegmentKind
from interactions.channels.choices import Channel

DEFAULT_ANSWER_SECONDS: Final = 20
# Where no target says otherwise: 10 s on chat, 5 s on voice (kpi practice; an administrator's target replaces both).
DEFAULT_SHORT: Final = f"CASE WHEN i.channel = {Channel.CHAT.value} THEN 10 ELSE 5 END"
FIRST_RESPONSE_SECONDS: Final = 24 * 3600

DIMENSIONS: Final = (
    "interaction_id",
    "channel",
    "direction",
    "outcome",
    "assurance",
    "inbox_id",
    "queue_id",
    "team_id",
    "agent_id",
    "reason_id",
    "customer_id",
    "case_id",
    "cohort_id",
    "started_at",
    "ended_at",
    "day",
    "end_day",
    "hour",
    "weekday",
    "wait_seconds",
    "handle_seconds",
    "first_response_seconds",
    "next_any_seconds",
    "next_same_seconds",
)
COLUMNS: Final = DIMENSIONS + NAMES

# Cohorts must exist before facts name them.
ENSURE_COHORTS: Final = """
INSERT INTO analytics_cohort (source_id, window_days)
SELECT DISTINCT link.source_id, link.window_days FROM ({links}) link
ON CONFLICT (source_id, window_days) DO NOTHING
"""


def _segments(of: str) -> str:
    """Totals of the segments of each contact; a wait ends with the first transfer."""
    handling = f"{SegmentKind.TALK.value}, {SegmentKind.HOLD.value}, {SegmentKind.WRAP_UP.value}"
    transfers = ", ".join(str(end.value) for end in sorted(TRANSFERS))
    seconds = seconds_between("s.started_at", "s.ended_at")
    queue = SegmentKind.QUEUE.value

    def total(kind: SegmentKind) -> str:
        return f"coalesce(sum({seconds}) FILTER (WHERE s.kind = {kind.value} AND s.is_duration_known), 0)::int"

    return f"""
    SELECT s.interaction_id,
        coalesce(bool_or(s.kind = {queue} AND (s.ended_at > s.started_at OR NOT s.is_duration_known)), false) AS queued,
        {total(SegmentKind.QUEUE)} AS queue_s,
        coalesce(bool_or(s.kind = {queue} AND NOT s.is_duration_known), false) AS is_wait_unknown,
        {total(SegmentKind.TALK)} AS talk_s,
        {total(SegmentKind.HOLD)} AS hold_s,
        {total(SegmentKind.WRAP_UP)} AS wrap_s,
        coalesce(bool_and(s.is_duration_known AND s.ended_at IS NOT NULL) FILTER (WHERE s.kind IN ({handling})), false)
            AS is_handle_known,
        min(s.ended_at) FILTER (WHERE s.ended_by IN ({transfers})) AS transferred_at,
        max(s.started_at) FILTER (WHERE s.kind = {queue}) AS last_queued_at
    FROM interactions_segment s WHERE {of}
    GROUP BY s.interaction_id
    """


def _with_wait(totals: str) -> str:
    """The same with the seconds in queue before the first transfer."""
    return f"""
    SELECT total.*, CASE WHEN total.transferred_at IS NULL OR total.last_queued_at < total.transferred_at
        THEN total.queue_s
        ELSE (SELECT coalesce(sum({seconds_between("s.started_at", "s.ended_at")}), 0)::int FROM interactions_segment s
            WHERE s.interaction_id = total.interaction_id AND s.kind = {SegmentKind.QUEUE.value}
            AND s.started_at < total.transferred_at) END AS wait_s
    FROM ({totals}) total
    """


def _target(name: str, alias: str) -> str:
    return f"coalesce(tqc.{name}, tq.{name}, tc.{name}, ta.{name}, {alias})"


# What an hour of handling and a contact cost, from a moment on; the rate of the channel wins over the one for all.
RATES: Final = """
    SELECT coalesce(channel, 0) AS channel, per_hour, per_contact, valid_from,
        lead(valid_from, 1, 'infinity') OVER (PARTITION BY channel ORDER BY valid_from) AS valid_until
    FROM journeys_costrate
"""
TARGETS: Final = """
    SELECT coalesce(queue_id, 0) AS queue_id, coalesce(channel, 0) AS channel, answer_within_seconds,
        short_abandon_seconds, valid_from,
        lead(valid_from, 1, 'infinity') OVER (PARTITION BY queue_id, channel ORDER BY valid_from) AS valid_until
    FROM interactions_servicetarget
"""


def _target_join(alias: str, queue: str, channel: str) -> str:
    return (
        f"LEFT JOIN analytics_target {alias} ON {alias}.queue_id = {queue} AND {alias}.channel = {channel}"
        f" AND i.started_at >= {alias}.valid_from AND i.started_at < {alias}.valid_until"
    )


def _rate_join(alias: str, channel: str) -> str:
    return (
        f"LEFT JOIN analytics_rate {alias} ON {alias}.channel = {channel}"
        f" AND i.started_at >= {alias}.valid_from AND i.started_at < {alias}.valid_until"
    )


# What the facts of everything are made of, in tables: a window or what a query names several times is computed by one
# process alone, tables are read by as many as there are. Each sums the segments of contacts of its own.
EVERY_RECORD: Final = {
    "analytics_every_link": EVERY_LINK,
    "analytics_every_segment": _with_wait(
        " UNION ALL ".join(_segments(f"s.interaction_id % {SHARES} = {share}") for share in range(SHARES))
    ),
    "analytics_target": TARGETS,
    "analytics_rate": RATES,
}


RECORDS: Final = {
    "i": "interactions_interaction",
    "answer": "feedback_response",
    "invitation": "feedback_invitation",
}


def fact_query(links: str, *, whole: bool) -> str:
    """The SELECT that gives facts in the order of COLUMNS: one for each link row that the query `links` gives.

    With `whole` it reads the tables of EVERY_RECORD, else the segments of each contact by index. The caller runs
    ENSURE_COHORTS first.
    """
    measures = ",\n        ".join(f"{MEASURE_SQL[name]} AS {name}" for name in NAMES)
    zone = settings.TIME_ZONE.replace("'", "")
    local = f"AT TIME ZONE coalesce(nullif(inbox.time_zone, ''), '{zone}')"
    segments = (
        "LEFT JOIN analytics_every_segment seg ON seg.interaction_id = i.id"
        if whole
        else f"LEFT JOIN LATERAL ({_with_wait(_segments('s.interaction_id = i.id'))}) seg ON true"
    )
    keys = {"i": "i.id = link.id"} | {name: f"{name}.interaction_id = i.id" for name in ("answer", "invitation")}
    records = {
        name: f"{RECORDS[name]} {name} ON {key}" if whole else found(RECORDS[name], key, name)
        for name, key in keys.items()
    }
    given = "" if whole else f"analytics_target AS ({TARGETS}), analytics_rate AS ({RATES}),"
    return f"""
    WITH {given} flat AS (
        SELECT i.channel, i.direction, i.outcome, i.assurance, i.inbox_id, i.queue_id, i.team_id, i.agent_id,
            i.reason_id, i.customer_id, i.case_id, i.started_at, i.closed_at AS ended_at, i.was_avoidable, link.*,
            link.is_live AND link.is_answered AS is_live_answered,
            link.is_live AND link.is_offered AND i.outcome = {Outcome.ABANDONED.value} AS is_live_abandoned,
            i.started_at {local} AS local_start, i.closed_at {local} AS local_end,
            coalesce(seg.queued, false) AS queued,
            CASE WHEN link.is_live AND link.is_offered AND seg.is_wait_unknown IS NOT TRUE
                AND (link.is_answered OR i.outcome IS NOT NULL) THEN coalesce(seg.wait_s, 0) END AS wait,
            CASE WHEN link.is_answered AND i.outcome IS NOT NULL AND seg.is_handle_known
                THEN seg.talk_s + seg.hold_s + seg.wrap_s END AS handle,
            seg.talk_s, seg.hold_s, seg.wrap_s, seg.transferred_at,
            CASE WHEN link.is_answered AND NOT link.is_live AND i.first_answered_at >= i.started_at
                THEN {seconds_between("i.started_at", "i.first_answered_at")} END AS first_response,
            {_target("answer_within_seconds", str(DEFAULT_ANSWER_SECONDS))} AS answer_within,
            {_target("short_abandon_seconds", DEFAULT_SHORT)} AS short_abandon,
            {_target("answer_within_seconds", str(FIRST_RESPONSE_SECONDS))} AS first_response_within,
            coalesce(rc.per_hour, ra.per_hour) AS per_hour, coalesce(rc.per_contact, ra.per_contact) AS per_contact,
            invitation.sent_at IS NOT NULL AS was_invited, answer.id IS NOT NULL AS has_response,
            answer.csat, answer.ces, answer.nps, answer.is_resolved AS said_resolved
        FROM ({links}) link
        JOIN {records["i"]}
        JOIN interactions_inbox inbox ON inbox.id = i.inbox_id
        {segments}
        LEFT JOIN {records["answer"]}
        LEFT JOIN {records["invitation"]}
        {_rate_join("rc", "i.channel")}
        {_rate_join("ra", "0")}
        {_target_join("tqc", "i.queue_id", "i.channel")}
        {_target_join("tq", "i.queue_id", "0")}
        {_target_join("tc", "0", "i.channel")}
        {_target_join("ta", "0", "0")}
        -- A fence: what stands here is computed once, not once per measure that names it. Quoted, for a bare 0 is an
        -- int still to be cast, of which the planner cannot tell whether other processes may take part.
        OFFSET '0'
    )
    SELECT f.id AS interaction_id, f.channel, f.direction, f.outcome, f.assurance, f.inbox_id, f.queue_id, f.team_id,
        f.agent_id, f.reason_id, f.customer_id, f.case_id, cohort.id AS cohort_id, f.started_at, f.ended_at,
        f.local_start::date AS day, f.local_end::date AS end_day,
        extract(hour FROM f.local_start)::smallint AS hour, extract(isodow FROM f.local_start)::smallint AS weekday,
        f.wait AS wait_seconds, f.handle AS handle_seconds, f.first_response AS first_response_seconds,
        f.next_any AS next_any_seconds, f.next_same AS next_same_seconds,
        {measures}
    FROM flat f
    LEFT JOIN analytics_cohort cohort ON cohort.source_id = f.source_id AND cohort.window_days = f.window_days
    """
