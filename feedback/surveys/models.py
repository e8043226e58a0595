"""What customers answered. Answers come late; they count for the contact they are about."""

from django.db import models
from django.db.models import Q

from ccx.kernel.abstract import PublicModel
from interactions.models import Interaction


class Response(PublicModel):
    """One customer's answers about one contact: CSAT 1-5, CES 1-7 (7 is easy), NPS 0-10, resolved, a free word."""

    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="+")
    csat = models.PositiveSmallIntegerField(null=True)
    ces = models.PositiveSmallIntegerField(null=True)
    nps = models.PositiveSmallIntegerField(null=True)
    is_resolved = models.BooleanField(null=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="csat_is_1_to_5", condition=Q(csat__isnull=True) | Q(csat__gte=1, csat__lte=5)),
            models.CheckConstraint(name="ces_is_1_to_7", condition=Q(ces__isnull=True) | Q(ces__gte=1, ces__lte=7)),
            models.CheckConstraint(name="nps_is_0_to_10", condition=Q(nps__isnull=True) | Q(nps__lte=10)),
        ]
