"""Trying a line of Meta's, and what each of its lines has to be told."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import CredentialsRefusedError, RefusedEffectError
from interactions.channels.contract import Check, Field
from interactions.channels.meta.graph import USUAL_BASE, USUAL_VERSION

COMMON_FIELDS: Final = (
    Field(
        name="access_token",
        label=gettext_lazy("Access token"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("One that does not expire: of a system user, or of the page."),
    ),
    Field(
        name="app_secret",
        label=gettext_lazy("App secret"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("Meta signs with it what it tells us."),
    ),
    Field(
        name="verify_token",
        label=gettext_lazy("Verify token"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("A word of your own; Meta asks for it when you enter our address there."),
    ),
    Field(name="graph_version", label=gettext_lazy("Version of the Graph"), default=USUAL_VERSION, is_rare=True),
    Field(name="api_base", label=gettext_lazy("Address of the Graph"), kind="url", default=USUAL_BASE, is_rare=True),
)


def step(
    name: str, ask: Callable[[], Mapping[str, Any]], say: Callable[[Mapping[str, Any]], str]
) -> tuple[Check, Mapping[str, Any] | None]:
    """Try one thing: how it went in words, and what was answered if it went well."""
    try:
        found = ask()
    except CredentialsRefusedError as error:
        told = _("Refused: %(why)s Look at the access token and what it may do.") % {"why": error}
    except RefusedEffectError as error:
        told = _("Refused: %(why)s") % {"why": error}
    except Exception as error:  # whatever it is, the person who tries the line is to read it
        told = _("No answer: %(why)s") % {"why": error}
    else:
        return Check(name=name, is_well=True, told=say(found).strip()), found
    return Check(name=name, is_well=False, told=told), None
