"""Where a request comes from: one answer for locks, limits and the audit log."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of the caller; behind N trusted proxies, the Nth entry of X-Forwarded-For from the right.

    What stands further left was written by the caller and is worth nothing.
    """
    proxies: int = settings.TRUSTED_PROXIES
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    candidate = forwarded[-proxies] if len(forwarded) >= proxies > 0 else request.META.get("REMOTE_ADDR", "")
    try:
        # Without the zone of a link-local address: it is the machine's own word, and may hold any sign.
        return str(ip_address(candidate.strip().partition("%")[0]))
    except ValueError:
        return None
