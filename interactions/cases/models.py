"""The record of every contact: cases, interactions, messages, attachments, segments, and what they are about."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import Ability, GrantScope
from interactions.cases.choices import (
    AuthorKind,
    CaseStatus,
    Direction,
    InteractionStatus,
    Outcome,
    SegmentClock,
    SegmentEnd,
    SegmentKind,
)
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, Identity


class ContactReasonQuerySet(models.QuerySet["ContactReason"]):
    def visible_to(self, user: User) -> Self:
        """Names of reasons are open to everyone who is signed in; their contacts are not."""
        return self if user.is_active else self.none()


class ContactReason(PublicModel):
    """Why customers had to contact us: one node of the tree of drivers."""

    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    resolution_window_days = models.PositiveSmallIntegerField(
        _("resolution window in days"), default=7, help_text=_("A contact about the same issue within it is a repeat.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = ContactReasonQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="reason_window_is_1_to_30_days",
                condition=Q(resolution_window_days__gte=1, resolution_window_days__lte=30),
            ),
            models.CheckConstraint(name="reason_is_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]

    def __str__(self) -> str:
        return self.name


class Disposition(PublicModel):
    """How the handling ended, as an agent says it."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_resolved = models.BooleanField(_("means resolved"), null=True)
    is_active = models.BooleanField(_("active"), default=True)

    def __str__(self) -> str:
        return self.name


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> Self:
        """Cases with at least one interaction that the user may see."""
        if user.sees_everything:
            return self
        return self.filter(Exists(Interaction.objects.visible_to(user).filter(case_id=OuterRef("pk"))))

    def unresolved(self) -> Self:
        return self.filter(status=CaseStatus.OPEN)


class Case(PublicModel):
    """What the customer wants done. It spans interactions on any channels."""

    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="cases", db_index=False)
    title = models.CharField(_("title"), max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    reason = models.ForeignKey(ContactReason, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    follows = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="followed_by",
        help_text="The same issue, said by a person.",
    )
    issue_root = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The first case of the chain that `follows` makes, kept by link_cases; null: it is the first itself.",
    )
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    reopened_count = models.PositiveSmallIntegerField(default=0)
    last_reopened_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="case_resolved_at_iff_resolved",
                condition=Q(status="resolved", resolved_at__isnull=False) | Q(status="open", resolved_at__isnull=True),
            ),
        ]
        indexes = [
            # Intake: the open cases of a customer, and those resolved of late.
            models.Index(fields=["customer", "status", "resolved_at"], name="cases_of_customer"),
        ]

    def __str__(self) -> str:
        return self.title or str(_("Case"))


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, user: User) -> Self:
        """The only door to interactions from a request: rows of granted teams, queues and reasons."""
        if user.sees_everything:
            return self
        if not user.is_active:
            return self.none()
        return self.filter(
            Q(team_id__in=user.granted(GrantScope.TEAM))
            | Q(queue_id__in=user.granted(GrantScope.QUEUE))
            | Q(reason_id__in=user.granted(GrantScope.REASON))
        )

    def readable_by(self, user: User) -> Self:
        """Contacts whose text the user may read: of their grants, under `whole_customer` all of customers they see."""
        if user.sees_everything or not settings.CCX_WHOLE_CUSTOMER or not user.can(Ability.SEE_CUSTOMERS):
            return self.visible_to(user)
        granted = Interaction.objects.visible_to(user)
        return self.filter(Q(pk__in=granted.values("pk")) | Exists(granted.filter(customer_id=OuterRef("customer_id"))))

    def opening_words(self) -> dict[int, str]:
        """Per interaction the start of the first thing the customer said; those without a word are left out."""
        said = Message.objects.filter(interaction__in=self, author_kind=AuthorKind.CUSTOMER, is_note=False)
        first = said.order_by("interaction", "sent_at", "pk").distinct("interaction")
        return dict(first.annotate(start=Left("body", 280)).values_list("interaction_id", "start"))


class Interaction(PublicModel):
    """One contact on one inbox, from arrival to wrap-up."""

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.PositiveSmallIntegerField(choices=Channel.choices)
    direction = models.PositiveSmallIntegerField(choices=Direction.choices, default=Direction.INBOUND)
    status = models.CharField(max_length=8, choices=InteractionStatus.choices, default=InteractionStatus.WAITING)
    outcome = models.PositiveSmallIntegerField(choices=Outcome.choices, null=True)
    is_resolved = models.BooleanField(null=True, help_text="Whether it was marked resolved; null: nobody said.")
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="interactions", db_index=False
    )
    identity = models.ForeignKey(Identity, null=True, on_delete=models.SET_NULL, related_name="+")
    assurance = models.PositiveSmallIntegerField(choices=Assurance.choices, default=Assurance.NONE)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="interactions", db_index=False)
    is_case_assumed = models.BooleanField(
        default=False, help_text="The case was chosen by rule, not by a token or a person."
    )
    queue = models.ForeignKey("interactions.Queue", null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(ContactReason, null=True, on_delete=models.PROTECT, related_name="+")
    disposition = models.ForeignKey(Disposition, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("interactions.HistorySource", null=True, on_delete=models.PROTECT, related_name="+")
    priority = models.SmallIntegerField(default=0)
    subject = models.CharField(max_length=250, blank=True)
    thread_token = models.CharField(max_length=120, blank=True, help_text="What the channel threads by.")
    started_at = models.DateTimeField()
    last_customer_message_at = models.DateTimeField(null=True)
    first_answered_at = models.DateTimeField(null=True, help_text="The first answer of a person.")
    closed_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True, help_text="A pending one comes back to its agent then.")
    wrap_up_ends_at = models.DateTimeField(null=True, help_text="When the server ends the wrap-up by itself.")
    is_wrap_up_default = models.BooleanField(
        default=False, db_default=False, help_text="The wrap-up ended by itself; nobody said what is in it."
    )
    was_avoidable = models.BooleanField(null=True, help_text="The agent's answer to 'could this have been avoided?'")

    objects = InteractionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="interaction_closed_iff_closed_at_and_outcome",
                condition=Q(status="closed", closed_at__isnull=False, outcome__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True, outcome__isnull=True)),
            ),
            models.CheckConstraint(
                name="interaction_does_not_end_before_it_starts",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("started_at")),
            ),
            models.CheckConstraint(
                name="interaction_is_not_answered_before_it_starts",
                condition=Q(first_answered_at__isnull=True) | Q(first_answered_at__gte=F("started_at")),
            ),
            models.CheckConstraint(
                name="interaction_has_assurance_only_with_a_customer",
                condition=Q(assurance=0) | Q(customer__isnull=False),
            ),
            models.CheckConstraint(
                name="interaction_is_snoozed_only_while_pending",
                condition=Q(snoozed_until__isnull=True) | Q(status="pending"),
            ),
            models.CheckConstraint(
                name="interaction_wrap_up_clock_runs_only_in_wrap_up",
                condition=Q(wrap_up_ends_at__isnull=True) | Q(status="wrap_up"),
            ),
        ]
        indexes = [
            # Timeline of a customer; the neighbours that make a repeat.
            models.Index(fields=["customer", "started_at"], name="interactions_of_customer"),
            models.Index(fields=["case", "started_at"], name="interactions_of_case"),
            # Work lists: what is not closed, oldest first.
            models.Index(fields=["team", "started_at"], name="interactions_open", condition=~Q(status="closed")),
            # The desk: what an agent has, and what comes back by itself.
            models.Index(fields=["agent", "status"], name="interactions_of_agent", condition=~Q(status="closed")),
            models.Index(fields=["queue", "started_at"], name="interactions_waiting", condition=Q(status="waiting")),
            models.Index(
                fields=["snoozed_until"], name="interactions_snoozed", condition=Q(snoozed_until__isnull=False)
            ),
            models.Index(
                fields=["wrap_up_ends_at"], name="interactions_wrapping_up", condition=Q(wrap_up_ends_at__isnull=False)
            ),
            # Repair scans and exports by period.
            models.Index(fields=["started_at"], name="interactions_by_time"),
            models.Index(fields=["inbox", "started_at"], name="interactions_of_inbox"),
            # Intake: the running interactions of a thread, and its last one.
            models.Index(
                fields=["inbox", "thread_token", "started_at"],
                name="interactions_of_thread",
                condition=~Q(thread_token=""),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or str(self.public_id)

    @property
    def is_closed(self) -> bool:
        return self.status == InteractionStatus.CLOSED

    @property
    def channel_slug(self) -> str:
        return Channel(self.channel).slug


class MessageQuerySet(models.QuerySet["Message"]):
    def not_taken_back(self) -> Self:
        """Without what its author took back before it left: it was never said."""
        return self.filter(Q(sending__isnull=True) | ~Q(sending__state="cancelled"))


class Message(PublicModel):
    """A thing said in an interaction: public, or a note that only we see."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="messages", db_index=False)
    author_kind = models.CharField(max_length=8, choices=AuthorKind.choices)
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    is_note = models.BooleanField(default=False)
    body = models.TextField(blank=True)
    external_id = models.CharField(max_length=250, blank=True, help_text="The provider's id of this message.")
    meta = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What the channel tells beside the words: who else got it, a place, a template, marks of trouble.",
    )
    sent_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="message_of_an_agent_names_the_agent", condition=~Q(author_kind="agent") | Q(author__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["interaction", "sent_at", "id"], name="messages_in_order"),
            # Mail: the message that an answer refers to.
            models.Index(fields=["external_id"], name="messages_by_external_id", condition=~Q(external_id="")),
        ]


class Promise(PublicModel):
    """What we said we would do for a customer, by when; kept, or still open."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="promises")
    interaction = models.ForeignKey(Interaction, null=True, on_delete=models.SET_NULL, related_name="+")
    body = models.CharField(_("what we promised"), max_length=300)
    due_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    kept_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["made_by", "due_at"], name="promises_open", condition=Q(kept_at__isnull=True))]


class Attachment(PublicModel):
    """A file that hangs off a message. The name is the sender's; the path is ours."""

    class State(models.TextChoices):
        KEPT = "kept", _("Kept")
        PENDING = "pending", _("Not fetched yet")
        LOST = "lost", _("Could not be fetched")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m", blank=True)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    content_id = models.CharField(max_length=250, blank=True, db_default="", help_text="What HTML calls it by.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.KEPT, db_default="kept")
    remote = models.JSONField(default=dict, db_default={}, help_text="Where the provider keeps it, for the adapter.")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True, help_text="When it is to be fetched, or to be tried again.")
    error = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="attachment_has_a_file_iff_kept",
                condition=(Q(state="kept") & ~Q(file="")) | (~Q(state="kept") & Q(file="")),
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="attachments_to_fetch", condition=Q(state="pending"))]


class MessageHtml(models.Model):
    """A message as its sender laid it out: sanitised, and with remote images taken out until somebody asks."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="html")
    html = models.TextField()
    has_remote = models.BooleanField(default=False, help_text="It wants to load images from elsewhere.")


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Segment(models.Model):
    """A timed stretch of an interaction, with its agent and queue. Seconds are whole, as sources give them."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="segments", db_index=False)
    kind = models.PositiveSmallIntegerField(choices=SegmentKind.choices)
    queue = models.ForeignKey("interactions.Queue", null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_duration_known = models.BooleanField(default=True, help_text="False where the source's clock was wrong.")
    ended_by = models.PositiveSmallIntegerField(choices=SegmentEnd.choices, null=True)
    clock = models.PositiveSmallIntegerField(
        choices=SegmentClock.choices, default=SegmentClock.OURS, db_default=SegmentClock.OURS.value
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="segment_does_not_end_before_it_starts",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
            ExclusionConstraint(
                name="segments_of_one_agent_do_not_overlap",
                expressions=[
                    ("interaction", RangeOperators.EQUAL),
                    ("agent", RangeOperators.EQUAL),
                    (TsTzRange("started_at", "ended_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(agent__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["interaction", "started_at"], name="segments_of_interaction"),
            # Occupancy of an agent's day.
            models.Index(fields=["agent", "started_at"], name="segments_of_agent", condition=Q(agent__isnull=False)),
        ]
