"""What an agent fills in beside a conversation, at its end, and when it is handed over."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.models import User
from interactions.cases.models import ContactReason, Disposition, Interaction
from interactions.desk.selectors.handing_over import find_target, moment_of
from interactions.desk.selectors.wrapping import reason_paths

LATEST: Final = timedelta(days=366)
ANSWERS: Final = [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Do not know"))]
MEANINGS: Final = {"yes": True, "no": False}


def _in_time(moment: datetime) -> datetime:
    """Refuses what is past, and what nobody will remember."""
    now = timezone.now()
    if moment <= now:
        raise ValidationError(_("This moment is past."))
    if moment > now + LATEST:
        raise ValidationError(_("This is more than a year away."))
    return moment


class PromiseForm(forms.Form):
    """What we will do, by when."""

    body = forms.CharField(
        label=_("What we promise"), max_length=300, error_messages={"required": _("Say what we promise.")}
    )
    due_at = forms.DateTimeField(label=_("By when"), error_messages={"required": _("Say by when.")})

    def clean_due_at(self) -> datetime:
        return _in_time(self.cleaned_data["due_at"])


class WrapUpForm(forms.Form):
    """What was in a contact. `is_resolved` wants an answer; "do not know" is one."""

    reason = forms.UUIDField(
        label=_("Reason"),
        error_messages={"required": _("Choose a reason."), "invalid": _("Choose a reason from the list.")},
    )
    disposition = forms.UUIDField(label=_("Outcome"), required=False)
    is_resolved = forms.ChoiceField(
        label=_("Is it resolved?"),
        choices=ANSWERS,
        error_messages={"required": _("Say whether it is resolved. “Do not know” is an answer.")},
    )
    was_avoidable = forms.ChoiceField(label=_("Could this contact have been avoided?"), choices=ANSWERS, required=False)
    next_step = forms.CharField(label=_("Next step"), max_length=300, required=False)
    next_step_at = forms.DateTimeField(label=_("By when"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A centre without a tree of reasons must still be able to finish.
        self._paths = reason_paths() if self.is_bound else {}
        self.fields["reason"].required = bool(self._paths)

    def clean_reason(self) -> ContactReason | None:
        wanted = self.cleaned_data["reason"]
        if wanted is None:
            return None
        found = next((row.reason for row in self._paths.values() if row.reason.public_id == wanted), None)
        if found is None:
            raise ValidationError(_("This reason is no longer in use. Choose another."))
        return found

    def clean_disposition(self) -> Disposition | None:
        wanted = self.cleaned_data["disposition"]
        if wanted is None:
            return None
        found = Disposition.objects.filter(is_active=True, public_id=wanted).first()
        if found is None:
            raise ValidationError(_("This outcome is no longer in use. Choose another."))
        return found

    def clean_next_step_at(self) -> datetime | None:
        moment = self.cleaned_data["next_step_at"]
        return _in_time(moment) if moment else None

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("next_step") and not said.get("next_step_at") and "next_step_at" not in self.errors:
            self.add_error("next_step_at", _("Say by when; it becomes a promise."))
        if said.get("next_step_at") and not said.get("next_step"):
            self.add_error("next_step", _("Say what the next step is."))
        return said

    def spoken(self) -> dict[str, Any]:
        """What the services are told."""
        said = self.cleaned_data
        return {
            "reason": said["reason"],
            "disposition": said["disposition"],
            "is_resolved": MEANINGS.get(said["is_resolved"]),
            "was_avoidable": MEANINGS.get(said["was_avoidable"]),
        }


class TransferForm(forms.Form):
    """Where to, and what the next one should know."""

    to = forms.CharField(label=_("Where to"), error_messages={"required": _("Choose a queue or a person.")})
    note = forms.CharField(label=_("Hand-over note"), max_length=5_000, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, interaction: Interaction, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._interaction, self._user = interaction, user

    def clean_to(self) -> Any:
        found = find_target(self.cleaned_data["to"], self._interaction, self._user)
        if found is None:
            raise ValidationError(_("This contact cannot go there any more. Choose again."))
        return found


class ConsultForm(forms.Form):
    """Whom to ask while the customer waits: a colleague, or somebody by their number."""

    to = forms.CharField(label=_("Colleague"), required=False)
    number = forms.CharField(label=_("Or a number"), max_length=32, required=False)

    def __init__(self, *args: Any, interaction: Interaction, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._interaction, self._user = interaction, user

    def clean_to(self) -> User | None:
        if not self.cleaned_data["to"]:
            return None
        found = find_target(self.cleaned_data["to"], self._interaction, self._user)
        if not isinstance(found, User):
            raise ValidationError(_("They cannot be asked any more. Choose again."))
        return found

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("number"):
            said["to"] = None
        elif not said.get("to") and "to" not in self.errors:
            self.add_error("to", _("Choose a colleague, or type a number."))
        return said


class DialForm(forms.Form):
    """Which of the customer's numbers to call; none: the one we are surest of."""

    identity = forms.IntegerField(required=False)


class SnoozeForm(forms.Form):
    """One of the hours people mean, or one of their own."""

    choice = forms.CharField(label=_("Until"), error_messages={"required": _("Choose until when.")})
    custom = forms.DateTimeField(label=_("Day and time"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_custom(self) -> datetime | None:
        moment = self.cleaned_data["custom"]
        return _in_time(moment) if moment and self.data.get("choice") == "custom" else None

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("choice") == "custom":
            said["until"] = said.get("custom")
            if said["until"] is None and "custom" not in self.errors:
                self.add_error("custom", _("Say which day and time."))
        elif said.get("choice"):
            said["until"] = moment_of(said["choice"], self._user)
            if said["until"] is None or said["until"] <= timezone.now():
                self.add_error("choice", _("This hour is past. Choose another."))
        return said


class SearchForm(forms.Form):
    """What one has at hand."""

    q = forms.CharField(required=False, max_length=200)
