"""How contacts bear on each other, in SQL: what came before and after each, about the same issue and in its case.

A link row says of a contact what other contacts decide; everything else about it stands in its own records
(analytics/facts/definition.py). The rules are those of the field: a contact soon after a live one is that one's
continuation, an issue is a case, a linked case or the parent of the reason, and a case is resolved at first contact
when nothing about it follows within its window.
"""

from typing import Final

from analytics.facts.expressions import MEASURE_SQL
from analytics.facts.measures import MAX_LINK_DAYS
from interactions.cases.choices import Direction, Outcome
from interactions.channels.choices import LIVE_CHANNELS
from interactions.customers.choices import Assurance

FOLD_MINUTES: Final = 15
SWITCH_HOURS: Final = 72
DEFAULT_WINDOW_DAYS: Final = 7

_LIVE: Final = ", ".join(str(channel.value) for channel in sorted(LIVE_CHANNELS))
_INBOUND: Final = f"i.direction = {Direction.INBOUND.value}"
_REAL: Final = f"{_INBOUND} AND i.outcome IS DISTINCT FROM {Outcome.NOT_A_CONTACT.value}"
_OFFERED: Final = f"{_REAL} AND i.outcome IS DISTINCT FROM {Outcome.SELF_SERVED.value}"
_ANSWERED: Final = f"""{_REAL} AND (i.outcome IS NOT DISTINCT FROM {Outcome.HANDLED.value}
            OR (i.outcome IS NULL AND i.first_answered_at IS NOT NULL))"""


def seconds_between(start: str, end: str) -> str:
    # date_part is float8 where extract is numeric, which costs several times as much.
    return f"date_part('epoch', {end} - {start})::int"


def found(table: str, condition: str, alias: str) -> str:
    """To be joined: rows of `table` as `alias`, looked for by index for each row before them.

    A fence, for a planner that takes a table for empty would go through it from end to end instead.
    """
    return f"LATERAL (SELECT * FROM {table} {alias} WHERE {condition} OFFSET 0) {alias} ON true"


def base_query(among: str = "") -> str:
    """One slim row per contact: of all, or of those whose ids the query `among` gives."""
    source = "interactions_interaction i"
    case = "interactions_case c ON c.id = i.case_id"
    if among:
        source = f"({among}) ids JOIN {found('interactions_interaction', 'i.id = ids.id', 'i')}"
        case = found("interactions_case", "c.id = i.case_id", "c")
    return f"""
    SELECT i.id, i.customer_id, i.case_id, coalesce(c.issue_root_id, i.case_id) AS root_id, i.channel, i.reason_id,
        coalesce(r.parent_id, i.reason_id) AS issue_id,
        coalesce(r.resolution_window_days, {DEFAULT_WINDOW_DAYS}) AS window_days, coalesce(i.source_id, 0) AS source_id,
        i.started_at, i.closed_at AS ended_at, c.last_reopened_at, i.is_resolved,
        i.channel IN ({_LIVE}) AS is_live, {_INBOUND} AS is_inbound, {_REAL} AS is_real,
        {_OFFERED} AS is_offered, {_ANSWERED} AS is_answered,
        {_OFFERED} AND i.assurance >= {Assurance.ATTESTED.value} AS is_identified
    FROM {source}
    LEFT JOIN interactions_contactreason r ON r.id = i.reason_id
    LEFT JOIN {case}
    """


def _moments(contacts: str, partition: str) -> str:
    """Ends and starts of contacts about one issue on one line of time: what ended last before, what starts next after.

    A start knows the last end at least FOLD_MINUTES before it; an end knows the first start after it that is
    not a continuation. Nothing outside the line may bear on it: what refreshes a fact follows customers and cases, and
    not the customers of the other contacts of a case.
    """
    return f"""
    SELECT id, is_start,
        max(CASE WHEN NOT is_start THEN t END) OVER (
            PARTITION BY {partition} ORDER BY t
            RANGE BETWEEN UNBOUNDED PRECEDING AND interval '{FOLD_MINUTES} minutes' PRECEDING) AS last_end,
        min(CASE WHEN is_beginning THEN t END) OVER (
            PARTITION BY {partition} ORDER BY t DESC -- backwards, for a frame that loses rows is summed anew each time
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS next_start
    FROM ({contacts}) contact, LATERAL (
        VALUES (true, started_at, NOT is_continuation), (false, ended_at, false)
    ) moment (is_start, t, is_beginning)
    WHERE t IS NOT NULL
    """


def _not_alone(partition: str, of: str) -> str:
    """Contacts that share their line with another one.

    One alone has nothing before or after it; most are, and sorting them would cost the most.
    """
    same = " AND ".join(f"several.{key} = linked.{key}" for key in partition.split(", "))
    return f"""linked JOIN (
            SELECT {partition} FROM linked WHERE {of} GROUP BY {partition} HAVING count(*) > 1
        ) several ON {same}
        WHERE {of}"""


OF_ISSUE: Final = "linked.is_identified AND linked.issue_id IS NOT NULL"
OF_CASE: Final = "linked.is_offered AND linked.root_id IS NOT NULL"

# Two lines of time: an identified customer's contacts, and a case's offered ones (an answered one is an offered one).
# A window of its own frame is another pass over all rows: what looks one row back or ahead takes any frame.
LINKED: Final = f"""
    SELECT base.*,
        CASE WHEN is_identified THEN lead(started_at) OVER before END AS next_any_at,
        CASE WHEN is_identified AND is_answered THEN
            lead(started_at) OVER (PARTITION BY customer_id, is_identified, reason_id, is_answered
                ORDER BY started_at, id) END AS next_same_at,
        is_live AND is_identified AND started_at <= interval '{FOLD_MINUTES} minutes' + max(ended_at)
            FILTER (WHERE is_live) OVER before IS TRUE AS is_continuation,
        is_live AND is_identified AND started_at <= interval '{FOLD_MINUTES} minutes' + max(ended_at)
            FILTER (WHERE is_live AND is_answered) OVER before IS TRUE AS continues_answered
    FROM base
    WINDOW before AS (PARTITION BY customer_id, is_identified ORDER BY started_at, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
# `is_continuation` is that of the line of the whole issue, all else of the case alone.
SHARING: Final = f"""
    SELECT linked.id, linked.case_id, linked.root_id, linked.started_at, linked.ended_at,
        row_number() OVER so_far = 1 AS is_first_of_case,
        linked.is_answered AND count(*) FILTER (WHERE linked.is_answered) OVER so_far = 1 AS is_first_answered,
        count(*) OVER (PARTITION BY linked.case_id) AS case_contacts,
        lag(linked.channel) OVER so_far IS DISTINCT FROM linked.channel AND lag(linked.channel) OVER so_far IS NOT NULL
            AND linked.started_at <= interval '{SWITCH_HOURS} hours'
                + lag(coalesce(linked.ended_at, linked.started_at)) OVER so_far AS is_switch,
        linked.is_live AND linked.started_at <= interval '{FOLD_MINUTES} minutes'
            + max(linked.ended_at) FILTER (WHERE linked.is_live) OVER (
                PARTITION BY linked.root_id ORDER BY linked.started_at, linked.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) IS TRUE AS is_continuation
    FROM {_not_alone("root_id", OF_CASE)}
    WINDOW so_far AS (PARTITION BY linked.case_id ORDER BY linked.started_at, linked.id ROWS UNBOUNDED PRECEDING)
"""


def link_query(base: str, of: str = "true") -> str:
    """The SELECT that gives link rows of the rows that the query `base` gives, or of those `b` among them."""
    linkable = f"interval '{MAX_LINK_DAYS} days'"
    of_issue = f"SELECT linked.* FROM {_not_alone('customer_id, issue_id', OF_ISSUE)}"
    return f"""
    WITH base AS ({base}),
    linked AS MATERIALIZED ({LINKED}),
    sharing AS MATERIALIZED ({SHARING}),
    by_issue AS ({_moments(of_issue, "customer_id, issue_id")}),
    by_case AS ({_moments("SELECT * FROM sharing", "root_id")}),
    about AS (
        SELECT id, max(last_end) FILTER (WHERE is_start) AS last_end,
            min(next_start) FILTER (WHERE NOT is_start) AS next_start
        FROM (SELECT * FROM by_issue UNION ALL SELECT * FROM by_case) both_ways
        GROUP BY id
    ),
    switched AS (SELECT DISTINCT case_id FROM sharing WHERE is_switch)
    SELECT b.id, b.source_id, b.window_days, b.is_resolved, b.is_live, b.is_inbound, b.is_real, b.is_offered,
        b.is_answered, b.is_identified,
        coalesce(sharing.is_first_of_case, b.is_offered AND b.case_id IS NOT NULL) AS is_first_of_case,
        coalesce(sharing.case_contacts, 1) AS case_contacts,
        switched.case_id IS NOT NULL AS is_switched,
        CASE WHEN b.next_any_at <= b.started_at + {linkable}
            THEN {seconds_between("b.started_at", "b.next_any_at")} END AS next_any,
        CASE WHEN b.next_same_at <= b.started_at + {linkable}
            THEN {seconds_between("b.started_at", "b.next_same_at")} END AS next_same,
        b.is_identified AND NOT b.is_continuation
            AND about.last_end >= b.started_at - make_interval(days => b.window_days) AS is_repeat,
        coalesce(sharing.is_first_answered, b.is_answered AND b.case_id IS NOT NULL)
            AND b.is_identified AND b.ended_at IS NOT NULL AND NOT b.continues_answered AS fcr_counts,
        coalesce(about.next_start <= b.ended_at + make_interval(days => b.window_days), false)
            OR coalesce(b.last_reopened_at > b.ended_at
                AND b.last_reopened_at <= b.ended_at + make_interval(days => b.window_days), false) AS came_back
    FROM linked b
    LEFT JOIN about ON about.id = b.id
    LEFT JOIN sharing ON sharing.id = b.id
    LEFT JOIN switched ON switched.case_id = b.case_id
    WHERE {of}
    """


# Each process links the contacts of customers of its own; with them it sees whole cases, which may have contacts of
# several customers. Nothing else bears on a contact.
SHARES: Final = 2
LINK_TYPES: Final = {
    "id": "bigint",
    "source_id": "bigint",
    "window_days": "int",
    **dict.fromkeys(("is_resolved", "is_live", "is_inbound", "is_real", "is_offered", "is_answered"), "bool"),
    **dict.fromkeys(("is_identified", "is_first_of_case"), "bool"),
    "case_contacts": "bigint",
    "is_switched": "bool",
    "next_any": "int",
    "next_same": "int",
    **dict.fromkeys(("is_repeat", "fcr_counts", "came_back"), "bool"),
}


def _share(contact: str) -> str:
    return f"coalesce({contact}.customer_id, {contact}.id) % {SHARES}"


# Issues with contacts of more than one share: where all agree with their case, and the cases with their root, is none.
SHARED_ISSUES: Final = f"""
    SELECT coalesce(c.issue_root_id, c.id) AS root_id FROM interactions_interaction i
    JOIN interactions_case c ON c.id = i.case_id WHERE {_share("i")} IS DISTINCT FROM c.customer_id % {SHARES}
    UNION
    SELECT root.id FROM interactions_case c JOIN interactions_case root ON root.id = c.issue_root_id
    WHERE c.customer_id % {SHARES} IS DISTINCT FROM root.customer_id % {SHARES}
"""
_OF_SHARE: Final = f"""
    LEFT JOIN analytics_shared_issue shared ON shared.root_id = coalesce(c.issue_root_id, i.case_id)
    WHERE {_share("i")} = $1 OR shared.root_id IS NOT NULL
"""
# A function, for the planner gives windows to no process but the first.
LINKS_OF_SHARE: Final = f"""
CREATE FUNCTION pg_temp.analytics_links(share int) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000000 AS $links$
BEGIN RETURN QUERY {link_query(base_query() + _OF_SHARE, f"{_share('b')} = $1")}; END
$links$
"""
EVERY_LINK: Final = " UNION ALL ".join(
    f"SELECT * FROM pg_temp.analytics_links({share})"
    f" link ({', '.join(f'{name} {kind}' for name, kind in LINK_TYPES.items())})"
    for share in range(SHARES)
)
# What a fact keeps of its link row `f`, by the fact's columns: where these stand as they were, no other contact's
# change has reached the fact.
KEPT: Final = {
    "next_any_seconds": "f.next_any",
    "next_same_seconds": "f.next_same",
    **{
        name: MEASURE_SQL[name]
        for name in ("repeat", "fcr_n", "fcr_yes", "cases", "case_contacts", "case_switched", "case_stuck")
    },
}
