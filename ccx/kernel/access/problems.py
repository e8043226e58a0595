"""One shape for every refusal of the API: RFC 9457 application/problem+json with a request id."""

import json
import math
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.http import HttpRequest, HttpResponse

from ccx.kernel.access.errors import ApiError
from ccx.kernel.errors import DomainError

CONTENT_TYPE = "application/problem+json"
STANDARD = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id", "errors"})
# What Django itself answers in HTML, told in our shape.
PLAIN = {
    400: ("bad_request", "The request cannot be understood"),
    401: ("not_authenticated", "A valid API key is needed"),
    403: ("permission_denied", "Not allowed"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address does not know the method"),
    406: ("not_acceptable", "Only application/json is spoken"),
    413: ("body_too_large", "The body is too large"),
    415: ("unsupported_media_type", "Only application/json is understood"),
    429: ("too_many_requests", "Too many requests"),
    500: ("internal_error", "Something went wrong on our side"),
    503: ("unavailable", "Not available at the moment"),
}


def problem(*, status: int, code: str, title: str, detail: str = "") -> dict[str, Any]:
    """The members every problem has; `code` is for machines and never changes."""
    return {"type": f"urn:ccx:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}


def problem_of_status(status: int) -> dict[str, Any]:
    """What to say of an answer that is only a number."""
    code, title = PLAIN.get(status, ("error", "The request was refused"))
    return problem(status=status, code=code, title=title)


def problem_of_error(error: DomainError) -> dict[str, Any]:
    """A rule's refusal; its plain details become members of their own."""
    title = (type(error).__doc__ or "Refused").strip().split("\n", maxsplit=1)[0]
    body = problem(status=error.status, code=error.code, title=title, detail=str(error))
    if isinstance(error, ApiError) and error.errors:
        body["errors"] = error.errors
    for name, value in error.details.items():
        if name not in STANDARD and isinstance(value, str | int | float | bool | list | dict | None):
            body[name] = value
    return body


def request_id_of(request: HttpRequest) -> str:
    """The id of this request as it stands in the logs."""
    bound = structlog.contextvars.get_contextvars().get("request_id")
    if bound:
        return str(bound)
    if "HTTP_X_REQUEST_ID" not in request.META:
        request.META["HTTP_X_REQUEST_ID"] = str(uuid4())
    return str(request.META["HTTP_X_REQUEST_ID"])[:64]


def complete(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    """Add what ties the problem to this request."""
    return body | {"instance": request.path, "request_id": request_id_of(request)}


def problem_http(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    """The problem as an answer."""
    return HttpResponse(
        json.dumps(complete(request, body), default=str, ensure_ascii=False),
        status=body["status"],
        content_type=CONTENT_TYPE,
    )


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a rule that said no, with the headers its status calls for."""
    response = problem_http(request, problem_of_error(error))
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    wait = error.details.get("retry_after")
    if isinstance(wait, int | float):
        response["Retry-After"] = str(max(1, math.ceil(wait)))
    allow = error.details.get("allow")
    if isinstance(allow, str):
        response["Allow"] = allow
    return response


def to_json(body: Any) -> bytes:
    """JSON as the API writes it: UTF-8, ids as strings."""
    return json.dumps(body, default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
