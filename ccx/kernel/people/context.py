"""What every page needs to know of the person looking at it."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The entries of the rail that this person may use."""
    return {"nav_items": []}
