"""What is asked: a period, filters, and how to split."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.kpis.errors import InvalidPeriodError, UnknownFilterError
from analytics.kpis.parts import part_id_of, reasons_of
from ccx.kernel.models import Team, User
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Queue
from journeys.ownership.choices import PartKind

MAX_DAYS_OF_ROWS = 92
NONE = "none"
EARLIEST = date(1970, 1, 1)


class Dimension(StrEnum):
    CHANNEL = "channel"
    QUEUE = "queue"
    TEAM = "team"
    AGENT = "agent"
    REASON = "reason"


class Split(StrEnum):
    NONE = "none"
    DAY = "day"
    MONTH = "month"
    CHANNEL = "channel"
    QUEUE = "queue"
    TEAM = "team"
    AGENT = "agent"
    REASON = "reason"
    DEPARTMENT = "department"
    JOURNEY = "journey"
    JOB = "job"

    @property
    def part(self) -> PartKind | None:
        """The kind of part of the business it splits by."""
        return PartKind(self.value) if self.value in set(PartKind) else None

    @property
    def dimension(self) -> Dimension | None:
        """The dimension it splits by, the reason for parts of the business; None for time."""
        if self.part is not None:
            return Dimension.REASON
        return Dimension(self.value) if self.value in set(Dimension) else None

    @property
    def is_of_time(self) -> bool:
        return self in {Split.DAY, Split.MONTH}


def today() -> date:
    """The day it is on the centre's calendar."""
    return timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


@dataclass(frozen=True)
class Period:
    """Whole days, both ends in it.

    `horizon`: the last day that is looked at, as if the figure were read the day after; None: as far as is known. With
    its own last day a month's published figure stays what it was when the next month is imported.
    """

    first: date
    last: date
    horizon: date | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidPeriodError(_("The period ends before it starts."))
        if self.first < EARLIEST or self.last.year > 2200:
            raise InvalidPeriodError(_("The period lies outside of what can be asked for."))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of the same length right before; for whole months, as many whole months."""
        last = self.first - timedelta(days=1)
        first = self.first - timedelta(days=self.days)
        if self.is_whole_months:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            year, month = divmod(self.first.year * 12 + self.first.month - 1 - months, 12)
            first = date(year, month + 1, 1)
        return Period(first, last, None if self.horizon is None else last)

    @property
    def is_whole_months(self) -> bool:
        return self.first.day == 1 and self.last.day == calendar.monthrange(self.last.year, self.last.month)[1]

    def each_day(self) -> list[date]:
        return [self.first + timedelta(days=offset) for offset in range(self.days)]

    def each_month(self) -> list[date]:
        months = []
        month = self.first.replace(day=1)
        while month <= self.last:
            months.append(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return months

    @cached_property
    def by_months(self) -> "ByMonths":
        """Its days as few rows of months and days: a month that lies in it for the most part counts whole at first."""
        months, added, removed = [], [], []
        for month in self.each_month():
            end = month.replace(day=calendar.monthrange(month.year, month.month)[1])
            first, last = max(month, self.first), min(end, self.last)
            outside = (first - month).days + max(0, (min(end, today()) - last).days)  # nothing has come after today
            if (last - first).days < outside:
                added.append((first, last))
                continue
            months.append(month)
            if first > month:
                removed.append((month, first - timedelta(days=1)))
            if last < end:
                removed.append((last + timedelta(days=1), end))
        return ByMonths(tuple(months), tuple(added), tuple(removed))


@dataclass(frozen=True)
class ByMonths:
    """Sums of `months` and of the days of the `added` spans, less those of the `removed` ones."""

    months: tuple[date, ...]
    added: tuple[tuple[date, date], ...]
    removed: tuple[tuple[date, date], ...]

    @staticmethod
    def within(spans: tuple[tuple[date, date], ...], day: str = "day") -> Q:
        """Rows of the days of these spans; `day` names the column."""
        condition = Q(pk__in=[])
        for span in spans:
            condition |= Q(**{f"{day}__range": span})
        return condition


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which contacts: by channel, queue, team, reason (with all below it, or `is_alone`) and agent. Empty means all.

    `parts` are parts of the business (kind, id; 0: what belongs to none), whose reasons the map says; `owned` are
    those reasons, or others that are named one by one.
    """

    channel: int | None = None
    queue: int | None = None
    team: int | None = None
    reason: int | None = None
    agent: int | None = None
    parts: tuple[tuple[PartKind, int], ...] = ()
    is_alone: bool = False
    reasons: frozenset[int] = field(default=frozenset(), compare=False)
    owned: frozenset[int] | None = field(default=None, compare=False)

    def ids(self, dimension: Dimension) -> frozenset[int] | None:
        """The keys it admits in one dimension; None: all."""
        chosen: int | None = getattr(self, dimension.value)
        found = None if chosen is None else frozenset({chosen})
        if dimension is not Dimension.REASON:
            return found
        if chosen is not None and self.reasons:
            found = self.reasons
        if self.owned is None:
            return found
        return self.owned if found is None else found & self.owned

    def with_reasons(self) -> "Filters":
        """With the reason's descendants looked up, so that a node covers its branch, and the reasons of the parts."""
        found = self
        if self.reason is not None and not self.reasons:
            found = replace(found, reasons=frozenset({self.reason}) if self.is_alone else descendants_of(self.reason))
        if self.parts and self.owned is None:
            sets = [reasons_of(kind, part_id) for kind, part_id in self.parts]
            found = replace(found, owned=frozenset.intersection(*sets))
        return found

    @property
    def dimensions(self) -> frozenset[Dimension]:
        given = {dimension for dimension in Dimension if getattr(self, dimension.value) is not None}
        return frozenset(given | {Dimension.REASON} if self.parts or self.owned is not None else given)


def descendants_of(reason_id: int) -> frozenset[int]:
    """A reason and everything below it."""
    if reason_id == 0:
        return frozenset({0})
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in ContactReason.objects.values_list("pk", "parent_id"):
        children.setdefault(parent_id, []).append(pk)
    found: set[int] = set()
    waiting = [reason_id]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(children.get(node, ()))
    return frozenset(found)


def day_of(text: str) -> date:
    """A date written as 1999-01-31; a month (1999-01) is its first day. Raises InvalidPeriodError."""
    for shape in ("%Y-%m-%d", "%Y-%m"):
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise InvalidPeriodError(_("“%(text)s” is no date; write it as 1999-01-31.") % {"text": text})


def last_day_of(text: str) -> date:
    """The same for the end of a period: a month is its last day."""
    day = day_of(text)
    if len(text) == len("1999-01"):
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


def with_horizon(period: Period, text: str) -> Period:
    """The period with a horizon as an address names it: `period` (its own last day), a date, or none."""
    if not text:
        return period
    return replace(period, horizon=period.last if text == "period" else last_day_of(text))


def row_id(dimension: Dimension, public_id: str, *, user: User) -> int:
    """The row that a public id in an address names, as far as the user may see it; `none` is the key 0."""
    if public_id == NONE:
        return 0
    querysets: dict[Dimension, QuerySet[Any]] = {
        Dimension.QUEUE: Queue.objects.visible_to(user),
        Dimension.TEAM: Team.objects.visible_to(user),
        Dimension.REASON: ContactReason.objects.visible_to(user),
        Dimension.AGENT: User.objects.visible_to(user),
    }
    try:
        found = querysets[dimension].filter(public_id=UUID(public_id)).values_list("pk", flat=True).first()
    except ValueError:
        found = None
    if found is None:
        raise UnknownFilterError(_("There is no such %(name)s.") % {"name": dimension.value})
    return int(found)


def part_of(kind: PartKind, public_id: str, *, user: User) -> int:
    """The part of the business that an address names, as far as the user may see it; `none` is 0."""
    if public_id == NONE:
        return 0
    try:
        found = part_id_of(kind, UUID(public_id), user=user)
    except ValueError:
        found = None
    if found is None:
        raise UnknownFilterError(_("There is no such %(name)s.") % {"name": kind.value})
    return found


def channel_of(slug: str) -> int:
    """The channel a slug names."""
    try:
        return Channel.from_slug(slug).value
    except KeyError:
        raise UnknownFilterError(_("There is no such %(name)s.") % {"name": "channel"}) from None


def filters_of(asked: Mapping[str, str], *, user: User) -> Filters:
    """Filters from an address: channel by slug, the others by public id, empty means all.

    With `below=0` a reason does not stand for those below it.
    """
    chosen: dict[str, int] = {}
    for dimension in Dimension:
        text = asked.get(dimension.value, "").strip()
        if not text:
            continue
        chosen[dimension.value] = (
            channel_of(text) if dimension is Dimension.CHANNEL else row_id(dimension, text, user=user)
        )
    return Filters(
        channel=chosen.get(Dimension.CHANNEL),
        queue=chosen.get(Dimension.QUEUE),
        team=chosen.get(Dimension.TEAM),
        reason=chosen.get(Dimension.REASON),
        agent=chosen.get(Dimension.AGENT),
        is_alone=asked.get("below", "").strip() == "0",
        parts=tuple(
            (kind, part_of(kind, text, user=user)) for kind in PartKind if (text := asked.get(kind.value, "").strip())
        ),
    ).with_reasons()
