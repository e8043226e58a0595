"""How agents spend their time: presence with reason codes."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ccx.kernel.models import User
from interactions.cases.models import TsTzRange


class PresenceState(models.TextChoices):
    AVAILABLE = "available", _("Available")
    BUSY = "busy", _("Busy")
    BREAK = "break", _("On a break")
    OFFLINE = "offline", _("Offline")


class PresenceSpan(models.Model):
    """A stretch of time in one state; the open one (no end) is the agent's state now."""

    agent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=9, choices=PresenceState.choices)
    reason_code = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="presence_does_not_end_before_it_starts",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
            ExclusionConstraint(
                name="an_agent_is_in_one_state_at_a_time",
                expressions=[
                    ("agent", RangeOperators.EQUAL),
                    (TsTzRange("started_at", "ended_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["agent", "started_at"], name="presence_of_agent")]
