"""What people fill in about customers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from interactions.customers.models import Customer, CustomerNote, Preference


class SearchForm(forms.Form):
    """What one has at hand of a customer."""

    q = forms.CharField(label=_("Name, address, phone digits or id"), required=False, max_length=254)


class NoteForm(forms.ModelForm[CustomerNote]):
    """A note on a customer."""

    class Meta:
        model = CustomerNote
        fields = ["body"]
        labels = {"body": _("Note")}
        widgets = {"body": forms.Textarea(attrs={"rows": 3})}


class ProfileForm(forms.ModelForm[Customer]):
    """The fields of a profile that people may change."""

    class Meta:
        model = Customer
        fields = ["name", "company", "language", "time_zone"]


class PreferenceForm(forms.ModelForm[Preference]):
    """What a customer prefers on one topic."""

    class Meta:
        model = Preference
        fields = ["topic", "value"]
        labels = {"topic": _("Topic"), "value": _("Preference")}


class MergeForm(forms.Form):
    """The two public ids; the view finds the rows."""

    survivor = forms.UUIDField(widget=forms.HiddenInput)
    merged = forms.UUIDField(widget=forms.HiddenInput)


class EraseForm(forms.Form):
    """A confirmation that cannot be given by a slip."""

    is_sure = forms.BooleanField(label=_("Erase for good. This cannot be undone."))
