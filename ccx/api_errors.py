"""One shape for every refusal of the API: RFC 9457 application/problem+json with a request id."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ccx.kernel.errors import DomainError
from ccx.request_id import request_id_of

CONTENT_TYPE = "application/problem+json"


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None leaves the exception to Django, which logs it and answers 500."""
    request = context["request"]
    if isinstance(exc, DomainError):
        body = problem(status=exc.status, code=exc.code, title=_title(exc), detail=str(exc))
        response = Response(body | _plain(exc.details), status=exc.status)
    else:
        answer = exception_handler(exc, context)
        if answer is None:
            return None
        response = answer
        response.data = _from_drf(exc, response)
    response.data["request_id"] = request_id_of(request)
    response.content_type = CONTENT_TYPE
    return response


def problem(*, status: int, code: str, title: str, detail: str = "") -> dict[str, Any]:
    """The members every problem has; `code` is for machines and never changes."""
    return {"type": f"urn:ccx:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}


def _title(exc: DomainError) -> str:
    return (type(exc).__doc__ or "Refused").strip().split("\n", maxsplit=1)[0]


def _plain(details: dict[str, object]) -> dict[str, object]:
    """What a rule tells besides its message, as far as it is JSON and hides no standard member."""
    kept = {"type", "title", "status", "detail", "code", "request_id"}
    return {
        key: value
        for key, value in details.items()
        if key not in kept and isinstance(value, (str, int, float, bool, list, dict, type(None)))
    }


def _from_drf(exc: Exception, response: Response) -> dict[str, Any]:
    if isinstance(exc, Http404):
        return problem(status=404, code="not_found", title="Not found")
    if isinstance(exc, PermissionDenied):
        return problem(status=403, code="permission_denied", title="Not allowed")
    if isinstance(exc, exceptions.ValidationError):
        body = problem(status=response.status_code, code="invalid", title="The request is not valid")
        return body | {"errors": list(_field_errors(exc.get_full_details()))}
    detail = exc.detail if isinstance(exc, exceptions.APIException) else ""
    code = str(getattr(detail, "code", "error"))
    return problem(
        status=response.status_code,
        code=code,
        title=code.replace("_", " ").capitalize(),
        detail=str(detail) if isinstance(detail, str) else "",
    )


def _field_errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested errors to {"pointer", "code", "detail"}."""
    if isinstance(details, dict) and {"message", "code"} == set(details):
        yield {"pointer": path or "/", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, value in details.items():
            yield from _field_errors(value, f"{path}/{name}")
    elif isinstance(details, list):
        leaves = all(isinstance(value, dict) and {"message", "code"} == set(value) for value in details)
        for index, value in enumerate(details):
            yield from _field_errors(value, path if leaves else f"{path}/{index}")
