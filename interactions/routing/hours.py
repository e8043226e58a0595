"""When a line is open, computed from its week, its holidays and its time zone. No rows, no clock of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)
# No opening within this many days is none at all: longer than any gap a calendar of holidays makes.
HORIZON_DAYS = 400
Opening = tuple[time, time]


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A week of openings (weekday 0 is Monday), and dates on which others hold; an empty one is closed.

    An opening that closes at 00:00 lasts until midnight. Openings of a day may be several, touch or overlap.
    """

    time_zone: str
    week: Mapping[int, Sequence[Opening]] = field(default_factory=dict)
    holidays: Mapping[date, Sequence[Opening]] = field(default_factory=dict)


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether the line is open at an aware moment. The moment it closes it is closed."""
    zone = ZoneInfo(hours.time_zone)
    at = at.astimezone(UTC)
    return any(opens <= at < closes for opens, closes in _spans(hours, zone, at.astimezone(zone).date()))


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The moment itself if the line is open then, else the next at which it opens; None if it never does."""
    zone = ZoneInfo(hours.time_zone)
    at = at.astimezone(UTC)
    first = at.astimezone(zone).date()
    for offset in range(HORIZON_DAYS):
        for opens, closes in _spans(hours, zone, first + timedelta(days=offset)):
            if closes > at:
                return max(opens, at)
    return None


def business_seconds(hours: Hours, start: datetime, end: datetime) -> int:
    """Whole seconds of opening between two aware moments; 0 if the end is not after the start.

    Seconds that passed, not seconds of the wall clock: a night with a change of time counts what it lasted.
    """
    zone = ZoneInfo(hours.time_zone)
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    total = timedelta()
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        for opens, closes in _spans(hours, zone, day):
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += timedelta(days=1)
    return int(total.total_seconds())


def _spans(hours: Hours, zone: ZoneInfo, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The openings of one local day in UTC, in order, merged where they touch or overlap."""
    openings = hours.holidays[day] if day in hours.holidays else hours.week.get(day.weekday(), ())
    current: tuple[datetime, datetime] | None = None
    for opens, closes in sorted((_moment(zone, day, opens), _end(zone, day, closes)) for opens, closes in openings):
        if closes <= opens:
            continue  # swallowed by the hour that a change of time leaves out
        if current is not None and opens <= current[1]:
            current = (current[0], max(current[1], closes))
            continue
        if current is not None:
            yield current
        current = (opens, closes)
    if current is not None:
        yield current


def _end(zone: ZoneInfo, day: date, closes: time) -> datetime:
    return _moment(zone, day + timedelta(days=1), MIDNIGHT) if closes == MIDNIGHT else _moment(zone, day, closes)


def _moment(zone: ZoneInfo, day: date, wall: time) -> datetime:
    """A wall-clock time as a moment. One that comes twice is the first; one left out moves on with the clock."""
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)
