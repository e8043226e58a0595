"""Setting lines up. Their passwords are written by those who configure, read by what fetches and sends, and shown to
nobody. The audit log takes each change down by itself, but for the passwords.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from ccx.kernel.secrets import SecretIsUnreadableError, decrypt, encrypt, encrypt_anew
from interactions.channels.choices import Channel
from interactions.channels.errors import LineIsInUseError, LineIsNotRightError
from interactions.channels.events import CalendarChanged
from interactions.channels.models import NEVER, Inbox, LineHealth

FIELDS: Final = (
    *("name", "channel", "provider", "address", "time_zone", "default_queue", "business_hours", "reply_inbox"),
    *("flow", "settings", "is_active"),
)
# A consent is given to one application of one provider, and goes with it: no other one is shown what it gave.
APPLICATION: Final = ("provider", "client_id", "tenant", "authorize_url", "token_url")
GIVEN: Final = ("account", "consented_at")
CONSENT: Final = "oauth_refresh_token"
GIVEN_SECRETS: Final = (CONSENT, "oauth_access_token", "oauth_ends_at")
# What a line is cannot become something else: its contacts came over it as it was.
FOR_GOOD: Final = ("channel", "provider")


@transaction.atomic
def save_line(
    *, inbox_id: int | None, values: Mapping[str, Any], credentials: Mapping[str, str] | None = None, by: User | None
) -> Inbox:
    """Make a line or change one; `values` are fields of the model, `credentials` as keep_credentials takes them.

    What waits on a line that was down is tried again at once. Raises LineIsNotRightError.
    """
    require_configure(by)
    inbox = Inbox() if inbox_id is None else Inbox.objects.select_for_update().get(pk=inbox_id)
    before, zone_before = application_of(inbox), inbox.time_zone
    for name, value in values.items():
        if name not in FIELDS:
            raise ValueError(f"Not a field of a line: {name}")
        if inbox_id is not None and name in FOR_GOOD and getattr(inbox, name) != value:
            raise LineIsNotRightError(_("A line keeps its channel and its provider. Add another line instead."))
        setattr(inbox, name, value)
    _refuse_unless_right(inbox)
    if application_of(inbox) != before:
        inbox.settings = _without_consent(inbox.settings)
        credentials = dict.fromkeys(GIVEN_SECRETS, "") | dict(credentials or {})
    inbox.save()
    if inbox_id is not None and inbox.time_zone != zone_before:
        announce(CalendarChanged(inbox_id=inbox.pk), by_id=by.pk if by else None)
    if credentials:
        inbox = keep_credentials(inbox_id=inbox.pk, credentials=credentials, by=by)
    _try_again(inbox)
    return inbox


@transaction.atomic
def switch_line(*, inbox_id: int, is_active: bool, by: User | None) -> Inbox:
    """Open a line or close it; a closed one takes nothing in and sends nothing, and keeps all it has."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    inbox.is_active = is_active
    inbox.save(update_fields=["is_active"])
    return inbox


@transaction.atomic
def resume_line(*, inbox_id: int, by: User | None) -> Inbox:
    """Call a line's receiver again, which had been given up: what waits goes out, the first message alone."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    _try_again(inbox)
    return inbox


@transaction.atomic
def remove_line(*, inbox_id: int, by: User | None) -> None:
    """Take away a line over which nothing ever came. Raises LineIsInUseError."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    try:
        with transaction.atomic():
            inbox.delete()
    except (ProtectedError, RestrictedError):
        raise LineIsInUseError(
            _("Contacts came over this line, or another line counts on it. Switch it off instead.")
        ) from None


@transaction.atomic
def keep_templates(*, inbox_id: int, templates: Sequence[Mapping[str, Any]], by: User | None) -> Inbox:
    """Keep the messages that the line's provider has approved, instead of those that were kept."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    inbox.settings = {**inbox.settings, "templates": [dict(template) for template in templates]}
    inbox.save(update_fields=["settings"])
    return inbox


def _try_again(inbox: Inbox) -> None:
    """At once; a line that had been given up has its whole time again."""
    given_up = LineHealth.objects.filter(pk=inbox.pk, retry_at=NEVER)
    if not given_up.update(retry_at=None, failures=0, since=timezone.now()):
        LineHealth.objects.filter(pk=inbox.pk).update(retry_at=None)


def _refuse_unless_right(inbox: Inbox) -> None:
    if Inbox.objects.filter(name__iexact=inbox.name).exclude(pk=inbox.pk).exists():
        raise LineIsNotRightError(_("There is a line of that name already."), field="name")
    if inbox.reply_inbox is not None and inbox.reply_inbox.channel != Channel.EMAIL:
        raise LineIsNotRightError(_("Only an e-mail line can answer for another."), field="reply_inbox")
    if inbox.flow_id is not None and inbox.channel != Channel.VOICE:
        raise LineIsNotRightError(_("Only callers hear a menu."), field="flow")
    try:
        inbox.clean_fields(exclude=["settings", "credentials"])
    except ValidationError as error:
        raise LineIsNotRightError(" ".join(error.messages)) from error


@transaction.atomic
def keep_credentials(*, inbox_id: int, credentials: Mapping[str, str], by: User | None) -> Inbox:
    """Keep these beside what was kept; an empty value takes one away. What no key opens any more is worth nothing."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    try:
        before = credentials_of(inbox)
    except SecretIsUnreadableError:
        before = {}
    kept = {name: value for name, value in (before | dict(credentials)).items() if value}
    inbox.credentials = encrypt(json.dumps(kept)) if kept else ""
    inbox.save(update_fields=["credentials"])
    return inbox


@transaction.atomic
def keep_consent(*, inbox_id: int, credentials: Mapping[str, str], account: str, by: User | None) -> Inbox:
    """Keep what somebody's consent gave, and whose mailbox it is; what waits on the line is tried again at once."""
    inbox = keep_credentials(inbox_id=inbox_id, credentials=credentials, by=by)
    told = {"account": account, "consented_at": timezone.now().isoformat(timespec="seconds")}
    inbox.settings = {**inbox.settings, "oauth": {**_oauth(inbox.settings), **told}}
    inbox.save(update_fields=["settings"])
    LineHealth.objects.filter(pk=inbox.pk).update(retry_at=None)
    return inbox


@transaction.atomic
def forget_consent(*, inbox_id: int, by: User | None) -> Inbox:
    """Forget what a consent gave. At the provider it stands until somebody takes it back there."""
    inbox = keep_credentials(inbox_id=inbox_id, credentials=dict.fromkeys(GIVEN_SECRETS, ""), by=by)
    inbox.settings = _without_consent(inbox.settings)
    inbox.save(update_fields=["settings"])
    return inbox


def application_of(inbox: Inbox) -> tuple[str, ...]:
    """To which application of which provider a consent for this line is given."""
    return tuple(str(_oauth(inbox.settings).get(name) or "") for name in APPLICATION)


def _oauth(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    told = settings.get("oauth")
    return told if isinstance(told, dict) else {}


def _without_consent(settings: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in _oauth(settings).items() if name not in GIVEN}
    others = {name: value for name, value in settings.items() if name != "oauth"}
    return {**others, "oauth": told} if told else others


@transaction.atomic
def rotate_credentials(*, by: User | None) -> int:
    """Encrypt every line's passwords with the first key; how many lines have some."""
    require_configure(by)
    inboxes = Inbox.objects.select_for_update().exclude(credentials="").order_by("pk")
    for inbox in inboxes:
        inbox.credentials = encrypt_anew(inbox.credentials)
        inbox.save(update_fields=["credentials"])
    return len(inboxes)


def credentials_of(inbox: Inbox) -> dict[str, str]:
    """What was kept, in the clear. Raises SecretIsUnreadableError if the key for it is gone."""
    kept: dict[str, str] = json.loads(decrypt(inbox.credentials) or "{}")
    return kept
