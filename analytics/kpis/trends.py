"""How a count went over the period, group by group: the lines beside a ranked list."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import TruncMonth

from analytics.kpis.maturing import Clock
from analytics.kpis.parts import part_of_reasons
from analytics.kpis.planner import Source, Visibility, plan_for
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.registry import kpis_of
from analytics.kpis.sums import Question, fact_groups, facts_for, rollup_rows
from ccx.kernel.models import User

MOST_DAYS = 92


def read_trends(
    *, key: str, period: Period, filters: Filters, split_by: Split, user: User
) -> dict[int, list[float | None]]:
    """The sums of a plain count day by day, month by month in long periods, by the key of each group."""
    kpis = kpis_of([key])
    (term,) = kpis[0].numerator.terms
    question = Question(
        kpis=kpis,
        period=period,
        filters=filters.with_reasons(),
        split=split_by,
        by_channel=False,
        user=user,
        visibility=Visibility.of(user),
        clock=Clock(()),
    )
    plan = plan_for(
        kpis=kpis,
        period=period,
        filters=question.filters,
        split=split_by,
        visibility=question.visibility,
        clock=question.clock,
    )
    if plan.source is Source.REFUSED or question.visibility.is_nothing:
        return {}
    if plan.source is Source.FACTS:
        by_reason = replace(question, split=Split.REASON) if split_by.part else question
        rows: Any = facts_for(period, question.filters, user=user)
        columns, day = fact_groups(by_reason, "day"), "day"
    else:
        rows, columns, day = rollup_rows(plan, question)
    is_daily = period.days <= MOST_DAYS and day == "day"
    columns["at"] = F(day) if is_daily or day == "month" else TruncMonth(day)
    found = rows.order_by().values(**columns).annotate(total=Sum(term.names[0]))
    return _lines(found, split_by, period.each_day() if is_daily else period.each_month())


def _lines(found: Any, split_by: Split, buckets: list[date]) -> dict[int, list[float | None]]:
    placed = part_of_reasons(split_by.part) if split_by.part else None
    sums: dict[int, dict[date, float]] = {}
    for row in found:
        group = row["group"] if placed is None else placed.get(row["group"], 0)
        line = sums.setdefault(group, {})
        line[row["at"]] = line.get(row["at"], 0) + float(row["total"] or 0)
    return {group: [line.get(bucket, 0.0) for bucket in buckets] for group, line in sums.items()}
