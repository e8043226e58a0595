"""Contact reasons and dispositions as configuration."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ccx.kernel.people.configuration import ConfigurationAdmin, site
from interactions.cases.errors import ReasonTreeHasCycleError
from interactions.cases.models import ContactReason, Disposition
from interactions.cases.services.reasons import refuse_cycle, save_reason


class ContactReasonForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ContactReason
        fields = ["name", "code", "parent", "resolution_window_days", "is_active"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parent = cleaned.get("parent")
        if parent is not None and self.instance.pk:
            moved = ContactReason(pk=self.instance.pk, parent=parent)
            try:
                refuse_cycle(moved)
            except ReasonTreeHasCycleError as error:
                self.add_error("parent", ValidationError(str(error), code=error.code))
        return cleaned


@admin.register(ContactReason, site=site)
class ContactReasonAdmin(ConfigurationAdmin):
    form = ContactReasonForm
    list_display = ["name", "parent", "code", "resolution_window_days", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["parent"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["parent"]

    def save_model(self, request: HttpRequest, obj: ContactReason, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the service, which tells the facts when what they measure by has changed."""
        save_reason(reason=obj, by=request.user)  # type: ignore[arg-type]


@admin.register(Disposition, site=site)
class DispositionAdmin(ConfigurationAdmin):
    list_display = ["name", "code", "is_resolved", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
