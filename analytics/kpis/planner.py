"""Which table answers a question, so that a figure costs what its own dimensions cost and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from analytics.facts.measures import WORK
from analytics.kpis.definition import Kpi, Maturity
from analytics.kpis.maturing import Clock
from analytics.kpis.questions import MAX_DAYS_OF_ROWS, Dimension, Filters, Period, Split
from analytics.rollups.models import Dimension as RollupDimension
from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope

CUBE = frozenset({Dimension.CHANNEL, Dimension.TEAM, Dimension.REASON})
WORKERS = frozenset({Dimension.QUEUE, Dimension.TEAM, Dimension.AGENT})
GRANT_DIMENSIONS = {
    GrantScope.TEAM: Dimension.TEAM,
    GrantScope.QUEUE: Dimension.QUEUE,
    GrantScope.REASON: Dimension.REASON,
}
ROLLUP_DIMENSIONS = {
    Dimension.CHANNEL: RollupDimension.CHANNEL,
    Dimension.QUEUE: RollupDimension.QUEUE,
    Dimension.TEAM: RollupDimension.TEAM,
    Dimension.AGENT: RollupDimension.AGENT,
    Dimension.REASON: RollupDimension.REASON,
}
MONTHS_FROM_DAYS = 59  # from two whole months on, months are fewer rows than days


class Source(StrEnum):
    DAYS = "days"
    MONTHS = "months"
    CUBE = "cube"
    WORK = "work"
    FACTS = "facts"
    REFUSED = "refused"


@dataclass(frozen=True)
class Plan:
    """Where to read, and the one dimension of the roll-up where it has one."""

    source: Source
    dimension: Dimension | None = None
    reason: str = ""

    @property
    def is_summed(self) -> bool:
        """Whether a table of sums answers it."""
        return self.source not in {Source.FACTS, Source.REFUSED}

    @property
    def label(self) -> str:
        """What the figure says about where it comes from."""
        over = self.dimension.value if self.dimension else "total"
        return {
            Source.DAYS: f"roll-up day × {over}",
            Source.MONTHS: f"roll-up month × {over}",
            Source.CUBE: "roll-up day × channel × team × reason",
            Source.WORK: f"roll-up day and month × {over} × channel",
            Source.FACTS: f"facts, bounded to {MAX_DAYS_OF_ROWS} days",
            Source.REFUSED: "refused",
        }[self.source]


@dataclass(frozen=True)
class Visibility:
    """What a person's grants leave of the figures. `keys` None: all; mixed grants leave rows only."""

    keys: dict[Dimension, frozenset[int]] | None = None

    @classmethod
    def of(cls, user: User) -> "Visibility":
        if user.sees_everything:
            return cls()
        granted = {
            dimension: frozenset(user.granted(scope))
            for scope, dimension in GRANT_DIMENSIONS.items()
            if user.granted(scope)
        }
        return cls(granted)

    @property
    def is_unlimited(self) -> bool:
        return self.keys is None

    @property
    def is_nothing(self) -> bool:
        return self.keys == {}

    @property
    def single(self) -> tuple[Dimension, frozenset[int]] | None:
        """The one dimension its grants are in, where they are in one."""
        if self.keys is not None and len(self.keys) == 1:
            return next(iter(self.keys.items()))
        return None


def plan_for(
    *,
    kpis: Sequence[Kpi],
    period: Period,
    filters: Filters,
    split: Split,
    visibility: Visibility,
    clock: Clock,
) -> Plan:
    """The cheapest table that holds every dimension asked for; rows within a bounded period; or a refusal."""
    dimensions = set(filters.dimensions)
    if split.dimension is not None:
        dimensions.add(split.dimension)
    if any(kpi.is_one_channel_at_a_time for kpi in kpis):
        dimensions.add(Dimension.CHANNEL)
    if visibility.single is not None:
        dimensions.add(visibility.single[0])
    mixed = not visibility.is_unlimited and visibility.single is None
    if mixed or any(kpi.needs_rows for kpi in kpis):
        return _rows(period)
    worker = _worker(kpis, dimensions)
    if worker is not None:
        return Plan(Source.WORK, worker)
    if len(dimensions) <= 1:
        dimension = next(iter(dimensions), None)
        if _months_will_do(kpis=kpis, period=period, split=split, dimension=dimension, clock=clock):
            return Plan(Source.MONTHS, dimension)
        return Plan(Source.DAYS, dimension)
    if dimensions <= CUBE:
        return Plan(Source.CUBE)
    return _rows(period)


def _worker(kpis: Sequence[Kpi], dimensions: set[Dimension]) -> Dimension | None:
    """Whose work by channel this is; agents alone too, of whom there are many for the days of a period."""
    of = dimensions - {Dimension.CHANNEL}
    if len(of) != 1 or not of <= WORKERS or not (len(dimensions) == 2 or of == {Dimension.AGENT}):
        return None
    if any(kpi.maturity is not Maturity.NONE or not kpi.measures <= frozenset(WORK) for kpi in kpis):
        return None
    return next(iter(of))


def _rows(period: Period) -> Plan:
    if period.days <= MAX_DAYS_OF_ROWS:
        return Plan(Source.FACTS)
    return Plan(
        Source.REFUSED,
        reason=_("This combination of filters is read from single contacts, so for at most %(days)s days at a time.")
        % {"days": MAX_DAYS_OF_ROWS},
    )


def _months_will_do(
    *,
    kpis: Sequence[Kpi],
    period: Period,
    split: Split,
    dimension: Dimension | None,
    clock: Clock,
) -> bool:
    """Whole months of a long span without agents, all of them mature for every figure asked."""
    if split is Split.DAY or dimension is Dimension.AGENT:
        return False
    if period.days < MONTHS_FROM_DAYS or not period.is_whole_months:
        return False
    return all(clock.cutoffs(kpi.maturity).are_past(period) for kpi in kpis if kpi.maturity != "none")
