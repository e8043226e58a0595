"""Re-exports the models of the rooms; without it Django leaves them out."""

from analytics.facts.models import AgentDay, Cohort, Fact
from analytics.rollups.models import (
    AuditRun,
    CubeRollup,
    DayRollup,
    HistogramRollup,
    HourRollup,
    MonthRollup,
    WeekHourRollup,
    WorkRollup,
)

__all__ = [
    "AgentDay",
    "AuditRun",
    "Cohort",
    "CubeRollup",
    "DayRollup",
    "Fact",
    "HistogramRollup",
    "HourRollup",
    "MonthRollup",
    "WeekHourRollup",
    "WorkRollup",
]
