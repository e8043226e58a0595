"""Telephone calls below the contact they fold into: their legs, what was told of them, recordings, callbacks, menus."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from interactions.cases.choices import Direction
from interactions.cases.models import Interaction
from interactions.channels.models import Inbox
from interactions.routing.models import Queue


class IvrFlow(PublicModel):
    """What a caller hears before an agent, as data: steps by name, each of one kind (interactions/calls/flows.py)."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    definition = models.JSONField(_("definition"), default=dict)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CallState(models.TextChoices):
    FLOW = "flow", _("In the menu")
    QUEUED = "queued", _("Waiting")
    RINGING = "ringing", _("Rings at an agent")
    TALKING = "talking", _("With an agent")
    VOICEMAIL = "voicemail", _("Leaves a message")
    ENDED = "ended", _("Ended")


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: User) -> Self:
        """Calls of the contacts that the user may see."""
        return self.filter(interaction__in=Interaction.objects.visible_to(user))


class Call(PublicModel):
    """One call of a customer, or to one, from the first ring to the last hang-up; its legs fold into one contact."""

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider_id = models.CharField(max_length=120, help_text="The provider's id of the customer's leg.")
    interaction = models.ForeignKey(Interaction, null=True, on_delete=models.CASCADE, related_name="calls")
    direction = models.PositiveSmallIntegerField(choices=Direction.choices, default=Direction.INBOUND)
    state = models.CharField(max_length=9, choices=CallState.choices, default=CallState.FLOW)
    from_number = models.CharField(max_length=64, blank=True)
    to_number = models.CharField(max_length=64, blank=True)
    conference = models.CharField(
        max_length=120, blank=True, help_text="The provider's id of the room all legs are in."
    )
    queue = models.ForeignKey(Queue, null=True, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=60, blank=True, help_text="Where in the flow it stands.")
    steps_taken = models.PositiveSmallIntegerField(default=0)
    answers = models.JSONField(default=dict, help_text="What was keyed in, by the step that asked.")
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, help_text="customer, agent, system, or unknown (empty).")
    heard_at = models.DateTimeField(help_text="When the provider last told us anything; a silent call is looked up.")

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "provider_id"], name="call_once_per_provider_id"),
            models.CheckConstraint(
                name="call_ended_at_iff_ended",
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["heard_at"], name="calls_running", condition=~Q(state="ended")),
        ]


class CallLeg(models.Model):
    """One end of a call: the customer's, an agent's, or somebody's who was brought in."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        AGENT = "agent", _("Agent")
        OTHER = "other", _("Somebody else")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="legs")
    provider_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    agent = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=64, blank=True)
    is_held = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "provider_id"], name="call_leg_once_per_provider_id")]
        indexes = [models.Index(fields=["provider_id"], name="call_legs_by_provider_id")]


class CallEvent(models.Model):
    """Something told about a call, in whatever order; the contact's segments are computed from all of them."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    key = models.CharField(max_length=200, help_text="What makes it the same event when it is told again.")
    kind = models.CharField(max_length=40)
    leg_id_told = models.CharField(max_length=120, blank=True)
    agent = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField(null=True, help_text="The provider's own order, where it numbers.")
    provider_at = models.DateTimeField(null=True, help_text="The provider's clock, where it signed a time.")
    arrived_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "key"], name="call_event_once_per_key")]


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, user: User) -> Self:
        """Recordings of the contacts that the user may see."""
        return self.filter(call__interaction__in=Interaction.objects.visible_to(user))


class Recording(PublicModel):
    """What was recorded of a call, or said to the voicemail. Who listens is audited."""

    class Kind(models.TextChoices):
        CALL = "call", _("Recording")
        VOICEMAIL = "voicemail", _("Voicemail")

    class State(models.TextChoices):
        RUNNING = "running", _("Being recorded")
        PAUSED = "paused", _("Paused")
        PENDING = "pending", _("Not fetched yet")
        KEPT = "kept", _("Kept")
        LOST = "lost", _("Could not be fetched")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="recordings")
    provider_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.CALL)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    seconds = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField()
    remote = models.JSONField(default=dict, help_text="Where the provider keeps it, for the adapter.")
    file = models.FileField(upload_to="recordings/%Y/%m", blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "provider_id"], name="recording_once_per_provider_id")]
        indexes = [models.Index(fields=["due_at"], name="recordings_to_fetch", condition=Q(state="pending"))]


class CallbackQuerySet(models.QuerySet["Callback"]):
    def visible_to(self, user: User) -> Self:
        """Callbacks asked for in the contacts that the user may see."""
        return self.filter(asked_in__in=Interaction.objects.visible_to(user))


class Callback(PublicModel):
    """A caller who would rather be called back, with the place in the queue that they had."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CALLING = "calling", _("Being called")
        REACHED = "reached", _("Reached")
        GIVEN_UP = "given_up", _("Not reached")
        CANCELLED = "cancelled", _("Cancelled")

    asked_in = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="+")
    interaction = models.ForeignKey(
        Interaction, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The contact that calls back."
    )
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=64)
    place_at = models.DateTimeField(help_text="Since when the customer has waited; it keeps their place.")
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = CallbackQuerySet.as_manager()

    class Meta:
        constraints = [
            # Asked twice from one number it is one.
            models.UniqueConstraint(
                fields=["queue", "number"],
                name="callback_once_per_number",
                condition=Q(state__in=["waiting", "calling"]),
            ),
        ]
        indexes = [models.Index(fields=["next_try_at"], name="callbacks_due", condition=Q(state="waiting"))]
