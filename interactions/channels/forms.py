"""A line and its mail servers on one page. Passwords can be written and never read."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from ccx.kernel.mail import CONTROL
from interactions.channels.models import Inbox

SECURITIES: Final = [("tls", _("TLS")), ("starttls", _("STARTTLS")), ("none", _("None (on one's own machine only)"))]
KINDS: Final = ("imap", "smtp")
PASSWORDS: Final = tuple(f"{kind}_password" for kind in KINDS)
LINE_FIELDS: Final = (
    "name",
    "channel",
    "address",
    "time_zone",
    "default_queue",
    "business_hours",
    "reply_inbox",
    "is_active",
)
SERVER: Final = ("host", "port", "security", "user", "password")
IMAP_FIELDS: Final = tuple(f"imap_{name}" for name in (*SERVER, "folder", "start"))
SMTP_FIELDS: Final = tuple(f"smtp_{name}" for name in SERVER)


def _password() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep the one there is."),
    )


class InboxForm(forms.ModelForm):  # type: ignore[type-arg]
    """The settings of a line by names instead of as JSON."""

    from_name = forms.CharField(label=_("Name of sender"), required=False, max_length=120)
    authserv_id = forms.CharField(
        label=_("Name of our checking server"),
        required=False,
        max_length=120,
        help_text=_("Senders that it passes in Authentication-Results are attested; empty: none are."),
    )
    imap_host = forms.CharField(label=_("Server"), required=False, max_length=253)
    imap_port = forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65535)
    imap_security = forms.ChoiceField(label=_("Security"), choices=SECURITIES, required=False)
    imap_user = forms.CharField(label=_("User"), required=False, max_length=254)
    imap_password = _password()
    imap_folder = forms.CharField(label=_("Folder"), required=False, max_length=200, help_text=_("Empty: INBOX"))
    imap_start = forms.BooleanField(label=_("Take in mail that is there already"), required=False)
    smtp_host = forms.CharField(
        label=_("Server"), required=False, max_length=253, help_text=_("Empty: the installation's own server")
    )
    smtp_port = forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65535)
    smtp_security = forms.ChoiceField(label=_("Security"), choices=SECURITIES, required=False)
    smtp_user = forms.CharField(label=_("User"), required=False, max_length=254)
    smtp_password = _password()

    class Meta:
        model = Inbox
        fields = LINE_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = self.instance.settings
        for name in ("from_name", "authserv_id"):
            self.fields[name].initial = told.get(name, "")
        for kind in KINDS:
            for name, value in (told.get(kind) or {}).items():
                if f"{kind}_{name}" in self.fields and name != "password":
                    self.fields[f"{kind}_{name}"].initial = value == "all" if name == "start" else value

    def clean(self) -> dict[str, Any]:
        """A server needs a user whose password can be asked for."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("name", "from_name"):
            if CONTROL.search(cleaned.get(name) or ""):
                self.add_error(name, _("It must be one line."))
        for kind in KINDS:
            if cleaned.get(f"{kind}_user") and not cleaned.get(f"{kind}_host"):
                self.add_error(f"{kind}_host", _("Name the server that this user belongs to."))
        return cleaned

    def save(self, commit: bool = True) -> Inbox:  # noqa: FBT001, FBT002 - Django's own signature
        """Put the named fields back into the settings; what others keep there stays."""
        given = self.cleaned_data
        settings = dict(self.instance.settings)
        for name in ("from_name", "authserv_id"):
            settings[name] = given[name]
        for kind, fields in (("imap", IMAP_FIELDS), ("smtp", SMTP_FIELDS)):
            named = {
                field.removeprefix(f"{kind}_"): given[field]
                for field in fields
                if field not in {*PASSWORDS, "imap_start"} and given[field]
            }
            others = {
                name: value for name, value in (settings.get(kind) or {}).items() if f"{kind}_{name}" not in fields
            }
            settings[kind] = {**others, **named} if named else {}
        if settings["imap"]:
            settings["imap"]["start"] = "all" if given["imap_start"] else "new"
        self.instance.settings = {name: value for name, value in settings.items() if value}
        inbox: Inbox = super().save(commit)
        return inbox

    def passwords(self) -> dict[str, str]:
        """Those that were written now."""
        return {name: self.cleaned_data[name] for name in PASSWORDS if self.cleaned_data.get(name)}
