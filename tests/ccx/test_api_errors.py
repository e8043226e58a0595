"""Every refusal of the API has one shape."""

from typing import Any, ClassVar

import pytest
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from ccx.api_errors import problem_response
from ccx.kernel.errors import DomainError


class DoorIsShutError(DomainError):
    """The door is shut."""

    code: ClassVar[str] = "door_is_shut"


def told(exc: Exception) -> Response:
    request = APIRequestFactory().get("/", headers={"x-request-id": "request-1"})
    answer = problem_response(exc, {"request": request})
    assert answer is not None
    assert answer.content_type == "application/problem+json"
    assert answer.data["request_id"] == "request-1"
    assert answer.data["status"] == answer.status_code
    return answer


def test_a_rule_that_says_no_is_a_conflict_with_its_code_and_details() -> None:
    answer = told(DoorIsShutError("Number 7 is shut.", door=7, status=5))
    assert answer.status_code == 409
    assert answer.data == {
        "type": "urn:ccx:problem:door_is_shut",
        "title": "The door is shut.",
        "status": 409,
        "detail": "Number 7 is shut.",
        "code": "door_is_shut",
        "door": 7,
        "request_id": "request-1",
    }


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
    ],
)
def test_refusals_of_the_framework_have_the_same_shape(exc: Exception, status: int, code: str) -> None:
    answer = told(exc)
    assert (answer.status_code, answer.data["code"]) == (status, code)


def test_errors_of_fields_are_listed_with_a_pointer_to_each() -> None:
    details: Any = {"name": ["Missing."], "lines": [{}, {"amount": [exceptions.ErrorDetail("Low.", code="min")]}]}
    assert told(exceptions.ValidationError(details)).data["errors"] == [
        {"pointer": "/name", "code": "invalid", "detail": "Missing."},
        {"pointer": "/lines/1/amount", "code": "min", "detail": "Low."},
    ]


def test_an_unknown_error_is_left_to_the_log() -> None:
    assert problem_response(RuntimeError(), {"request": APIRequestFactory().get("/")}) is None
