"""Facts: one row per interaction with all its measures; derived, never edited, rebuilt from nothing at will."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from analytics.facts.measures import HOURLY, MEASURES, WORK, Kind
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability, GrantScope


def measure_fields(*, summed: bool, names: tuple[str, ...] | None = None) -> dict[str, "models.Field[Any, Any]"]:
    """Columns for the measures: small ones on facts, wider ones (`summed`) on roll-ups."""
    fields: dict[str, models.Field[Any, Any]] = {}
    for measure in MEASURES:
        if names is not None and measure.name not in names:
            continue
        if summed and measure.kind is Kind.SUM:
            fields[measure.name] = models.BigIntegerField(default=0, db_default=0)
        elif summed or measure.kind is Kind.SUM:
            fields[measure.name] = models.IntegerField(default=0, db_default=0)
        else:
            fields[measure.name] = models.SmallIntegerField(default=0, db_default=0)
    return fields


def _abstract(name: str, fields: dict[str, "models.Field[Any, Any]"]) -> type[models.Model]:
    meta = type("Meta", (), {"abstract": True})
    return type(name, (models.Model,), {**fields, "Meta": meta, "__module__": __name__, "__doc__": "Measure columns."})


if TYPE_CHECKING:
    FactMeasures = models.Model
    SummedMeasures = models.Model
    HourlyMeasures = models.Model
    WorkMeasures = models.Model
else:
    FactMeasures = _abstract("FactMeasures", measure_fields(summed=False))
    SummedMeasures = _abstract("SummedMeasures", measure_fields(summed=True))
    HourlyMeasures = _abstract("HourlyMeasures", measure_fields(summed=True, names=HOURLY))
    WorkMeasures = _abstract("WorkMeasures", measure_fields(summed=True, names=WORK))


class Cohort(models.Model):
    """Which contacts mature together: those of one history source (0: live) with one resolution window.

    A day of a cohort has matured when the day, its window and one day more lie before the horizon: the end of what the
    source covers, or today.
    """

    source_id = models.BigIntegerField(default=0)
    window_days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_id", "window_days"], name="cohort_once")]


class FactQuerySet(models.QuerySet["Fact"]):
    def visible_to(self, user: User) -> Self:
        """The same rows as the interactions the user may see, for those who may see figures."""
        if not user.can(Ability.SEE_DASHBOARDS):
            return self.none()
        if user.sees_everything:
            return self
        return self.filter(
            Q(team_id__in=user.granted(GrantScope.TEAM))
            | Q(queue_id__in=user.granted(GrantScope.QUEUE))
            | Q(reason_id__in=user.granted(GrantScope.REASON))
        )


class Fact(FactMeasures):
    """One interaction's measures: a pure function of the records of truth (analytics/facts/definition.py)."""

    interaction_id = models.BigIntegerField(primary_key=True)
    channel = models.PositiveSmallIntegerField()
    direction = models.PositiveSmallIntegerField()
    outcome = models.PositiveSmallIntegerField(null=True)
    assurance = models.PositiveSmallIntegerField(default=0)
    inbox_id = models.BigIntegerField()
    queue_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    agent_id = models.BigIntegerField(null=True)
    reason_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    cohort_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    day = models.DateField(help_text="The arrival's day on its inbox's calendar.")
    end_day = models.DateField(null=True)
    hour = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField(help_text="ISO: 1 Monday to 7 Sunday.")
    wait_seconds = models.IntegerField(null=True)
    handle_seconds = models.IntegerField(null=True)
    first_response_seconds = models.IntegerField(null=True)
    next_any_seconds = models.IntegerField(
        null=True, help_text="Start to start, to the next identified offered contact."
    )
    next_same_seconds = models.IntegerField(
        null=True, help_text="Start to start, to the next identified answered contact of the same reason."
    )

    objects = FactQuerySet.as_manager()

    class Meta:
        indexes = [
            # Rows behind a figure, newest first; percentiles; cuts that no roll-up has.
            models.Index(fields=["day", "channel"], name="fact_by_day"),
            models.Index(fields=["end_day"], name="fact_by_end_day", condition=Q(fcr_n__gt=0)),
            models.Index(fields=["customer_id", "started_at"], name="fact_of_customer"),
        ]


class AgentDay(models.Model):
    """How one agent spent one day of the centre's calendar, in seconds of wall clock.

    `contact_seconds` counts a second once however many contacts run in it; `idle_seconds` is available without one.
    """

    agent_id = models.BigIntegerField()
    day = models.DateField()
    team_id = models.BigIntegerField(null=True)
    available_seconds = models.IntegerField()
    contact_seconds = models.IntegerField()
    idle_seconds = models.IntegerField()
    away_seconds = models.IntegerField()
    pk = models.CompositePrimaryKey("agent_id", "day")

    class Meta:
        indexes = [models.Index(fields=["day", "team_id"], name="agent_day_by_day")]
