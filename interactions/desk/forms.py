"""What is posted to the desk."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from interactions.desk.choices import REASONS_OF
from interactions.handling.choices import After
from interactions.handling.models import PresenceState

LONGEST = 100_000


class WrittenForm(forms.Form):
    """Words, and the id they are kept and sent under."""

    # Browsers send line ends their own way; leading space may be meant.
    body = forms.CharField(max_length=LONGEST, required=False, strip=False)
    draft_id = forms.UUIDField()

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n").replace("\x00", "")


class ReplyForm(WrittenForm):
    """A reply: what its author had seen, and what is to become of the contact."""

    seen = forms.CharField(max_length=60, required=False)
    then = forms.ChoiceField(choices=After.choices, required=False)

    def clean_then(self) -> After:
        return After(self.cleaned_data["then"] or After.STAY)


class DraftForm(WrittenForm):
    is_note = forms.BooleanField(required=False)


class TitleForm(forms.Form):
    """A case's title; spaces are put right."""

    title = forms.CharField(max_length=200, required=False)

    def clean_title(self) -> str:
        return " ".join(str(self.cleaned_data["title"]).split())


class PresenceForm(forms.Form):
    """A state, with its reason where it has any: "break:lunch"."""

    choice = forms.CharField(max_length=60)

    def clean_choice(self) -> tuple[PresenceState, str]:
        name, _colon, reason = str(self.cleaned_data["choice"]).partition(":")
        if name not in PresenceState.values or (reason and reason not in REASONS_OF[PresenceState(name)]):
            raise forms.ValidationError(_("There is no such state."))
        return PresenceState(name), reason


def uuid_of(text: Any) -> UUID | None:
    """A public id from an address, or nothing."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
