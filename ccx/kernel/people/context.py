"""What every page knows about the person looking at it: where they may go from here."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from ccx.kernel.people.models import User


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`nav_items`: the places this person's abilities open, in order; `nav_settings`: those of the rail's menu.

    The `count` of a place is what waits there for a person; 0 where nothing is counted.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_authenticated:
        return {"nav_items": [], "nav_settings": [], "nav_waiting": 0}
    items = []
    for place in _places():
        ability = place.get("ability")
        url = _address(place["url"])
        if url and (ability is None or user.can(ability)):
            items.append({"words": "", **place, "url": url, "count": _count(place, user)})
    nearest = max((_nearness(request.path, item) for item in items), default=0)
    items = [item | {"is_active": 0 < nearest == _nearness(request.path, item)} for item in items]
    of_settings = [item for item in items if item["is_setting"]]
    waiting = sum(item["count"] for item in of_settings)
    return {"nav_items": items, "nav_settings": of_settings, "nav_waiting": waiting}


@cache
def _places() -> tuple[dict[str, Any], ...]:
    """The list named in settings; the kernel knows none of the places in it."""
    return tuple(import_string(settings.CCX_NAVIGATION)) if settings.CCX_NAVIGATION else ()


def _count(place: dict[str, Any], user: User) -> int:
    return int(import_string(place["counted"])(user)) if "counted" in place else 0


def _address(url_name: str) -> str:
    """Where the place is, or nothing when this installation does not have it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _nearness(path: str, item: dict[str, Any]) -> int:
    """How much of the path is the place's own address, or one that belongs to it; 0: the path is elsewhere."""
    urls = [item["url"], *map(_address, item.get("also", ()))]
    return max((len(url) for url in urls if url and _is_here(path, url)), default=0)


def _is_here(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
