"""Departments, touchpoints and what reasons they cause, as configuration."""

from django.contrib import admin

from ccx.kernel.people.configuration import ConfigurationAdmin, site
from journeys.ownership.models import Department, ReasonTouchpoint, Touchpoint


@admin.register(Department, site=site)
class DepartmentAdmin(ConfigurationAdmin):
    list_display = ["name", "owner"]
    list_select_related = ["owner"]
    search_fields = ["name"]


@admin.register(Touchpoint, site=site)
class TouchpointAdmin(ConfigurationAdmin):
    list_display = ["name", "department"]
    list_select_related = ["department"]
    search_fields = ["name"]


@admin.register(ReasonTouchpoint, site=site)
class ReasonTouchpointAdmin(ConfigurationAdmin):
    list_display = ["reason", "touchpoint"]
    list_select_related = ["reason", "touchpoint"]
    search_fields = ["reason__name", "touchpoint__name"]
