"""Where contacts come from, and who can do something about it."""

from collections.abc import Mapping
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.channels.choices import Channel
from interactions.models import ContactReason
from journeys.ownership.choices import PartKind


class OwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """What one owns; all of it for those who see everything or keep the map."""
        if user.sees_everything or user.can(Ability.CONFIGURE):
            return self
        return self.owned_by(user)

    def owned_by(self, user: User) -> Self:
        """What somebody answers for, as long as they may own at all."""
        return self.filter(owner=user) if user.can(Ability.OWN_EXPERIENCE) else self.none()


class Department(PublicModel):
    """A part of the business that causes contacts and can stop causing them."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Journey(PublicModel):
    """A way customers go with us from a beginning to an end: becoming a customer, moving house, a repair."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class JobToBeDone(PublicModel):
    """What a customer wants to get done, in the customer's words: know when it arrives, pay the right amount."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "jobs to be done"

    def __str__(self) -> str:
        return self.name


Part = Department | Journey | JobToBeDone
PARTS: Final[Mapping[PartKind, type[Part]]] = {
    PartKind.DEPARTMENT: Department,
    PartKind.JOURNEY: Journey,
    PartKind.JOB: JobToBeDone,
}


class TouchpointQuerySet(models.QuerySet["Touchpoint"]):
    def visible_to(self, user: User) -> Self:
        """Those of the departments one owns; all for those who see everything or keep the map."""
        return self.filter(department__in=Department.objects.visible_to(user))


class Touchpoint(PublicModel):
    """A place where customers meet the business: an invoice, a delivery, a sign-up page."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="touchpoints")
    journey = models.ForeignKey(Journey, null=True, blank=True, on_delete=models.SET_NULL, related_name="touchpoints")

    objects = TouchpointQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ReasonTouchpoint(models.Model):
    """The touchpoint that makes customers contact us for a reason, and what they wanted to get done there."""

    reason = models.OneToOneField(ContactReason, on_delete=models.CASCADE, related_name="+")
    touchpoint = models.ForeignKey(Touchpoint, on_delete=models.PROTECT, related_name="reasons")
    job = models.ForeignKey(JobToBeDone, null=True, blank=True, on_delete=models.SET_NULL, related_name="reasons")


class CostRateQuerySet(models.QuerySet["CostRate"]):
    def visible_to(self, user: User) -> Self:
        """What handling costs is set by those who configure the centre."""
        return self if user.can(Ability.CONFIGURE) else self.none()


class CostRate(models.Model):
    """What handling costs from a moment on, in the centre's currency; a channel's own rate wins over the one for all.

    A contact costs what held when it arrived: `per_hour` is pay, on-costs and seat over productive hours.
    """

    channel = models.PositiveSmallIntegerField(_("channel"), choices=Channel.choices, null=True, blank=True)
    valid_from = models.DateTimeField(_("valid from"))
    per_hour = models.DecimalField(_("per hour of handling"), max_digits=9, decimal_places=2)
    per_contact = models.DecimalField(_("per contact"), max_digits=9, decimal_places=2, default=0)

    objects = CostRateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "valid_from"], name="cost_rate_once", nulls_distinct=False),
            models.CheckConstraint(name="cost_rate_is_not_negative", condition=Q(per_hour__gte=0, per_contact__gte=0)),
        ]


class OwnerLetter(models.Model):
    """The weekly mail to one owner; the row comes before the mail, so that a week is told once."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Perhaps sent")

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    week = models.DateField(help_text="The Monday of the week it tells of.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "week"], name="owner_letter_once_a_week")]
