"""What is posted to the desk."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ccx.kernel.models import User
from interactions.channels.models import Inbox
from interactions.desk.choices import REASONS_OF
from interactions.desk.selectors.handing_over import moment_of
from interactions.handling.choices import After
from interactions.handling.models import PresenceState
from interactions.handling.selectors.choosing import Going
from interactions.handling.services import Along

LONGEST = 100_000
MOST_FILES = 20
MOST_PARAMETERS = 30


class WrittenForm(forms.Form):
    """Words, and the id they are kept and sent under."""

    # Browsers send line ends their own way; leading space may be meant.
    body = forms.CharField(max_length=LONGEST, required=False, strip=False)
    draft_id = forms.UUIDField()

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n").replace("\x00", "")


class FilesField(forms.Field):
    """The public ids of files that stand beside the words."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> tuple[UUID, ...]:
        found = [uuid_of(one) for one in value or ()]
        if None in found or len(found) > MOST_FILES:
            raise forms.ValidationError(_("A file of this message is not here any more; attach it again."))
        return tuple(one for one in found if one is not None)


class NoteForm(WrittenForm):
    """A note, with what is attached to it."""

    file = FilesField(required=False)


class ReplyForm(NoteForm):
    """A reply: what its author had seen, what is to become of the contact, and how it is to go."""

    seen = forms.CharField(max_length=60, required=False)
    then = forms.ChoiceField(choices=After.choices, required=False)
    inbox = forms.ModelChoiceField(queryset=Inbox.objects.all(), to_field_name="public_id", required=False)
    identity = forms.IntegerField(min_value=1, required=False)
    chat = forms.ModelChoiceField(queryset=Inbox.objects.all(), to_field_name="public_id", required=False)
    template = forms.CharField(max_length=200, required=False)
    copies = forms.CharField(max_length=4000, required=False)
    later = forms.CharField(max_length=20, required=False)
    later_at = forms.DateTimeField(required=False)

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        self._user, self._parameters = user, data.getlist("parameter")[:MOST_PARAMETERS]

    def clean_then(self) -> After:
        return After(self.cleaned_data["then"] or After.STAY)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        later = said.get("later")
        if later:
            said["send_at"] = said.get("later_at") if later == "custom" else moment_of(later, self._user)
            if said["send_at"] is None:
                self.add_error("later", _("Say on which day and at what time it is to leave."))
        return said

    @property
    def going(self) -> Going:
        """How it is to go. A moment to leave at, once a reply waits for it, is the contact's too."""
        said = self.cleaned_data
        name, _bar, language = said["template"].rpartition("|")
        return Going(
            inbox_id=said["inbox"].pk if said["inbox"] else None,
            identity_id=said["identity"],
            files=said["file"],
            template={"name": name, "language": language, "parameters": self._parameters} if name else {},
            copies=tuple(re.split(r"[,;\s]+", said["copies"])) if said["copies"] else (),
            send_at=said.get("send_at"),
            chat_line_id=said["chat"].pk if said["chat"] else None,
        )


class WayForm(forms.Form):
    """A line and an address of the customer."""

    inbox = forms.ModelChoiceField(queryset=Inbox.objects.all(), to_field_name="public_id")
    identity = forms.IntegerField(min_value=1)


class FileForm(forms.Form):
    """A file that is to go along with what is being written."""

    file = forms.FileField(allow_empty_file=True)
    draft_id = forms.UUIDField()
    kind = forms.CharField(max_length=10, required=False)


class DraftForm(WrittenForm):
    """What is being written, with the template, the chat that is offered and the moment that were chosen for it."""

    is_note = forms.BooleanField(required=False)
    template = forms.CharField(max_length=200, required=False)
    chat = forms.UUIDField(required=False)
    later_at = forms.CharField(max_length=40, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self._parameters = data.getlist("parameter")[:MOST_PARAMETERS]

    @property
    def along(self) -> Along:
        """A moment that is half typed is none yet."""
        said = self.cleaned_data
        name, _bar, language = said["template"].rpartition("|")
        parameters = [one[:500] for one in self._parameters]
        template: dict[str, Any] = {"name": name, "language": language, "parameters": parameters} if name else {}
        if not name and said["chat"]:
            template = {"chat": str(said["chat"])}
        try:
            send_at = forms.DateTimeField(required=False).clean(said["later_at"])
        except forms.ValidationError:
            send_at = None
        return Along(template=template, send_at=send_at)


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
