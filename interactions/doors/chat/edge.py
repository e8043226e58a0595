"""What every address of the chat has in common: whose site may ask, how often, as whom, and how a no is told.

There are no cookies and no sessions: a browser shows its token, so nothing can be asked in a visitor's name by a site
that does not have it. Answers can be read by the line's sites and by nobody else.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from ccx.kernel.access.errors import (
    BodyTooLargeError,
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    TooManyRequestsError,
    UnsupportedBodyError,
)
from ccx.kernel.access.problems import refusal, to_json
from ccx.kernel.access.rates import Rate, take
from ccx.kernel.access.shapes import Shape
from ccx.kernel.access.strict_json import read_json
from ccx.kernel.errors import DomainError
from ccx.kernel.people.address import client_address
from interactions.channels.chat.line import ChatLine
from interactions.channels.models import Inbox
from interactions.doors.chat.errors import SiteIsNotAllowedError, TokenIsDeadError
from interactions.doors.chat.selectors import chat_line, device_with, line_named
from interactions.doors.chat.services import is_seen
from interactions.doors.models import ChatDevice

LONGEST_BODY: Final = 64 * 1024
PREFLIGHT_SECONDS: Final = 600
# Everything that one address asks of one line: a whole office behind it, with its polls, still gets through.
ADDRESS_RATE: Final = Rate(name="chat-address", per_minute=1200, burst=600)
DEVICE_RATE: Final = Rate(name="chat-device", per_minute=120, burst=60)

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that was let in."""

    request: HttpRequest
    inbox: Inbox
    line: ChatLine
    address: str
    token: str = ""
    known: ChatDevice | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def device(self) -> ChatDevice:
        """The browser that asks. Raises TokenIsDeadError for one that is not known."""
        if self.known is None:
            raise TokenIsDeadError
        return self.known


def chat(
    method: str, *, body: Shape | None = None, rates: tuple[Rate, ...] = (), needs_token: bool = True
) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """An address of the chat. `body` is what it takes; `rates` hold for one address on one line, beside the rest."""

    def wrapped(view: Callable[..., HttpResponseBase]) -> View:
        @csrf_exempt  # no cookie counts here: whoever asks shows a token that no other site has
        @never_cache
        @wraps(view)
        def answered(request: HttpRequest, inbox: UUID, **parts: Any) -> HttpResponseBase:
            found = line_named(inbox)
            origin = request.headers.get("Origin", "")
            line = chat_line(found) if found is not None else None
            if found is None or line is None:
                return refusal(request, NotFoundError())
            # A browser names its page's origin wherever that could matter; without one it is no other site's page.
            if origin and origin not in line.origins:
                return refusal(request, SiteIsNotAllowedError())
            response: HttpResponseBase
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            else:
                try:
                    asked = _let_in(request, found, line, method=method, rates=rates, needs_token=needs_token)
                    response = view(_read(asked, body), **parts)
                except DomainError as error:
                    response = refusal(request, error)
            return _dressed(response, origin)

        return answered

    return wrapped


def told(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """An answer as JSON."""
    return HttpResponse(to_json(body), status=status, content_type="application/json")


def spend(*, bucket: str, rate: Rate) -> None:
    """Count one request. Raises TooManyRequestsError with the seconds to wait."""
    decision = take(bucket=bucket, rate=rate)
    if not decision.is_allowed:
        raise TooManyRequestsError(retry_after=max(1, math.ceil(decision.retry_after)))


def _let_in(
    request: HttpRequest, inbox: Inbox, line: ChatLine, *, method: str, rates: tuple[Rate, ...], needs_token: bool
) -> Asked:
    if request.method != method:
        raise MethodNotAllowedError(allow=f"{method}, OPTIONS")
    address = client_address(request) or "unknown"
    for rate in (ADDRESS_RATE, *rates):
        spend(bucket=f"{inbox.pk}:{address}", rate=rate)
    token = _bearer_of(request)
    known = device_with(token, inbox) if token else None
    if known is None and needs_token:
        raise TokenIsDeadError
    if known is not None:
        spend(bucket=str(known.pk), rate=DEVICE_RATE)
        is_seen(device=known, line=line)
    return Asked(request=request, inbox=inbox, line=line, address=address, token=token, known=known)


def _bearer_of(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _read(asked: Asked, shape: Shape | None) -> Asked:
    if shape is None:
        return asked
    request = asked.request
    if request.content_type != "application/json":
        raise UnsupportedBodyError
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        raise BodyTooLargeError(f"At most {LONGEST_BODY} bytes.")
    values, problems = shape.read(read_json(request.body or b"{}"))
    if problems:
        raise InvalidInputError(problems[0]["detail"], errors=problems)
    return Asked(**{**asked.__dict__, "values": values})


def _dressed(response: HttpResponseBase, origin: str) -> HttpResponseBase:
    patch_vary_headers(response, ["Origin"])
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    if origin:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "Retry-After"
    if response.status_code == 204:
        response["Access-Control-Allow-Methods"] = "GET, POST"
        response["Access-Control-Allow-Headers"] = "authorization, content-type"
        response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response
