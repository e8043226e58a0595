"""Ways in that need memory of their own: deliveries of providers, mailboxes, chats, web forms, imports of history."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.cases.models import Interaction
from interactions.channels.models import Inbox
from interactions.customers.models import Identity
from interactions.intake.models import HistorySource


class WebFormQuerySet(models.QuerySet["WebForm"]):
    def visible_to(self, user: User) -> Self:
        """Forms are set up by those who configure the centre."""
        return self if user.can(Ability.CONFIGURE) else self.none()

    def open(self) -> Self:
        """What the public may fill in."""
        return self.filter(is_active=True, inbox__is_active=True)


class WebForm(PublicModel):
    """A public form; `fields` is a list of {name, label, kind, required, choices}."""

    inbox = models.OneToOneField(Inbox, on_delete=models.PROTECT, related_name="+")
    slug = models.SlugField(unique=True)
    title = models.CharField(_("title"), max_length=120)
    intro = models.TextField(blank=True)
    fields = models.JSONField(default=list)
    thanks = models.TextField(blank=True)
    takes_files = models.BooleanField(_("takes files"), default=False, db_default=False)
    confirms = models.BooleanField(
        _("confirms by e-mail"),
        default=False,
        db_default=False,
        help_text=_("A short mail says that it arrived; it repeats nothing of what was written."),
    )
    is_active = models.BooleanField(default=True)

    objects = WebFormQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: User) -> Self:
        """Imports are the business of those who may import."""
        return self if user.can(Ability.IMPORT_HISTORY) else self.none()


class ImportRun(PublicModel):
    """One run of a history import: what, how far, and how it went. It can be paused and taken up again."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Waiting for a look")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by an error")

    source = models.ForeignKey(HistorySource, null=True, on_delete=models.PROTECT, related_name="runs")
    inbox = models.ForeignKey(Inbox, null=True, on_delete=models.PROTECT, related_name="+")
    file = models.FileField(upload_to="imports/%Y/%m", blank=True)
    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64, blank=True)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    bytes_total = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    rows_read = models.BigIntegerField(default=0)
    rows_added = models.BigIntegerField(default=0)
    rows_known = models.BigIntegerField(default=0, help_text="Rows that were here already.")
    rows_rejected = models.BigIntegerField(default=0)
    rows_flagged = models.BigIntegerField(default=0, help_text="Rows taken with a value stored as unknown.")
    error = models.CharField(max_length=300, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="import_finished_at_iff_done",
                condition=Q(state="done", finished_at__isnull=False) | ~Q(state="done"),
            ),
        ]


class ImportIssue(models.Model):
    """A row that was rejected, or taken with something unknown, and why."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="issues")
    line = models.BigIntegerField()
    is_rejected = models.BooleanField()
    reason = models.CharField(max_length=300)
    row = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "line", "reason"], name="import_issue_once_per_line_and_reason"),
        ]


class Mailbox(models.Model):
    """How far the mail of one inbox was fetched: the server's UIDVALIDITY and the last UID taken."""

    inbox = models.OneToOneField(Inbox, primary_key=True, on_delete=models.CASCADE, related_name="+")
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why the last fetch failed; empty: it did not.")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> Self:
        """What could not be understood is looked after by those who operate the centre."""
        return self if user.can(Ability.OPERATE) else self.none()

    def open(self) -> Self:
        """Neither taken in nor put away yet."""
        return self.filter(state__in=[Delivery.State.RECEIVED, Delivery.State.QUARANTINED])


class Delivery(PublicModel):
    """What a provider brought, as it came, committed before the provider hears that we have it.

    Only what was verified is kept. The same bytes brought again are the same delivery.
    """

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook")
        MAIL = "mail", _("Mail")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        DONE = "done", _("Taken in")
        QUARANTINED = "quarantined", _("Not understood")
        PUT_AWAY = "put_away", _("Put away")

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    url = models.CharField(max_length=500, blank=True, help_text="The address it was brought to.")
    headers = models.JSONField(default=dict, help_text="Those that are needed to read it again; never secrets.")
    body = models.BinaryField(help_text="As it came.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the address and the body.")
    state = models.CharField(max_length=11, choices=State.choices, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, help_text="Taken in, or put away by a person.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["inbox", "digest"], name="delivery_once_per_inbox_and_digest"),
            models.CheckConstraint(
                name="delivery_settled_at_iff_settled",
                condition=Q(state__in=["done", "put_away"], settled_at__isnull=False)
                | (~Q(state__in=["done", "put_away"]) & Q(settled_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], name="deliveries_open", condition=Q(state__in=["received", "quarantined"])
            ),
            models.Index(fields=["settled_at"], name="deliveries_by_age", condition=Q(settled_at__isnull=False)),
        ]


class ChatVisitor(PublicModel):
    """Somebody who opened a line's chat: a browser, or a person whom the site that embeds it vouches for."""

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    identity = models.ForeignKey(Identity, null=True, on_delete=models.SET_NULL, related_name="+")
    interaction = models.ForeignKey(
        Interaction,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The chat that runs, if one does.",
    )
    site_user = models.CharField(max_length=200, blank=True, help_text="Who the site says it is; only where it signed.")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text="Where the chat goes on when the visitor leaves.")
    language = models.CharField(max_length=10, blank=True)
    answers = models.JSONField(default=dict, help_text="What was asked before the chat, and answered.")
    page = models.JSONField(default=dict, help_text="Where on the site the visitor is: address and title.")
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    shown_up_to = models.BigIntegerField(default=0, help_text="The last message of ours that the browser showed.")
    mailed_up_to = models.BigIntegerField(default=0, help_text="The last message of ours that went on by mail.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inbox", "site_user"], name="chat_visitor_once_per_site_user", condition=~Q(site_user="")
            )
        ]
        indexes = [models.Index(fields=["interaction"], name="chat_visitor_of_interaction")]


class ChatDevice(models.Model):
    """One browser of a visitor, known by a token of which only the digest is kept."""

    visitor = models.ForeignKey(ChatVisitor, on_delete=models.CASCADE, related_name="devices")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)


class ChatLink(models.Model):
    """A link in a mail that opens a visitor's chat on whatever device it is opened on, once and for a day."""

    visitor = models.ForeignKey(ChatVisitor, on_delete=models.CASCADE, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
