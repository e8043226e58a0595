"""Which days of which cohorts have matured: a day counts once its window and one day more lie before the horizon."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from analytics.facts.models import Cohort
from analytics.kpis.definition import Maturity
from analytics.kpis.questions import Period, today
from interactions.models import HistorySource

LIVE_SOURCE = 0


@dataclass(frozen=True)
class Cutoffs:
    """The last mature day of every cohort, for one way of maturing."""

    by_cohort: dict[int, date]

    def are_past(self, period: Period) -> bool:
        """Whether every day of the period has matured in every cohort."""
        return all(cutoff >= period.last for cutoff in self.by_cohort.values())

    def condition(self, *, period: Period, day: str) -> Q:
        """Rows of mature days; `day` names the column."""
        cohorts: dict[date, list[int]] = {}
        for cohort_id, cutoff in self.by_cohort.items():
            if cutoff >= period.first:
                cohorts.setdefault(min(cutoff, period.last), []).append(cohort_id)
        condition = Q(cohort_id=-1)
        for cutoff, cohort_ids in sorted(cohorts.items()):
            condition |= Q(**{f"{day}__lte": cutoff, "cohort_id__in": sorted(cohort_ids)})
        return condition


@dataclass(frozen=True)
class Clock:
    """The cohorts and their horizons at one moment; read once for a question."""

    cohorts: tuple[tuple[int, int, date], ...]

    @classmethod
    def for_period(cls, period: Period) -> "Clock":
        """Live contacts are known up to today, those of a source up to what it covers; a period may end both."""
        horizons = dict(HistorySource.objects.values_list("pk", "covered_until"))
        horizons[LIVE_SOURCE] = today()
        rows = Cohort.objects.values_list("pk", "source_id", "window_days").order_by("pk")
        end = date.max if period.horizon is None else period.horizon + timedelta(days=1)
        return cls(
            tuple((pk, window, min(end, horizons.get(source, horizons[LIVE_SOURCE]))) for pk, source, window in rows)
        )

    def cutoffs(self, maturity: Maturity) -> Cutoffs:
        """The last mature day of every cohort: day + 1 + window ≤ horizon."""
        return Cutoffs(
            {
                pk: horizon - timedelta(days=1 + (window if maturity.days is None else maturity.days))
                for pk, window, horizon in self.cohorts
            }
        )
