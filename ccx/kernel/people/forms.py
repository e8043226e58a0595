"""Forms of the people and team pages."""

from typing import Any, cast
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.choices import GrantScope, Role
from ccx.kernel.people.grant_targets import names_of
from ccx.kernel.people.models import Team, User

ROLES_OF_PEOPLE = [(role.value, role.label) for role in Role if role != Role.INTEGRATION]


class SignInForm(LoginForm):
    """In our words; a placeholder that repeats its label helps nobody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES_OF_PEOPLE)
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("None"))

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Team]", self.fields["team"])
        field.queryset = Team.objects.visible_to(viewer).filter(is_active=True)


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)


class GrantForm(forms.Form):
    """One list of everything a grant can name; the value is `scope` or `scope:id`."""

    target = forms.ChoiceField(label=_("May see the contacts of"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["target"])
        groups: list[tuple[Any, Any]] = [(GrantScope.ALL.value, GrantScope.ALL.label)]
        for scope in GrantScope:
            names = names_of(scope)
            if names:
                groups.append((scope.label, [(f"{scope.value}:{pk}", name) for pk, name in names]))
        field.choices = groups

    def chosen(self) -> tuple[GrantScope, int | None]:
        """The scope and the id that were chosen."""
        scope, _sign, target = self.cleaned_data["target"].partition(":")
        return GrantScope(scope), int(target) if target else None


class FirstPasswordForm(forms.Form):
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password again"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", ValidationError(_("The two passwords differ."), code="differ"))
        elif first:
            try:
                validate_password(first, self.user)
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("language", settings.LANGUAGES),
            ("time_zone", [(zone, zone) for zone in sorted(available_timezones())]),
        ):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [("", _("The centre's")), *choices]
