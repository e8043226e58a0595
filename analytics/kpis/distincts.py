"""Counts of different customers: from facts and within a bounded period, for no sum can tell who came twice."""

from dataclasses import replace
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from analytics.kpis.definition import Aggregation
from analytics.kpis.figures import Figure, State
from analytics.kpis.questions import MAX_DAYS_OF_ROWS
from analytics.kpis.sums import Question, fact_groups, facts_for

GroupKey = Any


def with_distincts(figures: dict[GroupKey, dict[str, Figure]], question: Question) -> None:
    """Put the values of distinct counts into figures whose contacts have been read, group by group."""
    kpis = [kpi for kpi in question.kpis if kpi.aggregation is Aggregation.DISTINCT]
    is_refused = question.period.days > MAX_DAYS_OF_ROWS
    found = {} if is_refused else _counted(question)
    note = _("Customers are counted from single contacts, so for at most %(days)s days at a time.") % {
        "days": MAX_DAYS_OF_ROWS
    }
    for key, by_key in figures.items():
        for kpi in kpis:
            figure = by_key[kpi.key]
            value = float(found.get(key, {}).get(kpi.key) or 0)
            by_key[kpi.key] = (
                replace(figure, state=State.REFUSED, note=note)
                if is_refused
                else replace(figure, value=value, source=_("facts"))
            )


def _counted(question: Question) -> dict[GroupKey, dict[str, int]]:
    rows = facts_for(question.period, question.filters, user=question.user)
    counts = {
        kpi.key: Count(kpi.column, distinct=True, filter=Q(**{f"{kpi.numerator.text}__gt": 0}))
        for kpi in question.kpis
        if kpi.aggregation is Aggregation.DISTINCT
    }
    columns = fact_groups(question, "day")
    if not columns:
        return {(None, None): rows.aggregate(**counts)}
    found: Any = rows.order_by().values(**columns).annotate(**counts)
    return {(row.get("group"), row.get("by_channel")): row for row in found}
