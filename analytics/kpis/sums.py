"""Sums of measures from whichever table the plan names: the one place where figures touch rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from analytics.facts.measures import Cohort
from analytics.facts.models import Fact
from analytics.kpis.definition import Kpi, Maturity
from analytics.kpis.expressions import Term
from analytics.kpis.maturing import Clock
from analytics.kpis.parts import part_column, part_of_reasons
from analytics.kpis.planner import ROLLUP_DIMENSIONS, Plan, Source, Visibility
from analytics.kpis.questions import Dimension, Filters, Period, Split
from analytics.rollups.models import CubeRollup, DayRollup, Grain, MonthRollup, WorkRollup
from analytics.rollups.models import Dimension as RollupDimension
from ccx.kernel.models import User

GroupKey = int | date | None
_FACT_COLUMNS = {
    Dimension.CHANNEL: "channel",
    Dimension.QUEUE: "queue_id",
    Dimension.TEAM: "team_id",
    Dimension.AGENT: "agent_id",
    Dimension.REASON: "reason_id",
}


@dataclass
class Sums:
    """Sums of terms: of all days, and per way of maturing of the mature days only."""

    every: dict[str, int] = field(default_factory=dict)
    mature: dict[Maturity, dict[str, int]] = field(default_factory=dict)

    def of(self, maturity: Maturity) -> dict[str, int]:
        """The sums that count for a KPI that matures so."""
        return self.every if maturity is Maturity.NONE else self.mature.get(maturity, {})

    def add(self, other: "Sums") -> None:
        _add(self.every, other.every)
        for maturity, sums in other.mature.items():
            _add(self.mature.setdefault(maturity, {}), sums)


def _add(into: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        into[name] = into.get(name, 0) + value


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything a read depends on."""

    kpis: Sequence[Kpi]
    period: Period
    filters: Filters
    split: Split
    by_channel: bool
    user: User
    visibility: Visibility
    clock: Clock


Cells = dict[tuple[GroupKey, int | None], Sums]


def read_sums(plan: Plan, question: Question) -> Cells:
    """Sums by (group, channel or None). One query on a roll-up, on facts one for each kind of cohort."""
    if question.visibility.is_nothing:
        return {}
    if plan.source is Source.FACTS:
        cells: Cells = {}
        for cohort, day in ((Cohort.ARRIVAL, "day"), (Cohort.END, "end_day")):
            kpis = [kpi for kpi in question.kpis if kpi.cohort is cohort]
            if kpis:
                _merge(
                    cells,
                    _read(
                        _facts(question, day),
                        kpis,
                        question,
                        columns=fact_groups(question, day),
                        day=day,
                    ),
                )
        return cells
    if plan.source is Source.WORK and question.split is not Split.DAY:
        within, sign = _by_months(question.period)
        rows, columns, day = rollup_rows(plan, question, within=within)
        columns["sign"] = sign
    else:
        rows, columns, day = rollup_rows(plan, question)
    return by_part(_read(rows, question.kpis, question, columns=columns, day=day), question.split)


def _by_months(period: Period) -> tuple[Q, Any]:
    """Rows of whole months and of some days, and which are taken away: one query, so that all are of one moment."""
    spans = period.by_months
    months = Q(grain=Grain.MONTH, day__in=spans.months)
    removed = Q(grain=Grain.DAY) & spans.within(spans.removed)
    added = Q(grain=Grain.DAY) & spans.within(spans.added)
    sign = Case(When(removed, then=Value(-1)), default=Value(1)) if spans.removed else Value(1)
    return months | added | removed, sign


def by_part(cells: Cells, split: Split) -> Cells:
    """A roll-up's sums by reason put together to those of departments, journeys or jobs; other sums as they are."""
    if split.part is None:
        return cells
    placed = part_of_reasons(split.part)
    found: Cells = {}
    for (reason, channel), sums in cells.items():
        part = placed.get(reason, 0) if isinstance(reason, int) else reason
        found.setdefault((part, channel), Sums()).add(sums)
    return found


def days_recorded(period: Period) -> frozenset[date]:
    """The days on which the centre recorded anything; on others nothing is known, which is not 0."""
    rows = DayRollup._default_manager.filter(dimension=RollupDimension.TOTAL, day__range=(period.first, period.last))
    return frozenset(rows.values_list("day", flat=True))


def _merge(cells: Cells, more: Cells) -> None:
    for key, sums in more.items():
        cells.setdefault(key, Sums()).add(sums)


def _read(
    rows: QuerySet[Any],
    kpis: Sequence[Kpi],
    question: Question,
    *,
    columns: dict[str, Any],
    day: str,
) -> Cells:
    aggregates: dict[str, Sum] = {}
    matures = {kpi.maturity for kpi in kpis if kpi.maturity is not Maturity.NONE}
    for term in _terms(kpis):
        aggregates[f"s_{term.alias}"] = Sum(_product(term))
    for maturity in sorted(matures):
        cutoffs = question.clock.cutoffs(maturity)
        only = None if cutoffs.are_past(question.period) else cutoffs.condition(period=question.period, day=day)
        for term in _terms(kpi for kpi in kpis if kpi.maturity is maturity):
            aggregates[f"m_{maturity.value}_{term.alias}"] = Sum(_product(term), filter=only)
    grouped = rows.order_by().values(**columns) if columns else rows.order_by().values()
    found = grouped.annotate(**aggregates) if columns else [rows.aggregate(**aggregates)]
    every = [(name.removeprefix("s_"), name) for name in aggregates if name.startswith("s_")]
    mature = {
        maturity: [(name.removeprefix(prefix), name) for name in aggregates if name.startswith(prefix)]
        for maturity in matures
        for prefix in [f"m_{maturity.value}_"]
    }
    cells: Cells = {}
    for row in found:
        if all(row[name] is None for name in aggregates):
            continue
        sign = row.get("sign", 1)
        sums = Sums(
            {alias: sign * int(row[name] or 0) for alias, name in every},
            {maturity: {alias: int(row[name] or 0) for alias, name in names} for maturity, names in mature.items()},
        )
        key = (row.get("group"), row.get("by_channel"))
        if key in cells:
            cells[key].add(sums)
        else:
            cells[key] = sums
    return cells if "sign" not in columns else {key: sums for key, sums in cells.items() if any(sums.every.values())}


def _terms(kpis: Iterable[Kpi]) -> list[Term]:
    """Each distinct term once, in a steady order."""
    terms: dict[str, Term] = {}
    for kpi in kpis:
        for expression in (kpi.numerator, kpi.denominator):
            if expression is not None:
                terms |= {term.alias: term for term in expression.terms}
    return [terms[alias] for alias in sorted(terms)]


def _product(term: Term) -> Any:
    product: Any = F(term.names[0])
    for name in term.names[1:]:
        product = product * F(name)
    return product


def _facts(question: Question, day: str) -> QuerySet[Fact]:
    return facts_for(question.period, question.filters, user=question.user, day=day)


def facts_for(period: Period, filters: Filters, *, user: User, day: str = "day") -> QuerySet[Fact]:
    """The facts of a period under filters that the user may see."""
    rows = Fact.objects.visible_to(user).filter(**{f"{day}__range": (period.first, period.last)})
    for dimension, column in _FACT_COLUMNS.items():
        ids = filters.ids(dimension)
        if ids is not None:
            condition = Q(**{f"{column}__in": sorted(ids - {0})}) if ids - {0} else Q(pk__in=[])
            if 0 in ids:
                condition |= Q(**{f"{column}__isnull": True})
            rows = rows.filter(condition)
    return rows


def fact_groups(question: Question, day: str) -> dict[str, Any]:
    """How facts are grouped for a question; `day` names the column of the day."""
    columns: dict[str, Any] = {}
    if question.split is Split.DAY:
        columns["group"] = F(day)
    elif question.split is Split.MONTH:
        columns["group"] = TruncMonth(day)
    elif question.split.part is not None:
        columns["group"] = part_column(question.split.part)
    elif question.split.dimension is not None:
        columns["group"] = Coalesce(_FACT_COLUMNS[question.split.dimension], 0)
    if question.by_channel:
        columns["by_channel"] = F("channel")
    return columns


def rollup_rows(
    plan: Plan, question: Question, *, within: Q | None = None
) -> tuple[QuerySet[Any], dict[str, Any], str]:
    """The rows of the planned roll-up, its grouping columns, and the name of its day.

    They are those of the period, or `within`.
    """
    day = "month" if plan.source is Source.MONTHS else "day"
    of_period = Q(**{f"{day}__range": (question.period.first, question.period.last)})
    names: dict[Dimension, str] = {}
    rows: QuerySet[Any]
    if plan.source is Source.CUBE:
        rows = CubeRollup._default_manager.all()
        names = {
            Dimension.CHANNEL: "channel",
            Dimension.TEAM: "team_id",
            Dimension.REASON: "reason_id",
        }
    elif plan.source is Source.WORK and plan.dimension is not None:
        rows = WorkRollup._default_manager.filter(dimension=ROLLUP_DIMENSIONS[plan.dimension])
        names = {plan.dimension: "key", Dimension.CHANNEL: "channel"}
        of_period &= Q(grain=Grain.DAY)
    else:
        dimension = RollupDimension.TOTAL if plan.dimension is None else ROLLUP_DIMENSIONS[plan.dimension]
        rows = (MonthRollup if plan.source is Source.MONTHS else DayRollup)._default_manager.filter(dimension=dimension)
        if plan.dimension is not None:
            names = {plan.dimension: "key"}
    rows = rows.filter(of_period if within is None else within)
    for dimension_, ids in _admitted(question):
        rows = rows.filter(**{f"{names[dimension_]}__in": sorted(ids)})
    columns: dict[str, Any] = {}
    if question.split is Split.DAY:
        columns["group"] = F("day")
    elif question.split is Split.MONTH:
        columns["group"] = F("month") if day == "month" else TruncMonth("day")
    elif question.split.dimension is not None:
        columns["group"] = F(names[question.split.dimension])
    if question.by_channel:
        columns["by_channel"] = F(names[Dimension.CHANNEL])
    return rows, columns, day


def _admitted(question: Question) -> list[tuple[Dimension, frozenset[int]]]:
    """What filters and grants admit, dimension by dimension; both must."""
    admitted = [(dimension, ids) for dimension in Dimension if (ids := question.filters.ids(dimension)) is not None]
    if question.visibility.single is not None:
        admitted.append(question.visibility.single)
    return admitted
