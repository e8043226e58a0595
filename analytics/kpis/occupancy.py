"""Figures of agents' days: from presence, not from contacts."""

from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from analytics.facts.models import AgentDay
from analytics.kpis.definition import Kpi
from analytics.kpis.figures import Figure, figure_of
from analytics.kpis.questions import Dimension, Split
from analytics.kpis.sums import Cells, Question, Sums
from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope

SOURCE = "agents' days"
_COLUMNS: dict[Split, Any] = {
    Split.DAY: F("day"),
    Split.MONTH: TruncMonth("day"),
    Split.TEAM: Coalesce("team_id", 0),
    Split.AGENT: F("agent_id"),
}
_ALLOWED = {Dimension.TEAM, Dimension.AGENT}


def is_answerable(question: Question) -> bool:
    """Agents' days know teams and agents, and nothing of channels, queues or reasons."""
    has_column = question.split is Split.NONE or question.split in _COLUMNS
    return has_column and question.filters.dimensions <= _ALLOWED


def agent_days(user: User) -> QuerySet[AgentDay]:
    """The agents' days a person may see: all, or those of granted teams."""
    if user.sees_everything:
        return AgentDay.objects.all()
    return AgentDay.objects.filter(team_id__in=user.granted(GrantScope.TEAM))


def read_agent_days(kpis: list[Kpi], question: Question) -> Cells:
    """Sums of agents' days by group."""
    rows = agent_days(question.user).filter(day__range=(question.period.first, question.period.last))
    filters = question.filters
    if filters.team is not None:
        rows = rows.filter(Q(team_id=filters.team) if filters.team else Q(team_id__isnull=True))
    if filters.agent is not None:
        rows = rows.filter(agent_id=filters.agent)
    names = sorted({name for kpi in kpis for name in kpi.measures})
    aggregates = {f"sum_{name}": Sum(name) for name in names}
    if question.split is Split.NONE:
        found: list[Any] = [rows.aggregate(**aggregates)]
    else:
        found = list(rows.order_by().values(group=_COLUMNS[question.split]).annotate(**aggregates))
    return {
        (row.get("group"), None): Sums({name: int(row[f"sum_{name}"]) for name in names})
        for row in found
        if row[f"sum_{names[0]}"] is not None
    }


def agent_day_figure(kpi: Kpi, sums: Sums | None) -> Figure:
    """Its figure; without rows there is no data, never 0."""
    return figure_of(kpi, sums, source=SOURCE)
