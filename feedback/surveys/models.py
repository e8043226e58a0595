"""Surveys, who was invited, what customers answered, and what is done about unhappy answers.

Answers come late; they count for the contact they are about.
"""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.models import Customer, Interaction


class SurveyQuerySet(models.QuerySet["Survey"]):
    def visible_to(self, user: User) -> Self:
        """Surveys are set up by those who configure the centre."""
        return self if user.can(Ability.CONFIGURE) else self.none()


class Survey(PublicModel):
    """What is asked after a contact, of whom and when. Questions and timing are data.

    `questions` is a list of {key, text: {language: words}}; keys: csat, ces, nps, resolved, comment.
    `channels` are slugs; empty means all.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    questions = models.JSONField(_("questions"), default=list)
    greeting = models.JSONField(
        _("words of the mail"), default=dict, blank=True, help_text="{language: {subject, text}}"
    )
    channels = models.JSONField(_("channels"), default=list, blank=True)
    share_percent = models.PositiveSmallIntegerField(_("share of contacts in percent"), default=100)
    delay_minutes = models.PositiveIntegerField(_("minutes after the wrap-up"), default=5)
    cooldown_days = models.PositiveSmallIntegerField(_("days between two invitations to one customer"), default=7)
    valid_days = models.PositiveSmallIntegerField(_("days a link is good for"), default=14)
    unhappy_due_hours = models.PositiveSmallIntegerField(_("hours to follow up an unhappy answer"), default=24)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="survey_share_is_a_percentage", condition=Q(share_percent__lte=100)),
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(PublicModel):
    """One invitation about one contact: at most one, whatever happens. Only the hash of the link's secret is kept."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Perhaps sent")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="invitations")
    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=10, blank=True)
    secret_hash = models.CharField(max_length=64, null=True, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="invitation_sent_at_iff_sent",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="invitations_due", condition=Q(state="queued")),
            # The sweep: whose worker died.
            models.Index(fields=["claimed_at"], name="invitations_claimed", condition=Q(state="sending")),
            # Cool-down: when a customer was last invited.
            models.Index(fields=["customer", "due_at"], name="invitations_of_customer"),
        ]


class ResponseQuerySet(models.QuerySet["Response"]):
    def visible_to(self, user: User) -> Self:
        """Answers about contacts that the user may see."""
        return self if user.sees_everything else self.filter(interaction__in=Interaction.objects.visible_to(user))


class Response(PublicModel):
    """One customer's answers about one contact: CSAT 1-5, CES 1-7 (7 is easy), NPS 0-10, resolved, a free word."""

    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="+")
    invitation = models.OneToOneField(Invitation, null=True, on_delete=models.SET_NULL, related_name="+")
    csat = models.PositiveSmallIntegerField(null=True)
    ces = models.PositiveSmallIntegerField(null=True)
    nps = models.PositiveSmallIntegerField(null=True)
    is_resolved = models.BooleanField(null=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    earlier = models.JSONField(
        default=list, db_default=[], help_text="Answers given before, scores only, oldest first."
    )

    objects = ResponseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="csat_is_1_to_5", condition=Q(csat__isnull=True) | Q(csat__gte=1, csat__lte=5)),
            models.CheckConstraint(name="ces_is_1_to_7", condition=Q(ces__isnull=True) | Q(ces__gte=1, ces__lte=7)),
            models.CheckConstraint(name="nps_is_0_to_10", condition=Q(nps__isnull=True) | Q(nps__lte=10)),
        ]


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and those about contacts one may see, for those who follow up."""
        if not user.can(Ability.FOLLOW_UP):
            return self.none()
        if user.sees_everything:
            return self
        return self.filter(Q(owner=user) | Q(response__interaction__in=Interaction.objects.visible_to(user)))


class FollowUp(PublicModel):
    """Somebody is to look after an unhappy answer: who, until when, and what came of it."""

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    first_touched_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    cause = models.CharField(_("what caused it"), max_length=300, blank=True, help_text="Asked for when it is closed.")

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_up_closed_with_a_cause", condition=Q(closed_at__isnull=True) | ~Q(cause="")
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="follow_ups_open", condition=Q(closed_at__isnull=True))]
