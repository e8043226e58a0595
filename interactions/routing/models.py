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
    offer_seconds = models.PositiveSmallIntegerField(
        _("seconds to answer an offer"),
        default=30,
        db_default=30,
        help_text=_("Then the contact is offered to the next agent."),
    )
    wrap_up_seconds = models.PositiveSmallIntegerField(
        _("seconds for wrap-up"),
        default=120,
        db_default=120,
        help_text=_("Then the wrap-up ends by itself, and is marked so."),
    )
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


class AgentDesk(models.Model):
    """What routing knows of an agent's desk: how much fits on it, and when its browser was last heard."""

    agent = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    capacity = models.PositiveSmallIntegerField(default=3, help_text="Contacts at once; a call takes all of it.")
    seen_at = models.DateTimeField(null=True)


class OfferEnd(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, user: User) -> Self:
        """An offer is the business of the agent for whom it rings."""
        return self.filter(agent=user) if user.is_active else self.none()

    def ringing(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Offer(PublicModel):
    """A waiting contact rings at one agent's desk. The customer goes on waiting meanwhile."""

    interaction = models.ForeignKey("interactions.Interaction", on_delete=models.CASCADE, related_name="offers")
    agent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=9, choices=OfferEnd.choices, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["interaction"], name="contact_rings_at_one_desk", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="offer_ended_at_iff_end",
                condition=Q(ended_at__isnull=True, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
            ),
            models.CheckConstraint(
                name="offer_does_not_end_before_it_rings",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("offered_at")),
            ),
        ]
        indexes = [
            # The desk: what rings here; the sweep: what rang too long.
            models.Index(fields=["agent"], name="offers_ringing", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["expires_at"], name="offers_by_end", condition=Q(ended_at__isnull=True)),
        ]
