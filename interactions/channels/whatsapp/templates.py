"""Messages that WhatsApp has approved: asked for, and filled as it wants them filled."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.contract import Line, TemplateSlot
from interactions.channels.meta.graph import call, node
from interactions.channels.telling import rows, words

HOLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# What WhatsApp refuses in a parameter.
UNFIT: Final = re.compile(r"[\n\t]| {5,}")
MOST_PAGES: Final = 20
LONGEST: Final = 1024


def slots(line: Line) -> tuple[TemplateSlot, ...]:
    """Those that the line knows."""
    kept = line.settings.get("templates")
    return tuple(
        TemplateSlot(
            name=str(one["name"]),
            language=str(one["language"]),
            text=str(one.get("text", "")),
            parameters=int(one.get("parameters", 0)),
        )
        for one in (kept if isinstance(kept, list) else [])
        if isinstance(one, dict) and one.get("name") and one.get("language")
    )


def ask(line: Line) -> list[dict[str, Any]]:
    """Those that can be filled with words alone, as WhatsApp has them now."""
    found: list[dict[str, Any]] = []
    query = {"fields": "name,language,status,category,components,parameter_format", "limit": "100"}
    for _page in range(MOST_PAGES):
        path = f"{node(line.settings.get('waba_id', ''))}/message_templates"
        told = call(line, "GET", path, is_idempotent=True, params=query)
        found += filter(None, (_usable(one) for one in rows(told, "data") if isinstance(one, dict)))
        paging = told.get("paging")
        cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
        if not isinstance(cursors, dict) or not words(cursors, "after"):
            break
        query = query | {"after": words(cursors, "after")}
    return sorted(found, key=lambda one: (one["name"], one["language"]))


def _usable(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """A template as it is kept; None: not approved, or it wants more than words in its text."""
    parts = {words(part, "type"): part for part in rows(told, "components") if isinstance(part, dict)}
    header, buttons = parts.get("HEADER", {}), parts.get("BUTTONS", {})
    addresses = [words(one, "url") for one in rows(buttons, "buttons") if isinstance(one, dict)]
    wants_more = words(header, "format") not in {"", "TEXT"} or any(
        HOLE.search(told) for told in (words(header, "text"), *addresses)
    )
    text = words(parts.get("BODY", {}), "text")
    if words(told, "status") != "APPROVED" or wants_more or not text:
        return None
    holes = list(dict.fromkeys(HOLE.findall(text)))
    return {
        "name": words(told, "name"),
        "language": words(told, "language"),
        "category": words(told, "category").lower(),
        "text": text,
        "parameters": len(holes),
        "names": holes if words(told, "parameter_format").upper() == "NAMED" else [],
    }


def filled(line: Line, template: Mapping[str, Any]) -> dict[str, Any]:
    """The template as it is sent. Raises RefusedEffectError where it would be refused, in words for an agent."""
    name, language = str(template.get("name", "")), str(template.get("language", ""))
    kept = line.settings.get("templates")
    known = next(
        (
            one
            for one in (kept if isinstance(kept, list) else [])
            if isinstance(one, dict) and (one.get("name"), one.get("language")) == (name, language)
        ),
        None,
    )
    if known is None:
        raise RefusedEffectError(_("This line has no such template: %(name)s") % {"name": f"{name} ({language})"})
    values = [str(value).strip() for value in template.get("parameters") or ()]
    if len(values) != int(known.get("parameters", 0)):
        raise RefusedEffectError(_("The template needs %(count)d words.") % {"count": int(known.get("parameters", 0))})
    if any(not value or len(value) > LONGEST or UNFIT.search(value) for value in values):
        raise RefusedEffectError(_("A word of the template is empty, too long, or has line breaks in it."))
    names = list(known.get("names") or ())
    parameters = [
        {"type": "text", "text": value, **({"parameter_name": names[at]} if at < len(names) else {})}
        for at, value in enumerate(values)
    ]
    body = [{"type": "body", "parameters": parameters}] if parameters else []
    return {"name": name, "language": {"code": language}, "components": body}
