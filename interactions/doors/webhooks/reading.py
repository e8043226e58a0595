"""A request as an adapter reads it: as it came in just now, or as it was kept."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from django.conf import settings
from django.http import HttpRequest

from interactions.channels.contract import Adapter, Request
from interactions.doors.models import Delivery

MAX_URL: Final = 500
MAX_HEADER: Final = 2000
METHOD: Final = ":method"


def public_request(request: HttpRequest, body: bytes) -> Request:
    """What came in, at the address that the provider knows: CCX_BASE_URL's, whatever forwarding headers say."""
    asked = request.META.get("QUERY_STRING", "")
    url = f"{settings.BASE_URL.rstrip('/')}{quote(request.path, safe='/-_.~')}{'?' + asked if asked else ''}"
    return Request(
        method=request.method or "GET",
        url=url,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query=_pairs(asked),
    )


def kept_of(adapter: Adapter, request: Request) -> dict[str, Any]:
    """What of a request becomes a delivery's columns; nothing that is a secret."""
    url = without_secrets(adapter, request.url)
    marks = "\x00".join((url, adapter.mark(request))).encode()
    headers = {name: request.headers[name][:MAX_HEADER] for name in adapter.kept_headers if name in request.headers}
    return {
        "url": url,
        "headers": {METHOD: request.method} | {name: value.replace("\x00", "") for name, value in headers.items()},
        "body": request.body,
        "digest": hashlib.sha256(marks + b"\x00" + request.body).hexdigest(),
    }


def request_of(delivery: Delivery) -> Request:
    """A kept delivery as its adapter reads it again."""
    headers: Mapping[str, str] = delivery.headers
    return Request(
        method=headers.get(METHOD, "POST"),
        url=delivery.url,
        headers={name: value for name, value in headers.items() if name != METHOD},
        body=bytes(delivery.body),
        query=_pairs(urlsplit(delivery.url).query),
    )


def without_secrets(adapter: Adapter, url: str) -> str:
    """The address without the parameters that are secrets."""
    address, _, asked = url.partition("?")
    kept = [part for part in asked.split("&") if unquote_plus(part.partition("=")[0]) not in adapter.secret_query]
    return f"{address}?{'&'.join(kept)}" if asked and kept else address


def _pairs(asked: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(asked, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return ()
