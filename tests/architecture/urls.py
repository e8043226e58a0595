"""All addresses of the project, as the resolver knows them."""

import re
from collections.abc import Iterator, Sequence

from django.urls import URLPattern, URLResolver, get_resolver

Parts = Sequence[URLPattern | URLResolver]
# A part of a path (<uuid:public_id>) or of a regular expression ((?P<key>.+)).
_PART = re.compile(r"\(\?P<(?P<group>\w+)>[^()]*\)|<(?:\w+:)?(?P<name>\w+)>")


def all_routes() -> list[str]:
    """Every address as a route (`settings/people/<uuid:public_id>/`), in order and once."""
    return sorted(set(_walk(get_resolver().url_patterns, "")))


def fill(route: str, ids: dict[str, str]) -> str:
    """An address from a route: named parts from `ids`."""
    return "/" + _PART.sub(lambda found: ids[found["name"] or found["group"]], route)


def names_in(route: str) -> list[str]:
    """The parts of a route that need a value."""
    return [found["name"] or found["group"] for found in _PART.finditer(route)]


def _walk(parts: Parts, before: str) -> Iterator[str]:
    for part in parts:
        route = before + str(part.pattern).removeprefix("^").removesuffix("$").replace("\\Z", "")
        if isinstance(part, URLResolver):
            yield from _walk(part.url_patterns, route)
        else:
            yield route
