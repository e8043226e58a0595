"""Trying a line, and asking its provider for what it has approved."""

import time
from typing import Final

import structlog
from django.utils.translation import gettext as _

from ccx.kernel.events.trouble import describe
from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.channels.contract import Adapter, Check
from interactions.channels.models import Inbox
from interactions.channels.registry import line_of
from interactions.channels.services import keep_templates
from interactions.handling.lines import note_well

logger = structlog.get_logger(__name__)

# Each step has deadlines of its own; no new one begins after this.
LONGEST_TRY: Final = 30.0


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


def _failed(name: str, told: str) -> Check:
    return Check(name=name, is_well=False, told=told)
