"""The week by the hour: when contacts come and how long they wait."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum
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
    rows, source = _rows(period, filters.with_reasons(), visibility, user=user)
    if rows is None:
        refusal = _("By the hour, this combination of filters can be read for at most %(days)s days at a time.")
        return Week(
            kpi=kpi,
            cells={},
            source=source,
            refusal=refusal % {"days": MAX_DAYS_OF_ROWS},
        )
    names = sorted(kpi.measures)
    found = rows.values("hour", at_weekday=_weekday(rows)).annotate(**{f"sum_{name}": Sum(name) for name in names})
    cells = {
        (row["at_weekday"], row["hour"]): figure_of(
            kpi,
            Sums({name: int(row[f"sum_{name}"] or 0) for name in names}),
            source=source,
        )
        for row in found
    }
    return Week(kpi=kpi, cells=cells, source=source)


def _weekday(rows: QuerySet[Any]) -> Any:
    return ExtractIsoWeekDay("day") if rows.model is HourRollup else F("weekday")


def _rows(period: Period, filters: Filters, visibility: Visibility, *, user: User) -> tuple[QuerySet[Any] | None, str]:
    dimensions = filters.dimensions | (visibility.keys or {}).keys()
    if dimensions <= {Dimension.CHANNEL} and period.is_whole_months:
        rows: QuerySet[Any] = WeekHourRollup._default_manager.filter(month__range=(period.first, period.last))
        return _only(rows, filters, visibility), "roll-up month × weekday × hour × channel"
    if dimensions <= {
        Dimension.CHANNEL,
        Dimension.QUEUE,
    } and period.first > today() - timedelta(days=DAYS_OF_HOURS):
        rows = HourRollup._default_manager.filter(day__range=(period.first, period.last))
        return _only(rows, filters, visibility), "roll-up day × hour × channel × queue"
    if period.days > MAX_DAYS_OF_ROWS:
        return None, "refused"
    return facts_for(period, filters, user=user).order_by(), f"facts, bounded to {MAX_DAYS_OF_ROWS} days"


def _only(rows: QuerySet[Any], filters: Filters, visibility: Visibility) -> QuerySet[Any]:
    if filters.channel is not None:
        rows = rows.filter(channel=filters.channel)
    if filters.queue is not None:
        rows = rows.filter(queue_id=filters.queue)
    if visibility.single is not None:
        rows = rows.filter(queue_id__in=sorted(visibility.single[1]))
    return rows.order_by()
