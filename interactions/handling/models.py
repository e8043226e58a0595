"""How agents spend their time, what they are writing, and what is on its way to customers."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message, TsTzRange
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.customers.models import Identity


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


class Draft(PublicModel):
    """What an agent is writing in one interaction. Its public id becomes the message's: sent twice, it is one."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    body = models.TextField(blank=True)
    is_note = models.BooleanField(default=False)
    inbox = models.ForeignKey(
        Inbox, null=True, on_delete=models.PROTECT, related_name="+", help_text="The line chosen for it, if another."
    )
    recipient = models.ForeignKey(
        Identity, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Whom that line is to write to."
    )
    template = models.JSONField(default=dict, db_default={}, help_text="A template of the provider, and what fills it.")
    send_at = models.DateTimeField(null=True, help_text="When it is to leave, if not at once.")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interaction", "author"], name="draft_once_per_author")]


class DraftFile(PublicModel):
    """A file that goes along with a draft; with the draft's message it becomes an attachment."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    file = models.FileField(upload_to="attachments/%Y/%m")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)


class SendingState(models.TextChoices):
    QUEUED = "queued", _("Sending")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    FAILED = "failed", _("Not sent")
    UNKNOWN = "unknown", _("Perhaps sent")
    CANCELLED = "cancelled", _("Taken back")


# A message's way is one way: what comes late never moves it back.
SENDING_ORDER = {SendingState.SENT: 1, SendingState.DELIVERED: 2, SendingState.READ: 3}


class Sending(models.Model):
    """One of our messages on its way out, on any channel: queued with the message, claimed by one worker, settled."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="sending")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    channel = models.PositiveSmallIntegerField(choices=Channel.choices)
    recipient = models.CharField(max_length=254)
    state = models.CharField(max_length=9, choices=SendingState.choices, default=SendingState.QUEUED)
    due_at = models.DateTimeField(help_text="Until then its author may take it back.")
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=40, blank=True, db_default="", help_text="The provider's own code.")
    provider_id = models.CharField(
        max_length=250, blank=True, db_default="", help_text="What the provider calls it; its reports name this."
    )
    template = models.JSONField(default=dict, db_default={}, help_text="A template of the provider, and what fills it.")
    look_up_at = models.DateTimeField(null=True, help_text="When the provider is asked what became of it.")
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inbox", "provider_id"], name="sending_once_per_provider_id", condition=~Q(provider_id="")
            ),
            models.CheckConstraint(
                name="sending_sent_at_iff_sent",
                condition=Q(state__in=["sent", "delivered", "read"], sent_at__isnull=False)
                | (~Q(state__in=["sent", "delivered", "read"]) & Q(sent_at__isnull=True)),
            ),
        ]
        indexes = [
            # The worker: what is due; the sweep: whose worker died.
            models.Index(fields=["due_at"], name="sendings_due", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="sendings_claimed", condition=Q(state="sending")),
            # What is in doubt, and about which the provider can be asked.
            models.Index(fields=["look_up_at"], name="sendings_to_look_up", condition=Q(look_up_at__isnull=False)),
        ]


class EarlyReport(models.Model):
    """What a provider said about a message that we do not know by that name yet; kept for a day."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="+")
    provider_id = models.CharField(max_length=250)
    state = models.CharField(max_length=9, choices=SendingState.choices)
    error = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "provider_id", "state"], name="early_report_once_per_state")
        ]
        indexes = [models.Index(fields=["received_at"], name="early_reports_by_age")]
