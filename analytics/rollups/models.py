"""Roll-ups: sums of facts per period and dimension. A key of 0 stands for none."""

from django.db import models

from analytics.facts.models import HourlyMeasures, SummedMeasures, WorkMeasures


class Dimension(models.IntegerChoices):
    """What a single-dimension roll-up is about."""

    TOTAL = 0
    CHANNEL = 1
    QUEUE = 2
    TEAM = 3
    AGENT = 4
    REASON = 5


class DayRollup(SummedMeasures):
    """Day by one dimension."""

    dimension = models.PositiveSmallIntegerField(choices=Dimension.choices)
    key = models.BigIntegerField()
    day = models.DateField()
    cohort_id = models.BigIntegerField()
    pk = models.CompositePrimaryKey("dimension", "day", "key", "cohort_id")


class MonthRollup(SummedMeasures):
    """Month (its first day) by one dimension, without agents, for long spans."""

    dimension = models.PositiveSmallIntegerField(choices=Dimension.choices)
    key = models.BigIntegerField()
    month = models.DateField()
    cohort_id = models.BigIntegerField()
    pk = models.CompositePrimaryKey("dimension", "month", "key", "cohort_id")


class CubeRollup(SummedMeasures):
    """Day by channel, team and reason together."""

    day = models.DateField()
    channel = models.PositiveSmallIntegerField()
    team_id = models.BigIntegerField()
    reason_id = models.BigIntegerField()
    cohort_id = models.BigIntegerField()
    pk = models.CompositePrimaryKey("day", "channel", "team_id", "reason_id", "cohort_id")

    class Meta:
        indexes = [
            models.Index(fields=["team_id", "day"], name="cube_of_team"),
            models.Index(fields=["reason_id", "day"], name="cube_of_reason"),
        ]


class Grain(models.IntegerChoices):
    """How long the span of a row is that starts on its day."""

    DAY = 1
    MONTH = 2


class WorkRollup(WorkMeasures):
    """Handle times of a queue, team or agent by channel, of days and of whole months."""

    dimension = models.PositiveSmallIntegerField(choices=Dimension.choices)
    grain = models.PositiveSmallIntegerField(choices=Grain.choices)
    day = models.DateField()
    key = models.BigIntegerField()
    channel = models.PositiveSmallIntegerField()
    pk = models.CompositePrimaryKey("dimension", "grain", "day", "key", "channel")


class HourRollup(HourlyMeasures):
    """Hour of a day by channel and queue; kept for 60 days."""

    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    channel = models.PositiveSmallIntegerField()
    queue_id = models.BigIntegerField()
    pk = models.CompositePrimaryKey("day", "hour", "channel", "queue_id")


class WeekHourRollup(HourlyMeasures):
    """Hour of the week by month and channel: the heat map."""

    month = models.DateField()
    weekday = models.PositiveSmallIntegerField()
    hour = models.PositiveSmallIntegerField()
    channel = models.PositiveSmallIntegerField()
    pk = models.CompositePrimaryKey("month", "weekday", "hour", "channel")


class Metric(models.IntegerChoices):
    """Durations whose distribution is kept."""

    WAIT = 1
    HANDLE = 2
    FIRST_RESPONSE = 3


class HistogramRollup(models.Model):
    """Day by channel: how many contacts had a duration in each logarithmic bin (edges grow by the fourth root of 2)."""

    day = models.DateField()
    channel = models.PositiveSmallIntegerField()
    metric = models.PositiveSmallIntegerField(choices=Metric.choices)
    bin = models.SmallIntegerField()
    contacts = models.BigIntegerField(default=0)
    pk = models.CompositePrimaryKey("day", "channel", "metric", "bin")


class AuditRun(models.Model):
    """One nightly comparison of stored facts and roll-ups with a recomputation."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    days_checked = models.PositiveIntegerField(default=0)
    facts_differing = models.PositiveIntegerField(default=0)
    buckets_differing = models.PositiveIntegerField(default=0)
    is_repaired = models.BooleanField(default=False)
