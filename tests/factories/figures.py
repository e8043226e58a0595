"""Facts as intake and the facts reader would leave them, for tests of figures."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from analytics.facts.models import Cohort, Fact
from analytics.rollups.rebuild import rebuild_rollups
from ccx.kernel.models import Grant, Team, User
from interactions.models import ContactReason, HistorySource, Queue

_numbers = count(1)


def a_user(role: str = "supervisor", **fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        f"user{number}@example.org", name=fields.pop("name", f"User {number}"), role=role, **fields
    )


def an_administrator() -> User:
    return a_user("administrator")


def granted(user: User, scope: str, *targets: int) -> User:
    for target in targets:
        Grant.objects.create(user=user, scope=scope, target_id=target)
    return User.objects.get(pk=user.pk)


def a_team(name: str = "") -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}")


def a_queue(name: str = "", **fields: Any) -> Queue:
    return Queue.objects.create(name=name or f"Queue {next(_numbers)}", **fields)


def a_reason(name: str = "", parent: ContactReason | None = None) -> ContactReason:
    number = next(_numbers)
    return ContactReason.objects.create(name=name or f"Reason {number}", code=f"reason{number}", parent=parent)


def a_cohort(source: HistorySource | None = None, window_days: int = 7) -> Cohort:
    found, _ = Cohort.objects.get_or_create(source_id=source.pk if source else 0, window_days=window_days)
    return found


def a_source(covered_until: date, covered_from: date = date(1999, 1, 1)) -> HistorySource:
    return HistorySource.objects.create(
        name=f"Source {next(_numbers)}", time_zone="UTC", covered_from=covered_from, covered_until=covered_until
    )


def a_fact(day: date, **fields: Any) -> Fact:
    """One contact of a day; measures and keys by name, everything else plain."""
    started_at = fields.pop("started_at", datetime.combine(day, time(fields.get("hour", 10)), UTC))
    defaults: dict[str, Any] = {
        "interaction_id": next(_numbers),
        "channel": 1,
        "direction": 1,
        "inbox_id": 1,
        "cohort_id": fields.pop("cohort_id", None) or a_cohort().pk,
        "started_at": started_at,
        "day": day,
        "hour": started_at.hour,
        "weekday": day.isoweekday(),
    }
    return Fact.objects.create(**defaults | fields)


def facts(number: int, day: date, **fields: Any) -> list[Fact]:
    return [a_fact(day, **fields) for _ in range(number)]


def answered(number: int, day: date, *, wait: int = 10, **fields: Any) -> list[Fact]:
    """Live contacts that an agent answered after `wait` seconds."""
    within = {f"answered_{x}": int(wait <= x) for x in (20, 30, 60)}
    measures = {
        "contacts": 1, "offered": 1, "answered": 1, "live_answered": 1, "answered_queued": int(wait > 0),
        "wait_answered_n": 1, "wait_answered_s": wait, "wait_seconds": wait, "answered_target": int(wait <= 20),
    }  # fmt: skip
    return facts(number, day, **measures | within | fields)


def abandoned(number: int, day: date, *, wait: int, short: int = 5, **fields: Any) -> list[Fact]:
    """Live contacts whose customer left after `wait` seconds."""
    within = {f"abandoned_{x}": int(wait <= x) for x in (5, 10, 20, 30, 60)}
    queued = {f"abandoned_queued_{x}": int(0 < wait <= x) for x in (20, 30, 60)}
    measures = {
        "contacts": 1, "offered": 1, "live_abandoned": 1, "abandoned_queued": int(wait > 0), "wait_seconds": wait,
        "wait_abandoned_s": wait, "abandoned_target": int(wait <= 20),
        "abandoned_short": int(wait <= short), "abandoned_queued_short": int(0 < wait <= short),
    }  # fmt: skip
    return facts(number, day, **measures | within | queued | fields)


def summed() -> None:
    """Bring the roll-ups in line with the facts."""
    rebuild_rollups()


def days(first: date, number: int) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range(number))
