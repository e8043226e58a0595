"""A public form as its inbox's owner configured it, and the marks that tell people from machines."""

from typing import Any, Final
from uuid import uuid4

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from interactions.doors.models import WebForm

SALT: Final = "web form"
MAX_LENGTHS: Final = {"text": 200, "email": 254, "tel": 40, "textarea": 20_000}
# A person needs a moment to write, and no person needs a day.
MIN_SECONDS: Final = 3
MAX_SECONDS: Final = 24 * 3600
# Hidden from people; what fills every field fills these too.
TRAP: Final = "website"
TICKET: Final = "ticket"


def new_ticket(web_form: WebForm) -> str:
    """A signed number for one filling of one form: sent twice, it is one contact."""
    return signing.dumps([web_form.pk, uuid4().hex], salt=SALT)


def number_of(web_form: WebForm, ticket: str) -> str | None:
    """The number on a ticket of this form that is not too old; None for any other."""
    try:
        form_id, number = signing.loads(ticket[:300], salt=SALT, max_age=MAX_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(number) if form_id == web_form.pk else None


def is_hasty(ticket: str) -> bool:
    """Filled in faster than anybody reads."""
    try:
        signing.loads(ticket[:300], salt=SALT, max_age=MIN_SECONDS)
    except signing.SignatureExpired:
        return False
    except signing.BadSignature:
        return True
    return True


class ContactForm(forms.Form):
    """The configured fields, in their order."""

    def __init__(self, *args: Any, web_form: WebForm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": "field-%s"})
        self.specs = [spec for spec in web_form.fields if isinstance(spec, dict) and spec.get("name")]
        for spec in self.specs:
            self.fields[f"f_{spec['name']}"] = _field(spec)

    def answers(self) -> list[tuple[dict[str, Any], Any]]:
        """Each field's configuration and what was given."""
        return [(spec, self.cleaned_data.get(f"f_{spec['name']}")) for spec in self.specs]


def _field(spec: dict[str, Any]) -> forms.Field:
    kind = str(spec.get("kind", "text"))
    shared: dict[str, Any] = {"label": str(spec.get("label") or spec["name"]), "required": bool(spec.get("required"))}
    if kind == "checkbox":
        return forms.BooleanField(**shared)
    if kind == "select":
        options = [_option(option) for option in spec.get("choices") or []]
        return forms.ChoiceField(choices=[("", _("Please choose")), *options], **shared)
    limit = min(int(spec.get("max_length") or MAX_LENGTHS.get(kind, 200)), MAX_LENGTHS.get(kind, 200))
    if kind == "email":
        return forms.EmailField(max_length=limit, widget=forms.EmailInput(attrs={"autocomplete": "email"}), **shared)
    if kind == "tel":
        widget: forms.Widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    elif kind == "textarea":
        widget = forms.Textarea(attrs={"rows": 6})
    else:
        widget = forms.TextInput(attrs={"autocomplete": "name"} if spec["name"] == "name" else {})
    return forms.CharField(max_length=limit, widget=widget, **shared)


def _option(option: Any) -> tuple[str, str]:
    if isinstance(option, dict):
        return str(option.get("value", "")), str(option.get("label") or option.get("value", ""))
    if isinstance(option, list | tuple) and len(option) == 2:
        return str(option[0]), str(option[1])
    return str(option), str(option)
