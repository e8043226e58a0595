"""Adding differences of facts to the roll-ups: (new fact - stored fact) into the buckets it touches.

Works on temporary tables: analytics_delta has rows shaped like facts with signed measures and `sign` (+1 new, -1 old),
analytics_cell and analytics_days what comes of them (DELTA_TABLES).
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from analytics.facts.measures import BY_NAME, END_COHORT, HOURLY, NAMES, WORK, Kind
from analytics.rollups.models import Dimension, Grain, Metric

ARRIVAL: Final = tuple(name for name in NAMES if name not in END_COHORT)
# Hours are kept for 60 days; older ones are neither written nor compared.
HOURS_KEPT_DAYS: Final = 60
KEPT_HOURS: Final = f"day > current_date - {HOURS_KEPT_DAYS}"
MONTH_DIMENSIONS: Final = tuple(dimension for dimension in Dimension if dimension is not Dimension.AGENT)

DIMENSION_KEY: Final = {
    Dimension.TOTAL: "0",
    Dimension.CHANNEL: "channel",
    Dimension.QUEUE: "coalesce(queue_id, 0)",
    Dimension.TEAM: "coalesce(team_id, 0)",
    Dimension.AGENT: "coalesce(agent_id, 0)",
    Dimension.REASON: "coalesce(reason_id, 0)",
}
METRIC_COLUMN: Final = {
    Metric.WAIT: "wait_seconds",
    Metric.HANDLE: "handle_seconds",
    Metric.FIRST_RESPONSE: "first_response_seconds",
}
# Bin b holds durations from 2^(b/4) up to the next edge; bin -1 holds 0 s.
BIN: Final = "CASE WHEN {0} <= 0 THEN -1 ELSE floor(4 * ln({0}::float8) / ln(2::float8) + 1e-9) END::smallint"

OF_CONTACT: Final = "channel, queue_id, team_id, agent_id, reason_id, cohort_id"


def _on_arrival(name: str) -> str:
    """What of a measure counts on the day of the arrival."""
    return name if name not in END_COHORT else f"CASE WHEN end_day = day THEN {name} ELSE 0 END"


def ended_later(table: str) -> str:
    """The end measures of what ended on another day than it arrived, on that day; nothing else of it."""
    late = ", ".join(name if name in END_COHORT else f"0 AS {name}" for name in NAMES)
    moved = " OR ".join(f"{name} <> 0" for name in END_COHORT)
    return f"SELECT end_day AS day, {OF_CONTACT}, {late} FROM {table} WHERE end_day <> day AND ({moved})"


def bucketed(table: str) -> str:
    """Rows of `table` in their buckets: arrival measures on the arrival's day, end measures on the end's day."""
    arrived = ", ".join(f"{_on_arrival(name)} AS {name}" for name in NAMES)
    return f"SELECT day, {OF_CONTACT}, {arrived} FROM {table} UNION ALL {ended_later(table)}"


def grouped(source: str, keys: dict[str, str], names: tuple[str, ...]) -> str:
    """Sums of `names` over `source` by `keys` (column -> expression)."""
    groups = ", ".join(f"{expression} AS {column}" for column, expression in keys.items())
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    by = ", ".join(str(number) for number in range(1, len(keys) + 1))
    return f"SELECT {groups}, {sums} FROM {source} GROUP BY {by}"


def summed(source: str, keys: dict[str, str], names: tuple[str, ...]) -> str:
    """The same in the types that roll-ups keep: a further sum of ints is a bigint, and one of bigints a numeric."""
    return _narrow(grouped(source, keys, names), tuple(keys), names)


def added(table: str, keys: tuple[str, ...], names: tuple[str, ...], source: str) -> str:
    """Add the rows of the query `source`, one a key, to `table`. Nobody else may add to it meanwhile."""
    columns = (*keys, *names)
    same = " AND ".join(f"kept.{name} = more.{name}" for name in keys)
    adding = ", ".join(f"{name} = kept.{name} + more.{name}" for name in names)
    touched = " OR ".join(f"{name} <> 0" for name in names)
    return (
        f"MERGE INTO {table} kept USING (SELECT * FROM ({source}) every WHERE {touched}) more ON {same}"
        f" WHEN MATCHED THEN UPDATE SET {adding}"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({', '.join(f'more.{name}' for name in columns)})"
    )


def _summed_type(name: str) -> str:
    return "int" if name in BY_NAME and BY_NAME[name].kind is Kind.COUNT else "bigint"


def _narrow(source: str, keys: tuple[str, ...], names: tuple[str, ...] = NAMES) -> str:
    sums = ", ".join(f"{name}::{_summed_type(name)}" for name in names)
    return f"SELECT {', '.join(keys)}, {sums} FROM ({source}) sums"


CUBE: Final = {
    "day": "day",
    "channel": "channel",
    "team_id": "coalesce(team_id, 0)",
    "reason_id": "coalesce(reason_id, 0)",
    "cohort_id": "cohort_id",
}
DAYS: Final = {name: name for name in ("dimension", "day", "key", "cohort_id")}
MONTHS: Final = {
    "dimension": "dimension",
    "month": "date_trunc('month', day)::date",
    "key": "key",
    "cohort_id": "cohort_id",
}
# What the cube tells apart is summed from it, which has fewer rows; the others from every contact.
OTHERS: Final = (Dimension.QUEUE, Dimension.AGENT)
OF_CUBE: Final = tuple(dimension for dimension in Dimension if dimension not in OTHERS)


def by_dimensions(source: str, dimensions: tuple[Dimension, ...]) -> str:
    """The sums of `source` by day and each single one of these dimensions, in one pass over it."""
    keys = {f"of_{one.name.lower()}": one for one in dimensions}
    expressions = ", ".join(f"{DIMENSION_KEY[one]}::bigint AS {name}" for name, one in keys.items())
    own = " ".join(f"WHEN grouping({name}) = 0 THEN {one.value}" for name, one in keys.items())
    sums = ", ".join(f"sum({name})::{_summed_type(name)} AS {name}" for name in NAMES)
    return (
        f"SELECT (CASE {own} END)::smallint AS dimension, day, coalesce({', '.join(keys)}) AS key, cohort_id, {sums}"
        f" FROM (SELECT *, {expressions} FROM {source}) keyed"
        f" GROUP BY GROUPING SETS ({', '.join(f'(day, cohort_id, {name})' for name in keys)})"
    )


CONTACTS: Final = f"({bucketed('analytics_delta')}) contact"
DELTA_TABLES: Final = {
    "analytics_cell": summed(CONTACTS, CUBE, NAMES),
    "analytics_days": f"{by_dimensions(CONTACTS, OTHERS)} UNION ALL {by_dimensions('analytics_cell', OF_CUBE)}",
}


def adding_statements() -> dict[str, str]:
    """Everything that adds analytics_delta to every roll-up, in its order."""
    hour = {"day": "day", "hour": "hour", "channel": "channel", "queue_id": "coalesce(queue_id, 0)"}
    week = {"month": "date_trunc('month', day)::date", "weekday": "weekday", "hour": "hour", "channel": "channel"}
    days = f"(SELECT * FROM analytics_days WHERE dimension <> {Dimension.AGENT.value}) days"
    recent = f"(SELECT * FROM analytics_delta WHERE {KEPT_HOURS}) recent"
    bins = grouped(histogram_source("analytics_delta", "sign"), BINS, ("contacts",))
    return {
        **{table: f"INSERT INTO {table} {query}" for table, query in DELTA_TABLES.items()},
        "cube": added("analytics_cuberollup", tuple(CUBE), NAMES, "SELECT * FROM analytics_cell"),
        "day": added("analytics_dayrollup", tuple(DAYS), NAMES, "SELECT * FROM analytics_days"),
        "month": added("analytics_monthrollup", tuple(MONTHS), NAMES, summed(days, MONTHS, NAMES)),
        "work": added("analytics_workrollup", WORK_KEYS, WORK, _work_of_delta()),
        "hour": added("analytics_hourrollup", tuple(hour), HOURLY, summed(recent, hour, HOURLY)),
        "week": added("analytics_weekhourrollup", tuple(week), HOURLY, summed("analytics_delta", week, HOURLY)),
        "histogram": added("analytics_histogramrollup", tuple(BINS), ("contacts",), bins),
    }


WORK_DIMENSIONS: Final = (Dimension.QUEUE, Dimension.TEAM, Dimension.AGENT)
WORK_DAYS: Final = {name: name for name in ("dimension", "day", "key", "channel")}
WORK_KEYS: Final = ("dimension", "grain", "day", "key", "channel")


def _work_days(source: str, dimensions: tuple[Dimension, ...]) -> str:
    """The sums of work by day, channel and each of these dimensions."""
    values = ", ".join(f"({one.value}::smallint, {DIMENSION_KEY[one]}::bigint)" for one in dimensions)
    return grouped(f"{source}, LATERAL (VALUES {values}) one (dimension, key)", WORK_DAYS, WORK)


def _work(days: str) -> str:
    """Rows of days, and those of the months they lie in."""
    keys = {"dimension": "dimension", "grain": f"{Grain.MONTH.value}::smallint"}
    keys |= {"day": "date_trunc('month', day)::date", "key": "key", "channel": "channel"}
    names = ", ".join(WORK)
    return (
        f"SELECT dimension, {Grain.DAY.value}::smallint AS grain, day, key, channel, {names} FROM {days}"
        f" UNION ALL {_narrow(grouped(days, keys, WORK), WORK_KEYS, WORK)}"
    )


def _work_of_delta() -> str:
    days = _narrow(_work_days("analytics_delta", WORK_DIMENSIONS), tuple(WORK_DAYS), WORK)
    touched = " OR ".join(f"{name} <> 0" for name in WORK)
    return f"WITH worked AS MATERIALIZED (SELECT * FROM ({days}) days WHERE {touched}) {_work('worked')}"


# The sums that all others but those of agents and hours are sums of.
GRAIN: Final = {
    "day": "day",
    "channel": "channel",
    "queue_id": "coalesce(queue_id, 0)",
    "team_id": "coalesce(team_id, 0)",
    "reason_id": "coalesce(reason_id, 0)",
    "cohort_id": "cohort_id",
}
HOURS: Final = {"day": "day", "weekday": "weekday", "hour": "hour", "channel": "channel"} | {
    "queue_id": "coalesce(queue_id, 0)"
}

BINS: Final = {name: name for name in ("day", "channel", "metric", "bin")}
WORKERS: Final = {
    "dimension": f"{Dimension.AGENT.value}::smallint",
    "day": "day",
    "key": "coalesce(agent_id, 0)::bigint",
    "channel": "channel",
}


def _day_keys(dimension: Dimension) -> dict[str, str]:
    return {
        "dimension": f"{dimension.value}::smallint",
        "day": "day",
        "key": f"{DIMENSION_KEY[dimension]}::bigint",
        "cohort_id": "cohort_id",
    }


def _insert(table: str, keys: dict[str, str], names: tuple[str, ...], source: str) -> str:
    return f"INSERT INTO {table} ({', '.join((*keys, *names))}) {grouped(source, keys, names)}"


def _summed(table: str, source: str) -> str:
    # CREATE TABLE AS may use several processes, INSERT may not.
    return f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {source}"


# A day with about as many facts before it as from it on; which one is of no consequence for the sums.
MIDDLE: Final = """
SELECT coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY day), current_date)
FROM analytics_fact TABLESAMPLE SYSTEM (1)
"""


def _halves(query: Callable[[str], str], middle: date) -> str:
    """What `query` says of the days before and from `middle` on.

    Two processes sum days of their own: where all processes sum rows of all days, one has to sum what they found.
    """
    parts = [query(f"day {side} date '{middle.isoformat()}'") for side in ("<", ">=")]
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) halves"


def _grain_and_agents(condition: str) -> str:
    """In one pass over facts the sums that others are sums of, and those of agents; without what ended later."""
    keys = GRAIN | {"agent_id": "coalesce(agent_id, 0)"}
    selected = ", ".join(f"{expression} AS {name}" for name, expression in keys.items())
    sums = ", ".join(f"sum({_on_arrival(name)})::{_summed_type(name)} AS {name}" for name in NAMES)
    return (
        f"SELECT {selected}, grouping({keys['agent_id']}) = 0 AS is_of_agent, {sums} FROM analytics_fact"
        f" WHERE {condition}"
        f" GROUP BY GROUPING SETS (({', '.join(GRAIN.values())}), (day, cohort_id, {keys['agent_id']}))"
    )


def _facts(condition: str) -> str:
    return f"(SELECT * FROM analytics_fact WHERE {condition}) fact"


def rebuild_statements(middle: date) -> list[str]:
    """The same sums as those of adding_statements over all facts, into empty roll-ups: a few passes over the facts.

    `middle`: a day to part the facts at, from MIDDLE.
    """
    tables = {
        "analytics_sums": _grain_and_agents,
        "analytics_hours": lambda days: grouped(_facts(days), HOURS, HOURLY),
        "analytics_workers": lambda days: grouped(_facts(days), WORKERS, WORK),
        "analytics_bins": lambda days: grouped(histogram_source(_facts(days), "1"), BINS, ("contacts",)),
    }
    drop = f"DROP TABLE IF EXISTS {', '.join(tables)}"
    late = f"({ended_later('analytics_fact')}) late"
    of_agents = _day_keys(Dimension.AGENT)
    grain = "(SELECT * FROM analytics_sums WHERE NOT is_of_agent) grain"
    names = ", ".join(NAMES)
    statements = [
        drop,
        *(_summed(table, _halves(query, middle)) for table, query in tables.items()),
        f"INSERT INTO analytics_dayrollup ({', '.join(of_agents)}, {names})"
        f" SELECT {', '.join(of_agents.values())}, {names} FROM analytics_sums"
        " WHERE is_of_agent ORDER BY day, agent_id",
        added("analytics_dayrollup", tuple(of_agents), END_COHORT, grouped(late, of_agents, END_COHORT)),
        f"INSERT INTO analytics_sums ({', '.join(GRAIN)}, is_of_agent, {names})"
        f" SELECT {', '.join(GRAIN)}, false, {names} FROM ({grouped(late, GRAIN, NAMES)}) sums",
        _insert("analytics_cuberollup", {name: name for name in CUBE}, NAMES, grain),
    ]
    statements += [_insert("analytics_dayrollup", _day_keys(dimension), NAMES, grain) for dimension in MONTH_DIMENSIONS]
    days = f"(SELECT * FROM analytics_dayrollup WHERE dimension <> {Dimension.AGENT.value}) days"
    hour = {name: name for name in ("day", "hour", "channel", "queue_id")}
    week = {"month": "date_trunc('month', day)::date", "weekday": "weekday", "hour": "hour", "channel": "channel"}
    kept = f"(SELECT * FROM analytics_hours WHERE {KEPT_HOURS}) kept"
    return [
        *statements,
        _insert("analytics_monthrollup", MONTHS, NAMES, days),
        f"INSERT INTO analytics_workrollup ({', '.join((*WORK_KEYS, *WORK))}) WITH worked AS MATERIALIZED ("
        "SELECT * FROM analytics_workers UNION ALL"
        f" {_work_days(grain, (Dimension.QUEUE, Dimension.TEAM))}) {_work('worked')}"
        " ORDER BY 1, 2, 3, 4, 5",
        _insert("analytics_hourrollup", hour, HOURLY, kept),
        _insert("analytics_weekhourrollup", week, HOURLY, "analytics_hours"),
        "INSERT INTO analytics_histogramrollup ({0}) SELECT {0} FROM analytics_bins".format(
            ", ".join((*BINS, "contacts"))
        ),
        drop,
    ]


def histogram_source(table: str, sign: str) -> str:
    """Signed counts of durations by day, channel, metric and bin; waits are those of answered live contacts."""
    parts = []
    for metric, column in METRIC_COLUMN.items():
        condition = " AND wait_answered_n <> 0" if metric is Metric.WAIT else ""
        parts.append(
            f"SELECT day, channel, {metric.value}::smallint AS metric, {BIN.format(column)} AS bin, {sign} AS contacts"
            f" FROM {table} WHERE {column} IS NOT NULL{condition}"
        )
    return f"({' UNION ALL '.join(parts)}) durations"
