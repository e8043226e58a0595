"""What holds for every address under /api/: limits and their headers, problems instead of pages, nothing cached.

A request with a key, and a provider's at the address of a line, goes straight to its view: sessions, forms, languages
and pages are the browser's business, and passing through what serves them was a fifth of a contact's way in.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, URLResolver, get_resolver
from django.utils import translation

from ccx.kernel.access.callers import act_as, admit, bearer_of, caller_of, count
from ccx.kernel.access.problems import problem_http, problem_of_status, refusal
from ccx.kernel.access.rates import Decision, stranger_rate, take
from ccx.kernel.audit.context import acting_as, acting_of
from ccx.kernel.errors import DomainError
from ccx.kernel.people.address import client_address

API = "/api"
# Documents for people and their tools, not answers of the API.
DOCUMENTS = ("/api/docs/", "/api/redoc/", "/api/schema/")
# Where providers call. What is below proves by itself who calls, and answers in its provider's own way.
LINES = "/in/"
# Nothing in an answer for machines is to be shown, run or framed.
POLICY = "default-src 'none'; frame-ancestors 'none'"
LONGEST_REMEMBERED = 200

logger = structlog.get_logger(__name__)


class ApiMiddleware:
    """Stands outside all others but the request's id, so that whatever they answer is told as a problem too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.straight = cast("Callable[[HttpRequest], HttpResponse]", convert_exception_to_response(_straight))
        self.answer = cast("Callable[[HttpRequest], HttpResponse]", convert_exception_to_response(self._answer))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(LINES):
            return self.straight(request)
        if not _is_api(request):
            return self.get_response(request)
        return _dressed(request, self.answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            if bearer_of(request) is not None:
                admit(request)
                caller = caller_of(request)
                if caller is not None:
                    act_as(request, caller)
                response = self.straight(request)
            else:
                response = self.get_response(request)
            if "ccx.rate" not in request.META:
                count(request, take(bucket=client_address(request) or "unknown", rate=stranger_rate()))
        except DomainError as error:
            response = refusal(request, error)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Browser sessions are known only after their middleware: count them here."""
        if not _is_api(request):
            return None
        try:
            admit(request)
            caller = caller_of(request)
        except DomainError as error:
            return refusal(request, error)
        if caller is not None:
            act_as(request, caller)  # the session's middleware knew nothing of the key
        return None


def _is_api(request: HttpRequest) -> bool:
    path = request.path_info
    return (path == API or path.startswith(f"{API}/")) and not path.startswith(DOCUMENTS)


def _match(path: str) -> ResolverMatch:
    """Machines call the same few addresses over and over: what was found among hundreds is remembered if short."""
    found = _remembered if len(path) <= LONGEST_REMEMBERED else URLResolver.resolve
    return found(get_resolver(), path)


@lru_cache(maxsize=1000)
def _remembered(resolver: URLResolver, path: str) -> ResolverMatch:
    return resolver.resolve(path)


def _straight(request: HttpRequest) -> HttpResponseBase:
    """The view's answer, without what browsers need around it."""
    request.get_host()  # refuses a host that is not ours
    structlog.contextvars.bind_contextvars(request_id=request.META.get("HTTP_X_REQUEST_ID"))
    try:
        match = _match(request.path_info)
    except Resolver404:
        return problem_http(request, problem_of_status(404))
    request.resolver_match = match
    with acting_as(lambda: acting_of(request)), translation.override(settings.LANGUAGE_CODE):
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if callable(getattr(response, "render", None)):
            response = response.render()  # type: ignore[attr-defined]
    response.headers.setdefault("Content-Security-Policy", POLICY)
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
    logger.info("machine_request", method=request.method, path=request.path, status=response.status_code)
    structlog.contextvars.unbind_contextvars("request_id")
    return response


def _dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    kind = response.get("Content-Type", "")
    if response.status_code >= 400 and "json" not in kind:
        bare = problem_http(request, problem_of_status(response.status_code))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                bare[name] = response[name]
        response = bare
    # Uncounted is only what failed before anybody knew who asks.
    decision = cast("Decision | None", request.META.get("ccx.rate")) or _uncounted()
    for name, value in decision.headers().items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def _uncounted() -> Decision:
    return Decision(rate=stranger_rate(), is_allowed=True, remaining=None)
