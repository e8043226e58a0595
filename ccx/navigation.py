"""The places on the rail, in order. A place whose address does not resolve is left out."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.choices import Ability


def _place(label: Any, icon: str, url: str, ability: Ability, key: str) -> dict[str, Any]:
    return {"label": label, "icon": icon, "url": url, "ability": ability, "key": key, "is_setting": False}


def _setting(label: Any, icon: str, url: str, ability: Ability, key: str) -> dict[str, Any]:
    """A place people go to now and then: it stands in the menu of settings, not on the rail itself."""
    return _place(label, icon, url, ability, key) | {"is_setting": True}


def _counted(place: dict[str, Any], count: str, words: Any) -> dict[str, Any]:
    """A place where something waits for a person: a cheap function that says how much, and what it is in words."""
    return place | {"counted": count, "words": words}


def _with(place: dict[str, Any], *urls: str) -> dict[str, Any]:
    """A place that pages at other addresses belong to as well."""
    return place | {"also": urls}


ITEMS: list[dict[str, Any]] = [
    _place(_("Work"), "work", "desk:home", Ability.HANDLE_CONTACTS, "g w"),
    _place(_("Live"), "wallboard", "desk:floor", Ability.SUPERVISE, "g l"),
    _place(_("Customers"), "customers", "interactions:customers", Ability.SEE_CUSTOMERS, "g c"),
    _place(_("Dashboards"), "dashboards", "analytics:dashboards", Ability.SEE_DASHBOARDS, "g d"),
    _place(_("Owners"), "department", "owners:owners", Ability.OWN_EXPERIENCE, "g o"),
    _place(_("Map"), "journeys", "map:reasons", Ability.OWN_EXPERIENCE, "g m"),
    _place(_("Follow-ups"), "feedback", "feedback:follow-ups", Ability.FOLLOW_UP, "g f"),
    _setting(_("Imports"), "imports", "interactions:imports", Ability.IMPORT_HISTORY, "g i"),
    _with(_setting(_("Lines"), "lines", "interactions:lines", Ability.CONFIGURE, "g n"), "interactions:forms"),
    _setting(_("People"), "people", "people:people", Ability.CONFIGURE, "g p"),
    _setting(_("Teams"), "teams", "people:teams", Ability.CONFIGURE, "g t"),
    _setting(_("Surveys"), "star", "feedback:surveys", Ability.CONFIGURE, "g s"),
    _setting(_("API keys"), "key", "api-keys", Ability.CONFIGURE, "g k"),
    _setting(_("Configuration"), "settings", "admin:index", Ability.CONFIGURE, "g e"),
    _setting(_("Audit log"), "audit", "audit:log", Ability.SEE_AUDIT, "g a"),
    _counted(
        _setting(_("Deliveries"), "email", "interactions:deliveries", Ability.OPERATE, "g v"),
        "interactions.doors.deliveries.selectors.count_aside",
        _("put aside"),
    ),
    _setting(_("Readers"), "readers", "operations:readers", Ability.OPERATE, "g r"),
]
