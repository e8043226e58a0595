"""Queues, skills, business hours and service targets as configuration."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.configuration import ConfigurationAdmin, site
from interactions.routing.models import (
    AgentSkill,
    BusinessHours,
    BusinessInterval,
    Holiday,
    Queue,
    ServiceTarget,
    Skill,
)
from interactions.routing.services import remove_targets, save_target


class BusinessHoursForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(label=_("time zone"))

    class Meta:
        model = BusinessHours
        fields = ["name", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone) for zone in sorted(available_timezones())]  # type: ignore[attr-defined]


class BusinessIntervalForm(forms.ModelForm):  # type: ignore[type-arg]
    weekday = forms.TypedChoiceField(label=_("weekday"), coerce=int, choices=list(WEEKDAYS.items()))

    class Meta:
        model = BusinessInterval
        fields = ["weekday", "opens", "closes"]


class ConfigurationInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that are edited on the page of the row they belong to, by whoever may edit that."""

    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class BusinessIntervalInline(ConfigurationInline):
    model = BusinessInterval
    form = BusinessIntervalForm
    extra = 2


class HolidayInline(ConfigurationInline):
    model = Holiday


class AgentSkillInline(ConfigurationInline):
    model = AgentSkill


@admin.register(BusinessHours, site=site)
class BusinessHoursAdmin(ConfigurationAdmin):
    form = BusinessHoursForm
    inlines = [BusinessIntervalInline, HolidayInline]
    list_display = ["name", "time_zone"]
    search_fields = ["name"]


@admin.register(Skill, site=site)
class SkillAdmin(ConfigurationAdmin):
    inlines = [AgentSkillInline]
    list_display = ["name", "code"]
    search_fields = ["name", "code"]


@admin.register(Queue, site=site)
class QueueAdmin(ConfigurationAdmin):
    list_display = ["name", "team", "business_hours", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["team", "business_hours"]
    search_fields = ["name"]
    filter_horizontal = ["skills"]


@admin.register(ServiceTarget, site=site)
class ServiceTargetAdmin(ConfigurationAdmin):
    list_display = ["queue", "channel", "valid_from", "answer_within_seconds", "short_abandon_seconds"]
    list_filter = ["channel"]
    list_select_related = ["queue"]

    def save_model(self, request: HttpRequest, obj: ServiceTarget, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the service, which tells the facts what is to be measured anew."""
        save_target(target=obj, by=request.user)  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: ServiceTarget) -> None:
        remove_targets(target_ids=[obj.pk], by=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        remove_targets(target_ids=[target.pk for target in queryset], by=request.user)  # type: ignore[arg-type]
