"""What a read answers: figures with everything needed to judge them, never a bare number."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from analytics.kpis.definition import Aggregation, Kpi, Maturity, Unit
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.statistics import SMALL, nps_interval, wilson
from analytics.kpis.sums import Sums


class State(StrEnum):
    """Why there is a value, or why there is none."""

    READY = "ready"
    NO_DATA = "no_data"
    IMMATURE = "immature"
    SUPPRESSED = "suppressed"
    SEVERAL_CHANNELS = "several_channels"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One KPI for one group. `value` is None unless the state says ready (or immature, in a series)."""

    kpi: Kpi
    state: State
    value: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    n: int = 0
    excluded: int = 0
    interval: tuple[float, float] | None = None
    source: str = ""
    is_approximate: bool = False
    note: str = ""
    before: "Figure | None" = None
    by_channel: tuple[tuple[int, "Figure"], ...] = ()

    @property
    def is_small(self) -> bool:
        """So few that the figure is drawn grey."""
        return self.kpi.aggregation not in {Aggregation.SUM, Aggregation.DISTINCT} and 0 < self.n < SMALL

    @property
    def is_ready(self) -> bool:
        return self.state is State.READY

    @property
    def is_partly_immature(self) -> bool:
        """Whether younger days were left out of it."""
        return self.excluded > 0

    @property
    def change(self) -> float | None:
        """Its difference to the period before."""
        if self.value is None or self.before is None or self.before.value is None:
            return None
        return self.value - self.before.value

    def compared(self, before: "Figure | None") -> "Figure":
        """The same beside the period before."""
        return replace(self, before=before)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The figures of one day, month, channel, queue, team, agent or reason. Key 0: none of them."""

    key: int | date
    label: str
    slug: str
    figures: dict[str, Figure]


@dataclass(frozen=True, kw_only=True)
class FigureSet:
    """The answer to one question."""

    period: Period
    comparison: Period | None
    filters: Filters
    split_by: Split
    total: dict[str, Figure]
    groups: tuple[Group, ...] = ()

    def series(self, key: str) -> list[float | None]:
        """The values of one KPI over the groups, gaps as None."""
        return [group.figures[key].value for group in self.groups]


def figure_of(kpi: Kpi, sums: Sums | None, *, source: str = "", in_series: bool = False) -> Figure:
    """The figure that sums add up to. In a series a bucket most of which is immature keeps its value and says so."""
    if sums is None:
        return Figure(kpi=kpi, state=State.NO_DATA, source=source)
    counted = sums.of(kpi.maturity)
    base = kpi.denominator or kpi.numerator
    excluded = base.of(sums.every) - base.of(counted) if kpi.maturity is not Maturity.NONE else 0
    state = State.READY
    if in_series and excluded * 2 > base.of(sums.every):
        counted, state = sums.every, State.IMMATURE
    elif excluded and not base.of(counted):
        state = State.IMMATURE
    numerator = kpi.numerator.of(counted)
    denominator = kpi.denominator.of(counted) if kpi.denominator else None
    n = numerator if denominator is None else denominator
    state, value = _judged(kpi, state, numerator, denominator, n)
    return Figure(
        kpi=kpi,
        state=state,
        value=value,
        numerator=None if state is State.SUPPRESSED else numerator,
        denominator=denominator,
        n=n,
        excluded=max(0, excluded),
        interval=None if value is None else _interval(kpi, counted, numerator, n),
        source=source,
    )


def _judged(kpi: Kpi, state: State, numerator: int, denominator: int | None, n: int) -> tuple[State, float | None]:
    """What it comes to, and whether it does."""
    if kpi.aggregation is Aggregation.SUM:
        return state, float(numerator)
    if kpi.aggregation in {Aggregation.QUANTILE, Aggregation.DISTINCT}:
        return state, None
    if not denominator:
        return (state if state is State.IMMATURE else State.NO_DATA), None
    if n < kpi.suppressed_below:
        return State.SUPPRESSED, None
    return state, kpi.scale * numerator / denominator


def _interval(kpi: Kpi, counted: dict[str, int], numerator: int, n: int) -> tuple[float, float] | None:
    if kpi.aggregation is Aggregation.SUM:
        return None
    if kpi.is_proportion:
        return wilson(numerator, n)
    if kpi.unit is Unit.POINTS:
        return nps_interval(counted["nps_promoters"], counted["nps_detractors"], n)
    return None


def refused(kpi: Kpi, reason: str) -> Figure:
    """No figure, and why."""
    return Figure(kpi=kpi, state=State.REFUSED, source="refused", note=reason)
