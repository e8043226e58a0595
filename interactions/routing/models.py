"""Where contacts wait and by what rules: queues, skills, business hours, targets."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import GrantScope
from interactions.channels.choices import Channel


class BusinessHours(PublicModel):
    """When a line is staffed: several intervals a day, and holidays."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=60)

    class Meta:
        verbose_name_plural = "business hours"

    def __str__(self) -> str:
        return self.name


class BusinessInterval(models.Model):
    """One opening on one weekday (0 Monday to 6 Sunday); `closes` 00:00 means midnight."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="intervals")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(name="weekday_is_0_to_6", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="interval_closes_after_it_opens", condition=Q(closes__gt=F("opens")) | Q(closes="00:00")
            ),
        ]


class Holiday(models.Model):
    """A date on which other hours hold: closed, or one opening of its own."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=120)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hours", "date", "opens"], name="holiday_once", nulls_distinct=False)
        ]


class Skill(PublicModel):
    """Something an agent can do that a contact may need."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class AgentSkill(models.Model):
    """How well (1 to 5) an agent has a skill."""

    agent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="agents")
    level = models.PositiveSmallIntegerField(default=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "skill"], name="agent_skill_once"),
            models.CheckConstraint(name="skill_level_is_1_to_5", condition=Q(level__gte=1, level__lte=5)),
        ]


class QueueQuerySet(models.QuerySet["Queue"]):
    def visible_to(self, user: User) -> Self:
        """Queues granted, and the queues of granted teams."""
        if user.sees_everything:
            return self
        return self.filter(Q(pk__in=user.granted(GrantScope.QUEUE)) | Q(team_id__in=user.granted(GrantScope.TEAM)))


class Queue(PublicModel):
    """A line in which contacts wait for the people of one team."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    business_hours = models.ForeignKey(BusinessHours, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    skills = models.ManyToManyField(Skill, blank=True, related_name="+")
    is_active = models.BooleanField(_("active"), default=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ServiceTarget(models.Model):
    """What we promise about waiting, from a moment on. The most specific one holds: queue, then channel, then all.

    A contact is measured by the target that held when it arrived, so a change never rewrites the past.
    """

    queue = models.ForeignKey(Queue, null=True, blank=True, on_delete=models.CASCADE, related_name="targets")
    channel = models.PositiveSmallIntegerField(choices=Channel.choices, null=True, blank=True)
    valid_from = models.DateTimeField()
    answer_within_seconds = models.PositiveIntegerField(default=20)
    short_abandon_seconds = models.PositiveIntegerField(default=5)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "channel", "valid_from"], name="service_target_once", nulls_distinct=False
            ),
        ]
