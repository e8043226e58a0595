"""What a lock is about: the e-mail that was tried, whichever form or view tried it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def email_tried(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The e-mail of an attempt in one spelling, so that changing its case starts no new count."""
    tried: Any = ""
    for source in (credentials or {}, request.POST):
        tried = tried or source.get("email") or source.get("login") or source.get("username")
    return str(tried or "").strip().lower()
