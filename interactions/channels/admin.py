"""Inboxes as configuration."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ccx.kernel.models import User
from ccx.kernel.people.configuration import ConfigurationAdmin, site
from interactions.channels.forms import IMAP_FIELDS, LINE_FIELDS, SMTP_FIELDS, InboxForm
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials


@admin.register(Inbox, site=site)
class InboxAdmin(ConfigurationAdmin):
    form = InboxForm
    fieldsets = [
        (None, {"fields": LINE_FIELDS}),
        (_("E-mail"), {"fields": ("from_name", "authserv_id")}),
        (_("Where its mail is fetched (IMAP)"), {"fields": IMAP_FIELDS}),
        (_("Through whom it sends (SMTP)"), {"fields": SMTP_FIELDS}),
    ]
    list_display = ["name", "channel", "address", "default_queue", "is_active"]
    list_filter = ["channel", "is_active"]
    list_select_related = ["default_queue"]
    search_fields = ["name", "address"]

    def save_model(self, request: HttpRequest, obj: Inbox, form: Any, change: bool) -> None:  # noqa: FBT001
        """The line first, then its passwords by the one service that keeps them."""
        super().save_model(request, obj, form, change)
        if passwords := form.passwords():
            keep_credentials(inbox_id=obj.pk, credentials=passwords, by=cast(User, request.user))
