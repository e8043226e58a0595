"""Medians and percentiles: exact from facts up to 100,000 contacts, else about right from a histogram.

One is kept by day and channel; for other cuts the facts of a bounded period are put into the same bins.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Aggregate, Count, FloatField, Func, IntegerField, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from analytics.kpis.definition import Kpi
from analytics.kpis.figures import Figure, State
from analytics.kpis.planner import Source, plan_for
from analytics.kpis.questions import MAX_DAYS_OF_ROWS, Dimension, Split
from analytics.kpis.statistics import histogram_quantile
from analytics.kpis.sums import Question, fact_groups, facts_for
from analytics.rollups.deltas import BIN
from analytics.rollups.models import HistogramRollup, Metric
from ccx.kernel.look.figures import number

EXACT_UP_TO = 100_000
_METRICS = {
    "wait_seconds": Metric.WAIT,
    "handle_seconds": Metric.HANDLE,
    "first_response_seconds": Metric.FIRST_RESPONSE,
}
# What the kept histogram counts: all of a base, or those of it that waited at all.
_KEPT_BASES = {"wait_answered_n": -1, "handle_n": -1, "first_response_n": -1, "answered_queued": 0}
GroupKey = Any


class Quantile(Aggregate):
    """PostgreSQL's interpolating percentile of a column over the rows of a filter."""

    function = "percentile_cont"
    template = "%(function)s(%(q)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
    allow_distinct = False

    def __init__(self, column: str, q: float, **extra: Any) -> None:
        super().__init__(column, q=float(q), **extra)


class Bin(Func):
    """The bin of the histogram that holds a duration of whole seconds."""

    template = BIN.format("%(expressions)s")
    output_field = IntegerField()


def with_quantiles(figures: dict[GroupKey, dict[str, Figure]], question: Question) -> None:
    """Put the values of quantile KPIs into figures whose counts have been read, group by group."""
    kpis = [kpi for kpi in question.kpis if kpi.quantile is not None]
    sought = [kpi for kpi in kpis if any(by_key[kpi.key].n for by_key in figures.values())]
    exact = [kpi for kpi in sought if _is_exact(kpi, figures, question)]
    if exact:
        _put(
            figures,
            _from_facts(exact, question),
            exact,
            source=_("facts"),
            is_approximate=False,
        )
    binned = [kpi for kpi in sought if kpi not in exact and _has_histogram(kpi, question)]
    if binned:
        found = _from_histogram(binned, question)
        _put(
            figures,
            found,
            binned,
            source=_("histogram day × channel"),
            is_approximate=True,
        )
    counted = [kpi for kpi in sought if kpi not in exact + binned and question.period.days <= MAX_DAYS_OF_ROWS]
    for kpi in counted:
        _put(figures, _from_binned_facts(kpi, question), [kpi], source=_("facts, in bins"), is_approximate=True)
    answered = [*exact, *binned, *counted]
    for kpi in kpis:
        for by_key in figures.values():
            by_key[kpi.key] = _settled(by_key[kpi.key], is_refused=kpi in sought and kpi not in answered)


def _is_exact(kpi: Kpi, figures: dict[GroupKey, dict[str, Figure]], question: Question) -> bool:
    contacts = sum(by_key[kpi.key].n for by_key in figures.values())
    return contacts <= EXACT_UP_TO


def _has_histogram(kpi: Kpi, question: Question) -> bool:
    plan = plan_for(
        kpis=[kpi],
        period=question.period,
        filters=question.filters,
        split=question.split,
        visibility=question.visibility,
        clock=question.clock,
    )
    is_by_channel_at_most = plan.source in {
        Source.DAYS,
        Source.MONTHS,
    } and plan.dimension in {None, Dimension.CHANNEL}
    return is_by_channel_at_most and kpi.numerator.text in _KEPT_BASES


def _from_facts(kpis: Iterable[Kpi], question: Question) -> dict[GroupKey, dict[str, float | None]]:
    rows = facts_for(question.period, question.filters, user=question.user)
    aggregates = {
        kpi.key: Quantile(
            kpi.column,
            kpi.quantile or 0.5,
            filter=Q(**{f"{kpi.numerator.text}__gt": 0}),
        )
        for kpi in kpis
    }
    columns = fact_groups(question, "day")
    if not columns:
        return {(None, None): rows.aggregate(**aggregates)}
    found: Any = rows.order_by().values(**columns).annotate(**aggregates)
    return {(row.get("group"), row.get("by_channel")): row for row in found}


def _from_histogram(kpis: Iterable[Kpi], question: Question) -> dict[GroupKey, dict[str, float | None]]:
    metrics = {_METRICS[kpi.column] for kpi in kpis}
    rows = HistogramRollup.objects.filter(
        day__range=(question.period.first, question.period.last),
        metric__in=sorted(metrics),
    )
    if question.filters.channel is not None:
        rows = rows.filter(channel=question.filters.channel)
    bins: dict[GroupKey, list[tuple[int, int]]] = {}
    for row in _binned(rows, question):
        bins.setdefault((row.get("group"), row.get("by_channel"), row["metric"]), []).append((row["bin"], row["total"]))
    found: dict[GroupKey, dict[str, float | None]] = {}
    for (group, channel, metric), counts in bins.items():
        for kpi in kpis:
            if kpi.quantile is not None and _METRICS[kpi.column] == metric:
                of_base = [(number, n) for number, n in counts if number >= _KEPT_BASES[kpi.numerator.text]]
                found.setdefault((group, channel), {})[kpi.key] = histogram_quantile(of_base, kpi.quantile)
    return found


def _from_binned_facts(kpi: Kpi, question: Question) -> dict[GroupKey, dict[str, float | None]]:
    counted = {f"{kpi.numerator.text}__gt": 0, f"{kpi.column}__isnull": False}
    rows = facts_for(question.period, question.filters, user=question.user).filter(**counted)
    columns = fact_groups(question, "day")
    bins: dict[GroupKey, list[tuple[int, int]]] = {}
    for row in rows.order_by().values(bin=Bin(kpi.column), **columns).annotate(total=Count("pk")):
        bins.setdefault((row.get("group"), row.get("by_channel")), []).append((row["bin"], row["total"]))
    return {key: {kpi.key: histogram_quantile(counts, kpi.quantile or 0.5)} for key, counts in bins.items()}


def _binned(rows: QuerySet[HistogramRollup], question: Question) -> QuerySet[Any]:
    columns = fact_groups(question, "day") if question.split is not Split.NONE or question.by_channel else {}
    return rows.order_by().values("metric", "bin", **columns).annotate(total=Sum("contacts"))


def _put(
    figures: dict[GroupKey, dict[str, Figure]],
    found: dict[GroupKey, dict[str, float | None]],
    kpis: Iterable[Kpi],
    *,
    source: str,
    is_approximate: bool,
) -> None:
    for key, by_key in figures.items():
        for kpi in kpis:
            value = found.get(key, {}).get(kpi.key)
            by_key[kpi.key] = replace(
                by_key[kpi.key],
                value=value,
                source=source,
                is_approximate=is_approximate,
            )


def _settled(figure: Figure, *, is_refused: bool) -> Figure:
    if is_refused:
        note = _(
            "Percentiles of more than %(contacts)s contacts are kept by channel; cut otherwise they are counted for at "
            "most %(days)s days."
        ) % {"contacts": number(EXACT_UP_TO), "days": MAX_DAYS_OF_ROWS}
        return replace(figure, state=State.REFUSED, note=note)
    return figure if figure.value is not None else replace(figure, state=State.NO_DATA)
