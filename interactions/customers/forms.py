"""What people fill in about customers."""

from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def validate_time_zone(value: str) -> None:
    """Refuses what is no zone of the tz database."""
    if value not in available_timezones():
        raise ValidationError(_("There is no such time zone. Example: Europe/Berlin."))


class SearchForm(forms.Form):
    """What one has at hand of a customer."""

    q = forms.CharField(label=_("Name, address, phone digits or id"), required=False, max_length=254)


class NoteForm(forms.Form):
    """A note on a customer."""

    body = forms.CharField(label=_("Note"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))


class ProfileForm(forms.Form):
    """The fields of a profile that people may change."""

    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    company = forms.CharField(label=_("Company"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), required=False, max_length=10)
    time_zone = forms.CharField(label=_("Time zone"), required=False, max_length=60, validators=[validate_time_zone])


class PreferenceForm(forms.Form):
    """What a customer prefers on one topic."""

    topic = forms.CharField(label=_("Topic"), max_length=40)
    value = forms.CharField(label=_("Preference"), max_length=120)


class MergeForm(forms.Form):
    """The two public ids; the view finds the rows."""

    survivor = forms.UUIDField()
    merged = forms.UUIDField()
    although_apart = forms.BooleanField(required=False)


class ApartForm(forms.Form):
    """The other customer's public id, and whether it is taken back that the two are two."""

    other = forms.UUIDField()
    take_back = forms.BooleanField(required=False)


class EraseForm(forms.Form):
    """A confirmation that cannot be given by a slip."""

    is_sure = forms.BooleanField(label=_("Erase for good. This cannot be undone."))
