"""Inboxes as configuration."""

from django.contrib import admin

from ccx.kernel.people.configuration import ConfigurationAdmin, site
from interactions.channels.models import Inbox


@admin.register(Inbox, site=site)
class InboxAdmin(ConfigurationAdmin):
    list_display = ["name", "channel", "address", "default_queue", "is_active"]
    list_filter = ["channel", "is_active"]
    list_select_related = ["default_queue"]
    search_fields = ["name", "address"]
