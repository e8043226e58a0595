"""A form's fields as rows that are added, ordered and taken away; nothing of it is kept before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from interactions.doors.models import WebForm

MOST_ROWS: Final = 30
MOST_CHOICES: Final = 50
# What is known of the customer has one place each, and the name of its kind.
ONCE: Final = ("name", "subject")
KINDS: Final = (
    ("name", gettext_lazy("Customer's name")),
    ("email", gettext_lazy("E-mail address")),
    ("tel", gettext_lazy("Telephone number")),
    ("subject", gettext_lazy("Subject")),
    ("text", gettext_lazy("Short text")),
    ("textarea", gettext_lazy("Long text")),
    ("select", gettext_lazy("Choice of a list")),
    ("checkbox", gettext_lazy("Box to tick")),
)


class FormSettings(forms.Form):
    """What a form says around its fields."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=50,
        help_text=gettext_lazy("The last part of the form's address: small letters, digits and hyphens."),
    )
    intro = forms.CharField(
        label=gettext_lazy("Introduction"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    thanks = forms.CharField(
        label=gettext_lazy("Thanks"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Shown when it was sent. Empty: that we have it and will answer."),
    )
    takes_files = forms.BooleanField(
        label=gettext_lazy("Customers may attach files"),
        required=False,
        help_text=gettext_lazy("Up to five, of up to 10 MB each."),
    )
    confirms = forms.BooleanField(
        label=gettext_lazy("Confirm by e-mail"),
        required=False,
        help_text=gettext_lazy(
            "A short mail says that it arrived. It repeats nothing that was written, for anybody can enter any address."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One field as it is edited. `key` is its name once it has one, and a number of ours before."""

    key: str
    label: str = ""
    kind: str = "text"
    is_required: bool = False
    choices: str = ""
    error: str = ""


def rows_of(web_form: WebForm) -> list[FieldRow]:
    """The fields as they are kept."""
    return [
        FieldRow(
            key=str(spec["name"]),
            label=str(spec.get("label") or spec["name"]),
            kind=_kind(spec),
            is_required=bool(spec.get("required")),
            choices="\n".join(map(_words, spec.get("choices") or [])),
        )
        for spec in web_form.fields
        if isinstance(spec, dict) and spec.get("name")
    ]


def first_rows() -> list[FieldRow]:
    """What a new form begins with."""
    return [
        FieldRow(key="name", label=_("Your name"), kind="name", is_required=True),
        FieldRow(key="email", label=_("E-mail"), kind="email", is_required=True),
        FieldRow(key="message", label=_("How can we help?"), kind="textarea", is_required=True),
    ]


def rows_given(data: QueryDict) -> list[FieldRow]:
    """The rows as they were sent, in the order in which they stood."""
    kinds = dict(KINDS)
    found = []
    for key in dict.fromkeys(data.getlist("row")[:MOST_ROWS]):
        kind = data.get(f"kind-{key}", "text")
        found.append(
            FieldRow(
                key=key[:60],
                label=data.get(f"label-{key}", "").replace("\0", "").strip()[:120],
                kind=kind if kind in kinds else "text",
                is_required=f"required-{key}" in data,
                choices=data.get(f"choices-{key}", "").replace("\0", "")[:5000],
            )
        )
    return found


def changed(rows: Sequence[FieldRow], what: str) -> list[FieldRow]:
    """The rows after one press: add, or up, down, remove with a row's key behind a colon."""
    verb, _colon, key = what.partition(":")
    found = list(rows)
    if verb == "add":
        return [*found, FieldRow(key=f"new-{uuid4().hex[:8]}")] if len(found) < MOST_ROWS else found
    place = next((place for place, row in enumerate(found) if row.key == key), None)
    if place is None:
        return found
    row = found.pop(place)
    if verb != "remove":
        found.insert(max(0, place + (-1 if verb == "up" else 1)), row)
    return found


def judged(rows: Sequence[FieldRow]) -> list[FieldRow]:
    """The rows with what is wrong with each."""
    seen: set[str] = set()
    found = []
    for row in rows:
        error = ""
        if not row.label:
            error = _("Say what is asked.")
        elif row.kind == "select" and len(_options(row)) < 2:
            error = _("Give at least two choices, one a line.")
        elif row.kind in ONCE and row.kind in seen:
            error = _("This is asked once only.")
        seen.add(row.kind)
        found.append(replace(row, error=error))
    return found


def fields_of(rows: Sequence[FieldRow], *, before: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows as they are kept; a field keeps its name, and what this page does not show of it."""
    known = {str(spec["name"]): spec for spec in before if isinstance(spec, Mapping) and spec.get("name")}
    taken = {row.key for row in rows if row.key in known} | set(ONCE)
    found = []
    for row in rows:
        spec = dict(known.get(row.key, {}))
        name = _name(row, known, taken)
        taken.add(name)
        spec |= {"name": name, "label": row.label, "required": row.is_required}
        spec["kind"] = "text" if row.kind in ONCE else row.kind
        spec.pop("choices", None)
        if row.kind == "select":
            spec["choices"] = _options(row)
        found.append(spec)
    return found


def _name(row: FieldRow, known: Mapping[str, Any], taken: set[str]) -> str:
    if row.kind in ONCE:
        return row.kind
    if row.key in known and row.key not in ONCE:
        return row.key
    name = base = slugify(row.label).replace("-", "_")[:40] or "field"
    number = 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _options(row: FieldRow) -> list[str]:
    return [line.strip()[:200] for line in row.choices.splitlines() if line.strip()][:MOST_CHOICES]


def _kind(spec: Mapping[str, Any]) -> str:
    kind, name = str(spec.get("kind", "text")), str(spec["name"])
    if kind == "text" and name in ONCE:
        return name
    return kind if kind in dict(KINDS) else "text"


def _words(option: Any) -> str:
    if isinstance(option, Mapping):
        return str(option.get("label") or option.get("value", ""))
    return str(option[-1]) if isinstance(option, list | tuple) and option else str(option)
