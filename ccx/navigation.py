"""The places on the rail, in order. A place whose address does not resolve is left out."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.choices import Ability

ITEMS: list[dict[str, Any]] = [
    {"label": _("Work"), "icon": "work", "url": "interactions:desk", "ability": Ability.HANDLE_CONTACTS, "key": "g w"},
    {
        "label": _("Search"),
        "icon": "search",
        "url": "interactions:search",
        "ability": Ability.SEE_CUSTOMERS,
        "key": "g s",
    },
    {
        "label": _("Customers"),
        "icon": "customers",
        "url": "interactions:customers",
        "ability": Ability.SEE_CUSTOMERS,
        "key": "g c",
    },
    {
        "label": _("Dashboards"),
        "icon": "dashboards",
        "url": "analytics:dashboards",
        "ability": Ability.SEE_DASHBOARDS,
        "key": "g d",
    },
    {
        "label": _("Imports"),
        "icon": "imports",
        "url": "interactions:imports",
        "ability": Ability.IMPORT_HISTORY,
        "key": "g i",
    },
    {"label": _("Settings"), "icon": "settings", "url": "admin:index", "ability": Ability.CONFIGURE, "key": "g e"},
]
