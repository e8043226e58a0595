"""A line's form: what every line has, and what its adapter says it has to be told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel import egress
from ccx.kernel.mail import CONTROL
from ccx.kernel.models import User
from interactions.calls.models import IvrFlow
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Field, Words
from interactions.channels.models import Inbox
from interactions.channels.services import CONSENT
from interactions.customers.choices import IdentityKind, normalise_identity
from interactions.routing.models import BusinessHours, Queue

MOST_LINES: Final = 200
LARGEST_NUMBER: Final = 65_535
KINDS: Final[Mapping[str, tuple[type[forms.Field], Mapping[str, Any]]]] = {
    "text": (forms.CharField, {"max_length": 500}),
    "lines": (forms.CharField, {"max_length": 20_000}),
    "bool": (forms.BooleanField, {}),
    "choice": (forms.ChoiceField, {}),
    "number": (forms.IntegerField, {"min_value": 0, "max_value": LARGEST_NUMBER}),
    "url": (forms.URLField, {"assume_scheme": "https", "max_length": 500}),
    "email": (forms.EmailField, {"max_length": 254}),
}
NUMBERED: Final = {Channel.VOICE, Channel.SMS, Channel.WHATSAPP}
# Lines that answer by themselves need no other line to do it.
# Whose form has it signs in by a person's consent.
CLIENT_ID: Final = "oauth.client_id"
PROVIDER: Final = "at_oauth__provider"
SIGN_INS: Final = ("at_imap__sign_in", "at_smtp__sign_in")
ANSWERED_BY_MAIL: Final = {Channel.CHAT, Channel.WEB_FORM, Channel.VOICE, Channel.API}


@dataclass(frozen=True, kw_only=True)
class Section:
    """Fields that belong together; `rare` ones stand folded away until one is filled in, or wrong."""

    key: str
    title: str
    fields: Sequence[BoundField]
    rare: Sequence[BoundField] = ()
    is_open: bool = False
    is_consent: bool = False


class LineForm(forms.Form):
    """Secrets go in and never come out: a field of one that is kept stands empty and says so."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("As your people know it, for example Support by mail."),
    )
    address = forms.CharField(label=gettext_lazy("Address"), max_length=254, required=False)
    default_queue = forms.ModelChoiceField(
        label=gettext_lazy("Queue"),
        queryset=Queue.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: whoever is free"),
    )
    business_hours = forms.ModelChoiceField(
        label=gettext_lazy("Business hours"),
        queryset=BusinessHours.objects.none(),
        required=False,
        empty_label=gettext_lazy("Always open"),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("A contact's day is a day of this calendar."),
    )
    reply_inbox = forms.ModelChoiceField(
        label=gettext_lazy("Answers go out by mail over"),
        queryset=Inbox.objects.none(),
        required=False,
        empty_label=gettext_lazy("No line"),
        help_text=gettext_lazy("Where this line cannot reach the customer any more, this one does."),
    )
    flow = forms.ModelChoiceField(
        label=gettext_lazy("Menu"),
        queryset=IvrFlow.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: callers wait in the queue"),
        help_text=gettext_lazy("What a caller hears before an agent."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        channel: Channel,
        adapter: Adapter | None,
        inbox: Inbox | None,
        kept: Collection[str] = (),
        viewer: User,
    ) -> None:
        super().__init__(data, initial=_initial(inbox))
        self.channel, self.inbox, self.kept = channel, inbox, frozenset(kept)
        self.specs = tuple(adapter.fields()) if adapter is not None else ()
        self._choose(viewer)
        self._fit_address()
        for spec in self.specs:
            self.fields[_key(spec)] = self._field(spec)
            if spec.kind == "secret" and not spec.is_required and spec.name in self.kept:
                label = _("Forget what is kept as “%(label)s”") % {"label": spec.label}
                self.fields[_forget_key(spec)] = forms.BooleanField(label=label, required=False)

    @property
    def has_consent(self) -> bool:
        """Whether such a line may sign in by a person's consent."""
        return any(spec.name == CLIENT_ID for spec in self.specs)

    def sections(self) -> list[Section]:
        """The line's own fields first, then its adapter's in groups, in their order."""
        groups: dict[str, list[Field]] = {"": []}
        for spec in self.specs:
            groups.setdefault(str(spec.group), []).append(spec)
        loose = groups.pop("")
        own = [self[name] for name in self.base_fields if name in self.fields and name != "time_zone"]
        zone = [self["time_zone"]]
        if any(spec.is_required for spec in loose):
            found = [self._section("line", _("The line"), (), own, zone)]
            found.append(self._section("needed", _("What it needs to work"), loose))
        else:
            found = [self._section("line", _("The line"), loose, own, zone)]
        return found + [
            self._section(f"group-{number}", title, specs)
            for number, (title, specs) in enumerate(groups.items(), start=1)
        ]

    def _section(
        self,
        key: str,
        title: str,
        specs: Sequence[Field],
        own: Sequence[BoundField] = (),
        own_rare: Sequence[BoundField] = (),
    ) -> Section:
        rare = [spec for spec in specs if spec.is_rare]
        forgetting = [self[_forget_key(spec)] for spec in specs if _forget_key(spec) in self.fields]
        fields = [*own_rare, *self._bound(rare), *forgetting]
        return Section(
            key=key,
            title=title,
            fields=[*own, *self._bound(spec for spec in specs if not spec.is_rare)],
            rare=fields,
            is_open=any(field.errors for field in fields) or any(map(self._is_used, rare)),
            is_consent=any(spec.name == CLIENT_ID for spec in specs),
        )

    def _is_used(self, spec: Field) -> bool:
        if spec.kind == "secret":
            return spec.name in self.kept
        return _value(spec, self.inbox) not in {spec.default, "", None}

    def clean_address(self) -> str:
        """An address of mail is one; a number is kept as the world writes it."""
        given: str = self.cleaned_data["address"].strip()
        if given.startswith("+") and self.channel in NUMBERED:
            try:
                return normalise_identity(IdentityKind.PHONE, given)
            except ValueError:
                raise ValidationError(_("This is no number as the world writes it, like +4930123456.")) from None
        return given

    def clean(self) -> dict[str, Any]:
        """A name is one line, a user has a server, and what is called is no machine of our own network."""
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            is_line = isinstance(field, forms.CharField) and not isinstance(field.widget, forms.Textarea)
            if is_line and CONTROL.search(cleaned.get(name) or ""):
                self.add_error(name, _("It must be one line."))
        uses_consent = self.has_consent and any(cleaned.get(name) == "token" for name in SIGN_INS)
        if uses_consent and not cleaned.get(PROVIDER):
            self.add_error(PROVIDER, _("Choose the provider whose consent opens the mailbox."))
        for spec in self.specs:
            group, _dot, last = spec.name.partition(".")
            if last == "host" and cleaned.get(f"at_{group}__user") and not cleaned.get(_key(spec)):
                self.add_error(_key(spec), _("Name the server that this user belongs to."))
            if last == "host" and _key(spec) in self.changed_data:
                self._ask_secrets_again(spec, cleaned)
            if spec.kind == "url" and cleaned.get(_key(spec)):
                try:
                    egress.vet(cleaned[_key(spec)])
                except egress.AddressIsRefusedError as error:
                    self.add_error(_key(spec), _("This address cannot be called: %(why)s") % {"why": error})
        return cleaned

    def _ask_secrets_again(self, server: Field, cleaned: Mapping[str, Any]) -> None:
        """What is kept was given for one server; who names another could have it sent there, and read it."""
        for spec in self.specs:
            is_its = spec.kind == "secret" and spec.group == server.group and spec.name in self.kept
            if is_its and not cleaned.get(_key(spec)) and not cleaned.get(_forget_key(spec)):
                told = _("The server is another one: enter “%(label)s” again.") % {"label": spec.label}
                self.add_error(_key(spec), told)

    def values(self) -> dict[str, Any]:
        """Fields of the model. What others keep in the settings stays."""
        given = self.cleaned_data
        values: dict[str, Any] = {name: given[name] for name in self.base_fields if name in self.fields}
        settings = dict(self.inbox.settings) if self.inbox is not None else {}
        for spec in self.specs:
            if spec.kind != "secret":
                is_same = spec.kind == "lines" and _key(spec) not in self.changed_data
                told = _kept(spec, self.inbox) if is_same else _plain(spec, given[_key(spec)])
                settings = _put(settings, spec.name.split("."), told)
        return {**values, "settings": settings}

    def credentials(self) -> dict[str, str]:
        """The secrets that were written now; empty ones are to be forgotten.

        With a new one goes what was made of the old ones (a token that a provider gave for them), but no consent.
        """
        written = {}
        for spec in self.specs:
            if spec.kind == "secret" and self.cleaned_data.get(_key(spec)):
                written[spec.name] = self.cleaned_data[_key(spec)]
            elif self.cleaned_data.get(_forget_key(spec)):
                written[spec.name] = ""
        made = self.kept - {spec.name for spec in self.specs} - {CONSENT} if written else frozenset()
        return {**dict.fromkeys(made, ""), **written}

    def _bound(self, specs: Any) -> list[BoundField]:
        return [self[_key(spec)] for spec in specs]

    def _choose(self, viewer: User) -> None:
        """What may be chosen, and no field that would mean nothing on this channel."""
        chosen = self.inbox
        lines = Inbox.objects.visible_to(viewer).filter(channel=Channel.EMAIL)
        _fill(self, "default_queue", Queue.objects.visible_to(viewer))
        _fill(self, "business_hours", BusinessHours.objects.order_by("name"))
        _fill(self, "reply_inbox", lines.exclude(pk=chosen.pk) if chosen is not None else lines)
        _fill(self, "flow", IvrFlow.objects.order_by("name"))
        zones = cast(forms.ChoiceField, self.fields["time_zone"])
        zones.choices = [("", _("The centre's")), *((zone, zone) for zone in sorted(available_timezones()))]
        if self.channel != Channel.VOICE:
            del self.fields["flow"]
        if self.channel not in ANSWERED_BY_MAIL:
            del self.fields["reply_inbox"]

    def _fit_address(self) -> None:
        if self.channel == Channel.EMAIL:
            self.fields["address"] = forms.EmailField(
                label=_("E-mail address"),
                max_length=254,
                help_text=_("Customers write to it, and answers come from it."),
            )
        elif self.channel in NUMBERED:
            self.fields["address"].label = _("Number")
            self.fields["address"].help_text = _("As the world writes it: +4930123456.")
        elif self.channel in {Channel.CHAT, Channel.WEB_FORM}:
            del self.fields["address"]
        else:
            self.fields["address"].help_text = _("As customers know it; only shown.")

    def _field(self, spec: Field) -> forms.Field:
        if spec.kind == "secret":
            return self._secret(spec)
        shared: dict[str, Any] = {"label": spec.label, "help_text": _help(spec.help), "required": spec.is_required}
        shared["initial"] = _value(spec, self.inbox)
        field, more = KINDS.get(spec.kind, KINDS["text"])
        if spec.kind == "bool":
            shared["required"] = False
        if spec.kind == "choice":
            shared["choices"] = list(spec.choices)
        if spec.kind == "lines":
            shared["widget"] = forms.Textarea(attrs={"rows": 4})
        return field(**shared, **more)

    def _secret(self, spec: Field) -> forms.Field:
        is_kept = spec.name in self.kept
        told = [_("One is kept, encrypted. Leave this empty to keep it.")] if is_kept else []
        return forms.CharField(
            label=cast(Any, spec.label),
            required=spec.is_required and not is_kept,
            strip=False,
            max_length=8000,
            widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
            help_text=" ".join([*told, _help(spec.help)]).strip(),
        )


def _fill(form: forms.Form, name: str, rows: Any) -> None:
    cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = rows


def _key(spec: Field) -> str:
    return f"at_{spec.name.replace('.', '__')}"


def _forget_key(spec: Field) -> str:
    return f"forget_{spec.name.replace('.', '__')}"


def _help(words: Words) -> str:
    """An adapter writes text, and the field shows markup."""
    return escape(str(words)) if words else ""


def _initial(inbox: Inbox | None) -> dict[str, Any]:
    if inbox is None:
        return {}
    names = ("name", "address", "default_queue", "business_hours", "time_zone", "reply_inbox", "flow")
    return {name: getattr(inbox, name) for name in names}


def _kept(spec: Field, inbox: Inbox | None) -> Any:
    told: Any = inbox.settings if inbox is not None else {}
    for part in spec.name.split("."):
        told = told.get(part) if isinstance(told, Mapping) else None
    return told


def _value(spec: Field, inbox: Inbox | None) -> Any:
    """What is kept, as the field shows it."""
    told = _kept(spec, inbox)
    if told is None:
        return spec.default
    if spec.kind == "lines":
        return "\n".join(map(_in_words, told)) if isinstance(told, list | tuple) else str(told)
    return told


def _in_words(one: Any) -> str:
    """A line of a list; one that was written as data by its words. Left as it is, it stays data."""
    if not isinstance(one, Mapping):
        return str(one)
    star = " *" if one.get("required") else ""
    choices = one.get("choices")
    options = ", ".join(map(str, choices)) if isinstance(choices, list | tuple) else ""
    return f"{one.get('label') or one.get('name') or ''}{star}" + (f": {options}" if options else "")


def _plain(spec: Field, given: Any) -> Any:
    """A field's value as the settings keep it; None where there is nothing to keep."""
    if spec.kind == "bool":
        return bool(given)
    if spec.kind == "lines":
        return [line.strip() for line in str(given).splitlines() if line.strip()][:MOST_LINES] or None
    return given if given not in {"", None} else None


def _put(settings: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """The settings with this value at its place; a group that has nothing left goes with its last value."""
    first, *rest = path
    inner = settings.get(first)
    if rest:
        value = _put(inner if isinstance(inner, Mapping) else {}, rest, value) or None
    others = {name: told for name, told in settings.items() if name != first}
    return others if value is None else {**others, first: value}
