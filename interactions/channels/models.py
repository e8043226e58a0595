"""Inboxes: the configured lines on which contacts arrive."""

from datetime import UTC, datetime
from typing import Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from interactions.channels.choices import Channel


class InboxQuerySet(models.QuerySet["Inbox"]):
    def visible_to(self, user: User) -> Self:
        """Inboxes are named in lists and filters of everyone who is signed in."""
        return self if user.is_active else self.none()


class Inbox(PublicModel):
    """One configured line of a channel: support@…, +1 555…, one web form, one imported log."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    channel = models.PositiveSmallIntegerField(_("channel"), choices=Channel.choices)
    provider = models.CharField(
        _("provider"),
        max_length=20,
        blank=True,
        db_default="",
        help_text=_("Through whom this line speaks, where its channel knows several; empty: the channel's usual one."),
    )
    address = models.CharField(_("address"), max_length=254, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        blank=True,
        help_text=_("The line's own calendar; empty means the centre's. A contact's day is a day of this calendar."),
    )
    default_queue = models.ForeignKey(
        "interactions.Queue", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    business_hours = models.ForeignKey(
        "interactions.BusinessHours", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reply_inbox = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The e-mail line that answers contacts of this one (a web form cannot answer by itself)."),
    )
    settings = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Servers and names of the line, as its channel's adapter reads them."),
    )
    credentials = models.TextField(
        blank=True, db_default="", editable=False, help_text="Encrypted (ccx/kernel/secrets); never shown."
    )
    flow = models.ForeignKey(
        "interactions.IvrFlow",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("What a caller hears before an agent; a voice line only."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return self.name


# No moment that comes: what waits for it waits for a person.
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class LineState(models.TextChoices):
    WELL = "well", _("Working")
    DOWN = "down", _("The provider does not answer")
    REFUSED = "refused", _("The provider refuses our credentials")


class LineHealth(models.Model):
    """How a line stands with its provider, as sending and fetching found it. No row: nothing was tried yet.

    While it is not WELL its messages stay queued, and it is tried again at `retry_at`; at NEVER, only once somebody
    says so.
    """

    inbox = models.OneToOneField(Inbox, primary_key=True, on_delete=models.CASCADE, related_name="health")
    state = models.CharField(max_length=7, choices=LineState.choices, default=LineState.WELL)
    since = models.DateTimeField(help_text="Since when it stands so.")
    failures = models.PositiveIntegerField(default=0, help_text="Failures in a row.")
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    well_at = models.DateTimeField(null=True, help_text="When the provider last did what it was asked.")

    @property
    def is_given_up(self) -> bool:
        """Whether nothing is tried any more until somebody says so."""
        return self.retry_at == NEVER
