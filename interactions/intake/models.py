"""What came in, as it came in, and the sources of imported history."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from interactions.cases.models import Case, Interaction
from interactions.channels.models import Inbox


class RawContact(models.Model):
    """The payload of one thing received, as it came; the inbox and the provider's id of it make it once."""

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.CharField(max_length=250)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)
    interaction = models.ForeignKey(
        Interaction, null=True, on_delete=models.SET_NULL, related_name="raw_contacts", db_index=False
    )
    message_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "external_id"], name="raw_contact_once_per_provider_id"),
        ]
        indexes = [models.Index(fields=["interaction"], name="raw_contacts_of_interaction")]


class CaseKey(models.Model):
    """What an imported system calls one case, so that a later import finds it again."""

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inbox", "key"], name="case_key_once_per_inbox")]


class HistorySource(PublicModel):
    """A system whose past was imported: its zone and the period its data cover.

    Nothing is known after `covered_until`, so a follow-up window that reaches beyond it has not matured.
    Days are local to `time_zone`; `covered_until` is exclusive.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=60)
    covered_from = models.DateField(_("covered from"))
    covered_until = models.DateField(_("covered until"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="history_source_covers_something", condition=Q(covered_until__gt=F("covered_from"))
            ),
        ]

    def __str__(self) -> str:
        return self.name
