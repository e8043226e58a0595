"""The filters of the audit page."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from ccx.kernel.audit.choices import KIND_NAMES
from ccx.kernel.audit.models import AuditEntry


class AuditFilterForm(forms.Form):
    actor = forms.CharField(label=_("Who (name or e-mail)"), required=False, max_length=254)
    kind = forms.ChoiceField(label=_("What"), required=False)
    object_id = forms.IntegerField(label=_("Number"), required=False, min_value=1, max_value=2**63 - 1)
    action = forms.ChoiceField(label=_("Action"), required=False)
    first_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(
        label=_("To and including"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(required=False, widget=forms.HiddenInput, max_value=2**63 - 1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(KIND_NAMES.items(), key=lambda pair: str(pair[1]))
        for name, choices in (("kind", kinds), ("action", AuditEntry.Action.choices)):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [("", _("All")), *choices]
