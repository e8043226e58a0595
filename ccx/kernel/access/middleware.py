"""What holds for every address under /api/: limits and their headers, problems instead of pages, nothing cached."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ccx.kernel.access.callers import act_as, admit, bearer_of, caller_of, count
from ccx.kernel.access.problems import problem_http, problem_of_status, refusal
from ccx.kernel.access.rates import Decision, stranger_rate, take
from ccx.kernel.errors import DomainError
from ccx.kernel.people.address import client_address

PREFIX = "/api/v1/"


class ApiMiddleware:
    """Stands outside all others but the request's id, so that whatever they answer is told as a problem too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        try:
            if bearer_of(request) is not None:
                admit(request)
            response = self.get_response(request)
            if "ccx.rate" not in request.META:
                count(request, take(bucket=client_address(request) or "unknown", rate=stranger_rate()))
        except DomainError as error:
            response = refusal(request, error)
        return _dressed(request, response)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Browser sessions are known only after their middleware: count them here."""
        if not request.path_info.startswith(PREFIX):
            return None
        try:
            admit(request)
            caller = caller_of(request)
        except DomainError as error:
            return refusal(request, error)
        if caller is not None:
            act_as(request, caller)  # the session's middleware knew nothing of the key
        return None


def _dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    kind = response.get("Content-Type", "")
    if response.status_code >= 400 and "json" not in kind:
        bare = problem_http(request, problem_of_status(response.status_code))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                bare[name] = response[name]
        response = bare
    decision = cast("Decision | None", request.META.get("ccx.rate"))
    if decision is not None:
        for name, value in decision.headers().items():
            response[name] = value
    response["Cache-Control"] = "no-store"
    return response
