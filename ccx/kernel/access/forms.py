"""Issuing a key on a page."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.access.choices import Scope
from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.models import User


class ServiceUserField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Service users by name and e-mail."""

    def label_from_instance(self, obj: User) -> str:
        """Two service users may have one name."""
        return f"{obj.name} ({obj.email})"


class IssueKeyForm(forms.Form):
    """For which service user, for what, and for how long."""

    user = ServiceUserField(queryset=User.objects.none(), label=_("Service user"), required=False)
    new_user = forms.CharField(
        max_length=60,
        label=_("Or a new service user"),
        required=False,
        help_text=_("The name of the system that will act; its contacts and changes are told apart by it."),
    )
    sees_everything = forms.BooleanField(label=_("The new one may see the rows of all teams"), required=False)
    name = forms.CharField(max_length=120, label=_("What it is for"), help_text=_("The system that will use the key."))
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, label=_("What it may do")
    )
    expires_in_days = forms.TypedChoiceField(
        coerce=int,
        choices=[(90, _("In 90 days")), (365, _("In a year")), (0, _("Never"))],
        initial=365,
        label=_("Expires"),
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users = User.objects.visible_to(by).filter(kind=UserKind.SERVICE, is_active=True)
        self.fields["user"].queryset = users  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One service user, here already or new."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("user")) == bool(cleaned.get("new_user")):
            self.add_error("user", _("Choose a service user, or name a new one."))
        return cleaned

    def issue_arguments(self) -> dict[str, Any]:
        """What the service takes."""
        days = self.cleaned_data["expires_in_days"]
        return {
            "user": self.cleaned_data["user"],
            "name": self.cleaned_data["name"],
            "scopes": [Scope(scope) for scope in self.cleaned_data["scopes"]],
            "expires_at": timezone.now() + timedelta(days=days) if days else None,
        }
