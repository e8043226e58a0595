"""Where a request came from, as far as our own proxies vouch for it."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw; without proxies, whoever connected.

    Of X-Forwarded-For only the entries that trusted proxies appended count; the rest is the client's own invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", "")) or "unknown"
    hops = int(settings.TRUSTED_PROXIES)
    if not hops:
        return direct
    told = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    if len(told) < hops:
        return direct
    try:
        return str(ip_address(told[-hops]))
    except ValueError:
        return direct
