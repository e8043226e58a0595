"""Trying a line, asking its provider for what it has approved, and having a person let it into a mailbox."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from ccx.kernel.events.trouble import describe
from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.channels.contract import Adapter, Check
from interactions.channels.email.oauth import Asking, ask_consent, take_consent, why_not_given
from interactions.channels.errors import ConsentIsNotGivenError
from interactions.channels.models import Inbox
from interactions.channels.registry import line_of
from interactions.channels.services import application_of, keep_templates
from interactions.handling.lines import note_well

logger = structlog.get_logger(__name__)

# Each step has deadlines of its own; no new one begins after this.
LONGEST_TRY: Final = 30.0
# From "Connect" until the provider sends the person back.
CONSENT_SECONDS: Final = 600
LONGEST_CODE: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A consent on its way: who asks, in which browser, for which line, and to which application it is given."""

    asking: Asking
    user_id: int
    browser: str
    inbox_id: int
    application: tuple[str, ...]
    ends_at: float


def try_line(*, inbox: Inbox, adapter: Adapter, by: User) -> list[Check]:
    """Every step that was tried and how it went. Never raises; a line whose steps all went well counts as well."""
    require_configure(by)
    until = time.monotonic() + LONGEST_TRY
    checks: list[Check] = []
    try:
        for check in adapter.check(line_of(inbox)):
            checks.append(check)
            if time.monotonic() > until:
                told = _("It took longer than %(seconds)d seconds. Look whether each server answers quickly.")
                checks.append(_failed(_("In time"), told % {"seconds": LONGEST_TRY}))
                break
    except Exception as error:  # whatever it is, the person who tries the line is to read it
        logger.warning("line_not_tried", inbox_id=inbox.pk, error=type(error).__name__)
        checks.append(_failed(_("Go on"), _("It broke off: %(why)s") % {"why": describe(error)}))
    if checks and all(check.is_well for check in checks):
        note_well(inbox)
    return checks


def refresh_templates(*, inbox: Inbox, adapter: Adapter, by: User) -> int:
    """Ask for the templates and keep them; how many there are. Raises as Adapter.ask_templates does."""
    require_configure(by)
    templates = adapter.ask_templates(line_of(inbox))
    keep_templates(inbox_id=inbox.pk, templates=templates, by=by)
    return len(templates)


def consent_redirect() -> str:
    """The one address at which providers send people back: it is entered in a provider's console."""
    return settings.BASE_URL.rstrip("/") + reverse("interactions:line-connected")


def begin_consent(*, inbox: Inbox, browser: str, by: User) -> str:
    """Where the person goes to give consent. Raises ConsentIsNotGivenError where the line does not say enough."""
    require_configure(by)
    asking = ask_consent(line_of(inbox), redirect=consent_redirect())
    begun = Begun(
        asking=asking,
        user_id=by.pk,
        browser=_hidden(browser),
        inbox_id=inbox.pk,
        application=application_of(inbox),
        ends_at=time.time() + CONSENT_SECONDS,
    )
    cache.set(_key(asking.state), asdict(begun), timeout=CONSENT_SECONDS)
    return asking.address


def claim_consent(*, state: str, browser: str, by: User) -> Begun | None:
    """The consent that this state was made for; None if there is none, it is somebody else's, or over.

    It is there once only, whoever shows it: two that come at the same moment do not both get it.
    """
    require_configure(by)
    kept = cache.get(_key(state))
    if kept is None or not cache.delete(_key(state)):
        return None
    begun = Begun(**{**kept, "asking": Asking(**kept["asking"])})
    is_theirs = (begun.user_id, begun.browser) == (by.pk, _hidden(browser))
    return begun if is_theirs and begun.ends_at > time.time() else None


def finish_consent(*, begun: Begun, told: Mapping[str, str], by: User) -> str:
    """Take what the provider sent back, `told` being the address's parameters; whose consent it is, if it says so.

    Raises ConsentIsNotGivenError, and then all is as it was.
    """
    require_configure(by)
    inbox = Inbox.objects.visible_to(by).filter(pk=begun.inbox_id).first()
    if inbox is None or application_of(inbox) != begun.application:
        raise ConsentIsNotGivenError(_("The line was changed in the meantime. Connect again."))
    if told.get("error"):
        raise ConsentIsNotGivenError(why_not_given(told["error"], told.get("error_description", "")))
    code = told.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise ConsentIsNotGivenError(_("The provider sent no code. Nothing has changed; connect again."))
    account = take_consent(line_of(inbox), code=code, redirect=consent_redirect(), asking=begun.asking, by=by)
    note_well(inbox)
    return account


def _key(state: str) -> str:
    return f"line-consent:{_hidden(state)}"


def _hidden(text: str) -> str:
    """What is looked for can be compared, and what is kept opens nothing."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _failed(name: str, told: str) -> Check:
    return Check(name=name, is_well=False, told=told)
