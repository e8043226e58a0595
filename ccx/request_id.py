"""Every request has an id: the caller's if it is a decent one, else ours; it is in the logs and in the answer."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

DECENT = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Stands before django-structlog, which binds the header to the log context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not DECENT.fullmatch(request_id):
            request_id = str(uuid.uuid4())
            request.META["HTTP_X_REQUEST_ID"] = request_id
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


def request_id_of(request: HttpRequest) -> str:
    """The id of this request, as in the logs."""
    return str(request.META.get("HTTP_X_REQUEST_ID", ""))
