"""Inboxes: the configured lines on which contacts arrive."""

from typing import Self

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
    is_active = models.BooleanField(_("active"), default=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return self.name
