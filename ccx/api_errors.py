"""REST framework's refusals in the one shape of ccx.kernel.access.problems."""

import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ccx.kernel.access.problems import CONTENT_TYPE, complete, problem, problem_of_error, problem_of_status
from ccx.kernel.errors import DomainError

MAX_ERRORS = 50


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. None leaves the exception to Django, which logs it and answers 500."""
    request = getattr(context["request"], "_request", context["request"])
    if isinstance(exc, DomainError):
        response = Response(problem_of_error(exc), status=exc.status)
        wait = exc.details.get("retry_after")
        if isinstance(wait, int | float):
            response["Retry-After"] = str(max(1, math.ceil(wait)))
    else:
        answer = exception_handler(exc, context)
        if answer is None:
            return None
        response = answer
        response.data = _from_framework(exc, response.status_code)
    response.data = complete(request, response.data)
    response.content_type = CONTENT_TYPE
    return response


def _from_framework(exc: Exception, status: int) -> dict[str, Any]:
    if isinstance(exc, Http404 | PermissionDenied):
        return problem_of_status(status)
    if isinstance(exc, exceptions.ValidationError):
        body = problem(status=status, code="invalid", title="The request is not valid")
        return body | {"errors": list(_field_errors(exc.get_full_details()))[:MAX_ERRORS]}
    detail = exc.detail if isinstance(exc, exceptions.APIException) else ""
    known = problem_of_status(status)
    return known | {"detail": str(detail) if isinstance(detail, str) else ""}


def _field_errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten nested errors to {"pointer", "code", "detail"}."""
    if isinstance(details, dict) and {"message", "code"} == set(details):
        yield {"pointer": path or "/", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, value in details.items():
            yield from _field_errors(value, f"{path}/{name}")
    elif isinstance(details, list):
        leaves = all(isinstance(value, dict) and {"message", "code"} == set(value) for value in details)
        for index, value in enumerate(details):
            yield from _field_errors(value, path if leaves else f"{path}/{index}")
