"""The week by the hour: when contacts come and how long they wait."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.db.models.functions import ExtractIsoWeekDay
from django.utils.translation import gettext as _

from analytics.facts.measures import HOURLY
from analytics.kpis.definition import Kpi
from analytics.kpis.errors import FiguresAreHiddenError
from analytics.kpis.figures import Figure, figure_of
from analytics.kpis.planner import Visibility
from analytics.kpis.questions import MAX_DAYS_OF_ROWS, Dimension, Filters, Period, today
from analytics.kpis.registry import kpi_of
from analytics.kpis.sums import Sums, facts_for
from analytics.rollups.models import HourRollup, WeekHourRollup
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability

DAYS_OF_HOURS = 60
WEEKDAYS = range(1, 8)
HOURS = range(24)


@dataclass(frozen=True, kw_only=True)
class Week:
    """One KPI by (ISO weekday, hour); `refusal` says why there is none."""

    kpi: Kpi
    cells: dict[tuple[int, int], Figure]
    source: str = ""
    refusal: str = ""

    def value(self, weekday: int, hour: int) -> float | None:
        """None where nothing was counted."""
        figure = self.cells.get((weekday, hour))
        return None if figure is None else figure.value


def is_hourly(kpi: Kpi) -> bool:
    """Whether it can be read by the hour."""
    return kpi.measures <= frozenset(HOURLY)


def read_week(*, key: str, period: Period, filters: Filters, user: User) -> Week:
    """A KPI by hour and weekday: from months, from the hours of the last 60 days, or from facts of at most 92 days."""
    if not user.can(Ability.SEE_DASHBOARDS):
        raise FiguresAreHiddenError
    kpi = kpi_of(key)
    visibility = Visibility.of(user)
    if visibility.is_nothing:
        return Week(kpi=kpi, cells={})
    several, source = _rows(period, filters.with_reasons(), visibility, user=user)
    if not several:
        refusal = _("By the hour, this combination of filters can be read for at most %(days)s days at a time.")
        return Week(
            kpi=kpi,
            cells={},
            source=source,
            refusal=refusal % {"days": MAX_DAYS_OF_ROWS},
        )
    names = sorted(kpi.measures)
    grouped = [
        rows.values("hour", at_weekday=_weekday(rows), sign=sign).annotate(
            **{f"sum_{name}": Sum(name) for name in names}
        )
        for rows, sign in several
    ]
    cells: dict[tuple[int, int], Sums] = {}
    # One query, so that what is taken away is of the same moment.
    for row in grouped[0].union(*grouped[1:], all=True):
        sums = Sums({name: row["sign"] * int(row[f"sum_{name}"] or 0) for name in names})
        cells.setdefault((row["at_weekday"], row["hour"]), Sums()).add(sums)
    figures = {cell: figure_of(kpi, sums, source=source) for cell, sums in cells.items() if any(sums.every.values())}
    return Week(kpi=kpi, cells=figures, source=source)


def _weekday(rows: QuerySet[Any]) -> Any:
    return ExtractIsoWeekDay("day") if rows.model is HourRollup else F("weekday")


def _rows(
    period: Period, filters: Filters, visibility: Visibility, *, user: User
) -> tuple[list[tuple[QuerySet[Any], Any]], str]:
    """Rows of one or two tables, each with what they count: 1, or -1 where they are taken away."""
    dimensions = filters.dimensions | (visibility.keys or {}).keys()
    oldest = today() - timedelta(days=DAYS_OF_HOURS)
    spans = period.by_months
    edges = spans.added + spans.removed
    if dimensions <= {Dimension.CHANNEL} and spans.months and all(first > oldest for first, _last in edges):
        sign = Case(When(spans.within(spans.removed), then=Value(-1)), default=Value(1))
        weeks = WeekHourRollup._default_manager.filter(month__in=spans.months)
        hours = HourRollup._default_manager.filter(spans.within(edges))
        several: list[tuple[QuerySet[Any], Any]] = [(weeks, Value(1)), (hours, sign)]
        several = [(_only(rows, filters, visibility), sign) for rows, sign in several[: 2 if edges else 1]]
        return several, "roll-up month × weekday × hour × channel"
    if dimensions <= {Dimension.CHANNEL, Dimension.QUEUE} and period.first > oldest:
        rows = HourRollup._default_manager.filter(day__range=(period.first, period.last))
        return [(_only(rows, filters, visibility), Value(1))], "roll-up day × hour × channel × queue"
    if period.days > MAX_DAYS_OF_ROWS:
        return [], "refused"
    found = facts_for(period, filters, user=user).order_by()
    return [(found, Value(1))], f"facts, bounded to {MAX_DAYS_OF_ROWS} days"


def _only(rows: QuerySet[Any], filters: Filters, visibility: Visibility) -> QuerySet[Any]:
    if filters.channel is not None:
        rows = rows.filter(channel=filters.channel)
    if filters.queue is not None:
        rows = rows.filter(queue_id=filters.queue)
    if visibility.single is not None:
        rows = rows.filter(queue_id__in=sorted(visibility.single[1]))
    return rows.order_by()
