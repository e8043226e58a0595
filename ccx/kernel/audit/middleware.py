"""Tells the audit who is acting in a request, and keeps pages of signed-in people out of every cache."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ccx.kernel.audit.context import acting_as, acting_of


class AuditContextMiddleware:
    """Asks who it is at the first write, so that a request that writes nothing pays nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_as(lambda: acting_of(request)):
            return self.get_response(request)


class NoStoreMiddleware:
    """What was made for one session is stored nowhere, unless the view itself says how long it may be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_personal = request.session.accessed or "HTTP_AUTHORIZATION" in request.META
        if is_personal and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response
