"""What a fact is, said once in SQL: a pure function of the records of truth.

`fact_query(scope)` is used for one batch of changes and for the rebuild of everything alike, so the two cannot differ.
Formulas: the registry (analytics/kpis) says what the measures are for; the rules for folding, repeats and first
contact resolution are those of the field: a contact soon after a live one is that one's continuation, an issue is a
case, a linked case or the parent of the reason, and a case is resolved at first contact when nothing about it follows
within its window.
"""

from typing import Final

from django.conf import settings

from analytics.facts.expressions import MEASURE_SQL
from analytics.facts.measures import (
    MAX_LINK_DAYS,
    NAMES,
)
from interactions.cases.choices import TRANSFERS, Direction, Outcome, SegmentKind
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.customers.choices import Assurance

FOLD_MINUTES: Final = 15
SWITCH_HOURS: Final = 72
DEFAULT_WINDOW_DAYS: Final = 7
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

EVERYTHING: Final = "SELECT id FROM interactions_interaction"
GIVEN: Final = "SELECT id FROM analytics_scope"

# Every contact that can bear on the ones in scope: those of the same customers not too far in time, and whole cases.
CONTEXT_OF_SCOPE: Final = f"""
    SELECT i.id FROM interactions_interaction i JOIN analytics_scope USING (id)
    UNION
    SELECT i.id FROM (
        SELECT i.customer_id, min(i.started_at) AS low, max(coalesce(i.closed_at, i.started_at)) AS high
        FROM interactions_interaction i JOIN analytics_scope USING (id)
        WHERE i.customer_id IS NOT NULL GROUP BY i.customer_id
    ) span JOIN interactions_interaction i ON i.customer_id = span.customer_id
        AND i.started_at <= span.high + interval '{MAX_LINK_DAYS} days'
        AND coalesce(i.closed_at, 'infinity') >= span.low - interval '{MAX_LINK_DAYS} days'
    UNION
    SELECT i.id FROM interactions_interaction i WHERE i.case_id IN (
        SELECT k.case_id FROM interactions_interaction k JOIN analytics_scope USING (id) WHERE k.case_id IS NOT NULL
        UNION
        SELECT other.id FROM interactions_interaction k JOIN analytics_scope USING (id)
        JOIN interactions_case own ON own.id = k.case_id
        JOIN interactions_case other
            ON other.id = own.issue_root_id OR other.issue_root_id = coalesce(own.issue_root_id, own.id)
    )
"""

# Cohorts must exist before facts name them.
ENSURE_COHORTS: Final = f"""
INSERT INTO analytics_cohort (source_id, window_days)
SELECT DISTINCT coalesce(i.source_id, 0), coalesce(r.resolution_window_days, {DEFAULT_WINDOW_DAYS})
FROM interactions_interaction i LEFT JOIN interactions_contactreason r ON r.id = i.reason_id
WHERE i.id IN ({{scope}})
ON CONFLICT (source_id, window_days) DO NOTHING
"""


def _inbound(column: str = "i") -> str:
    return f"{column}.direction = {Direction.INBOUND.value}"


def _seconds(start: str, end: str) -> str:
    return f"extract(epoch FROM {end} - {start})::int"


def _segments(scope: str, *, whole: bool) -> str:
    """Totals of the segments of each contact in scope; a wait ends with the first transfer."""
    handling = f"{SegmentKind.TALK.value}, {SegmentKind.HOLD.value}, {SegmentKind.WRAP_UP.value}"
    transfers = ", ".join(str(end.value) for end in sorted(TRANSFERS))
    seconds = _seconds("s.started_at", "s.ended_at")
    queue = SegmentKind.QUEUE.value

    def total(kind: SegmentKind) -> str:
        return f"coalesce(sum({seconds}) FILTER (WHERE s.kind = {kind.value} AND s.is_duration_known), 0)::int"

    where = "" if whole else f"WHERE s.interaction_id IN ({scope})"
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
        min(s.ended_at) FILTER (WHERE s.ended_by IN ({transfers})) AS transferred_at
    FROM interactions_segment s {where}
    GROUP BY s.interaction_id
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
        f"LEFT JOIN target {alias} ON {alias}.queue_id = {queue} AND {alias}.channel = {channel}"
        f" AND i.started_at >= {alias}.valid_from AND i.started_at < {alias}.valid_until"
    )


def _rate_join(alias: str, channel: str) -> str:
    return (
        f"LEFT JOIN rate {alias} ON {alias}.channel = {channel}"
        f" AND i.started_at >= {alias}.valid_from AND i.started_at < {alias}.valid_until"
    )


def _base(context: str, *, whole: bool) -> str:
    """One row per contact of the context with the flags everything else is made of."""
    live = ", ".join(str(channel.value) for channel in sorted(LIVE_CHANNELS))
    real = f"{_inbound()} AND i.outcome IS DISTINCT FROM {Outcome.NOT_A_CONTACT.value}"
    offered = f"{real} AND i.outcome IS DISTINCT FROM {Outcome.SELF_SERVED.value}"
    answered = f"""{real} AND (i.outcome IS NOT DISTINCT FROM {Outcome.HANDLED.value}
            OR (i.outcome IS NULL AND i.first_answered_at IS NOT NULL))"""
    where = "" if whole else f"WHERE i.id IN ({context})"
    return f"""
    SELECT i.id, i.customer_id, i.case_id, coalesce(c.issue_root_id, i.case_id) AS root_id, i.channel, i.reason_id,
        coalesce(r.parent_id, i.reason_id) AS issue_id,
        coalesce(r.resolution_window_days, {DEFAULT_WINDOW_DAYS}) AS window_days,
        i.started_at, i.closed_at AS ended_at, c.last_reopened_at, i.is_resolved,
        i.channel IN ({live}) AS is_live, {_inbound()} AS is_inbound, {real} AS is_real,
        {offered} AS is_offered, {answered} AS is_answered,
        {offered} AND i.assurance >= {Assurance.ATTESTED.value} AS is_identified
    FROM interactions_interaction i
    LEFT JOIN interactions_contactreason r ON r.id = i.reason_id
    LEFT JOIN interactions_case c ON c.id = i.case_id
    {where}
    """


def _moments(partition: str, of: str, is_continuation: str) -> str:
    """Ends and starts of contacts about one issue on one line of time: what ended last before, what starts next after.

    A start knows the last end at least FOLD_MINUTES before it; an end knows the first start after it that is
    not a continuation. Nothing outside the line may bear on it: what refreshes a fact follows customers and cases, and
    not the customers of the other contacts of a case.
    """
    keys = partition.split(", ")
    same = " AND ".join(f"several.{key} = linked.{key}" for key in keys)
    # A contact alone on its line has nothing before or after it; most are, and sorting them would cost the most.
    among = f"""
        FROM linked JOIN (
            SELECT {partition} FROM linked WHERE {of} GROUP BY {partition} HAVING count(*) > 1
        ) several ON {same}
        WHERE {of}"""
    columns = ", ".join(f"linked.{key}" for key in keys)
    return f"""
    SELECT id, is_start,
        max(CASE WHEN NOT is_start THEN t END) OVER (
            PARTITION BY {partition} ORDER BY t
            RANGE BETWEEN UNBOUNDED PRECEDING AND interval '{FOLD_MINUTES} minutes' PRECEDING) AS last_end,
        min(CASE WHEN is_start AND NOT is_continuation THEN t END) OVER (
            PARTITION BY {partition} ORDER BY t
            GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_start
    FROM (
        SELECT id, {columns}, true AS is_start, started_at AS t, {is_continuation} AS is_continuation {among}
        UNION ALL
        SELECT id, {columns}, false, ended_at, false {among} AND ended_at IS NOT NULL
    ) moment
    """


OF_ISSUE: Final = "linked.is_identified AND linked.issue_id IS NOT NULL"
OF_CASE: Final = "linked.is_offered AND linked.root_id IS NOT NULL"
CONTINUES_ITS_CASE: Final = f"""linked.is_live AND linked.started_at <= interval '{FOLD_MINUTES} minutes'
            + max(linked.ended_at) FILTER (WHERE linked.is_live) OVER (
                PARTITION BY linked.root_id ORDER BY linked.started_at, linked.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS TRUE"""

# Two lines of time: an identified customer's contacts, and a case's offered ones (an answered one is an offered one).
LINKED: Final = f"""
    SELECT base.*,
        CASE WHEN is_identified THEN lead(started_at) OVER of_customer END AS next_any_at,
        CASE WHEN is_identified AND is_answered THEN
            lead(started_at) OVER (PARTITION BY customer_id, is_identified, reason_id, is_answered
                ORDER BY started_at, id) END AS next_same_at,
        is_live AND is_identified AND started_at <= interval '{FOLD_MINUTES} minutes' + max(ended_at)
            FILTER (WHERE is_live) OVER (of_customer ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS TRUE
            AS is_continuation,
        is_live AND is_identified AND started_at <= interval '{FOLD_MINUTES} minutes' + max(ended_at)
            FILTER (WHERE is_live AND is_answered)
            OVER (of_customer ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS TRUE AS continues_answered,
        is_offered AND case_id IS NOT NULL AND row_number() OVER in_case = 1 AS is_first_of_case,
        is_answered AND case_id IS NOT NULL
            AND count(*) FILTER (WHERE is_answered) OVER (in_case ROWS UNBOUNDED PRECEDING) = 1 AS is_first_answered,
        CASE WHEN is_offered THEN
            count(*) OVER (in_case ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) END AS case_contacts,
        is_offered AND case_id IS NOT NULL
            AND lag(channel) OVER in_case IS DISTINCT FROM channel AND lag(channel) OVER in_case IS NOT NULL
            AND started_at <= interval '{SWITCH_HOURS} hours' + lag(coalesce(ended_at, started_at)) OVER in_case
            AS is_switch
    FROM base
    WINDOW of_customer AS (PARTITION BY customer_id, is_identified ORDER BY started_at, id),
        in_case AS (PARTITION BY case_id, is_offered ORDER BY started_at, id)
"""


def context_query() -> str:
    """The SELECT that fills analytics_context: every contact that can bear on those in analytics_scope."""
    return _base(CONTEXT_OF_SCOPE, whole=False)


def fact_query(*, whole: bool) -> str:
    """The SELECT that gives facts in the order of COLUMNS: of everything, or of the ids in analytics_scope.

    The caller runs ENSURE_COHORTS first and, unless `whole`, fills the temporary tables analytics_scope and
    analytics_context and analyses them: guessing their sizes, the planner can take minutes for a second's work.
    """
    base = _base("", whole=True) if whole else "SELECT * FROM analytics_context"
    scope = EVERYTHING if whole else GIVEN
    linkable = f"interval '{MAX_LINK_DAYS} days'"
    measures = ",\n        ".join(f"{MEASURE_SQL[name]} AS {name}" for name in NAMES)
    in_scope = "" if whole else "JOIN analytics_scope USING (id)"
    zone = settings.TIME_ZONE.replace("'", "")
    return f"""
    WITH base AS MATERIALIZED ({base}),
    linked AS MATERIALIZED ({LINKED}),
    by_issue AS (
        {_moments("customer_id, issue_id", OF_ISSUE, "linked.is_continuation")}
    ),
    by_case AS (
        {_moments("root_id", OF_CASE, CONTINUES_ITS_CASE)}
    ),
    about AS (
        SELECT id, max(last_end) FILTER (WHERE is_start) AS last_end,
            min(next_start) FILTER (WHERE NOT is_start) AS next_start
        FROM (SELECT * FROM by_issue UNION ALL SELECT * FROM by_case) both_ways
        GROUP BY id
    ),
    switched AS (SELECT case_id, count(*) AS switches FROM linked WHERE is_switch GROUP BY case_id),
    seg AS ({_segments(scope, whole=whole)}),
    target AS ({TARGETS}),
    rate AS ({RATES}),
    flat AS (
        SELECT b.*, i.direction, i.outcome, i.assurance, i.inbox_id, i.queue_id, i.team_id, i.agent_id,
            coalesce(i.source_id, 0) AS source_id,
            (b.started_at AT TIME ZONE coalesce(nullif(inbox.time_zone, ''), '{zone}')) AS local_start,
            (b.ended_at AT TIME ZONE coalesce(nullif(inbox.time_zone, ''), '{zone}')) AS local_end,
            coalesce(seg.queued, false) AS queued,
            CASE WHEN NOT (b.is_live AND b.is_offered) OR seg.is_wait_unknown
                OR NOT (b.is_answered OR i.outcome IS NOT NULL) THEN NULL
                WHEN seg.transferred_at IS NULL THEN coalesce(seg.queue_s, 0)
                ELSE (SELECT coalesce(sum({_seconds("s.started_at", "s.ended_at")}), 0)::int FROM interactions_segment s
                    WHERE s.interaction_id = b.id AND s.kind = {SegmentKind.QUEUE.value}
                    AND s.started_at < seg.transferred_at) END AS wait,
            CASE WHEN b.is_answered AND i.outcome IS NOT NULL AND seg.is_handle_known
                THEN seg.talk_s + seg.hold_s + seg.wrap_s END AS handle,
            seg.talk_s, seg.hold_s, seg.wrap_s, seg.transferred_at,
            CASE WHEN b.is_answered AND NOT b.is_live AND i.first_answered_at >= b.started_at
                THEN {_seconds("b.started_at", "i.first_answered_at")} END AS first_response,
            {_target("answer_within_seconds", str(DEFAULT_ANSWER_SECONDS))} AS answer_within,
            {_target("short_abandon_seconds", DEFAULT_SHORT)} AS short_abandon,
            {_target("answer_within_seconds", str(FIRST_RESPONSE_SECONDS))} AS first_response_within,
            CASE WHEN b.next_any_at <= b.started_at + {linkable}
                THEN {_seconds("b.started_at", "b.next_any_at")} END AS next_any,
            CASE WHEN b.next_same_at <= b.started_at + {linkable}
                THEN {_seconds("b.started_at", "b.next_same_at")} END AS next_same,
            b.is_identified AND NOT b.is_continuation
                AND about.last_end >= b.started_at - make_interval(days => b.window_days) AS is_repeat,
            b.is_first_answered AND b.is_identified AND b.ended_at IS NOT NULL AND NOT b.continues_answered
                AS fcr_counts,
            coalesce(about.next_start <= b.ended_at + make_interval(days => b.window_days), false)
                OR coalesce(b.last_reopened_at > b.ended_at
                    AND b.last_reopened_at <= b.ended_at + make_interval(days => b.window_days), false) AS came_back,
            switched.switches,
            coalesce(rc.per_hour, ra.per_hour) AS per_hour, coalesce(rc.per_contact, ra.per_contact) AS per_contact,
            i.was_avoidable, invitation.sent_at IS NOT NULL AS was_invited, answer.id IS NOT NULL AS has_response,
            answer.csat, answer.ces, answer.nps, answer.is_resolved AS said_resolved
        FROM linked b {in_scope}
        JOIN interactions_interaction i ON i.id = b.id
        JOIN interactions_inbox inbox ON inbox.id = i.inbox_id
        LEFT JOIN about ON about.id = b.id
        LEFT JOIN switched ON switched.case_id = b.case_id
        LEFT JOIN seg ON seg.interaction_id = b.id
        LEFT JOIN feedback_response answer ON answer.interaction_id = b.id
        LEFT JOIN feedback_invitation invitation ON invitation.interaction_id = b.id
        {_rate_join("rc", "i.channel")}
        {_rate_join("ra", "0")}
        {_target_join("tqc", "i.queue_id", "i.channel")}
        {_target_join("tq", "i.queue_id", "0")}
        {_target_join("tc", "0", "i.channel")}
        {_target_join("ta", "0", "0")}
        OFFSET 0 -- a fence: what stands here is computed once, not once per measure that names it
    )
    SELECT f.id AS interaction_id, f.channel, f.direction, f.outcome, f.assurance, f.inbox_id, f.queue_id, f.team_id,
        f.agent_id, f.reason_id, f.customer_id, f.case_id, cohort.id AS cohort_id, f.started_at, f.ended_at,
        f.local_start::date AS day, f.local_end::date AS end_day,
        extract(hour FROM f.local_start)::smallint AS hour, extract(isodow FROM f.local_start)::smallint AS weekday,
        f.wait AS wait_seconds, f.handle AS handle_seconds, f.first_response AS first_response_seconds,
        f.next_any AS next_any_seconds, f.next_same AS next_same_seconds,
        {measures}
    FROM flat f
    JOIN analytics_cohort cohort ON cohort.source_id = f.source_id AND cohort.window_days = f.window_days
    """
