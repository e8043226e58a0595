"""The base of API views. Reads run through REST framework; writes take a short way without it.

The short way: caller, scopes, strict JSON, the Idempotency-Key, the handler, one JSON answer. It spares the framework's
share of each request, which on the way in of contacts is most of the work. Both ways refuse alike.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from ccx.kernel.access.callers import Caller, admit, caller_of
from ccx.kernel.access.errors import (
    BodyTooLargeError,
    InvalidInputError,
    NotSignedInError,
    UnsupportedBodyError,
)
from ccx.kernel.access.problems import refusal
from ccx.kernel.access.services import StoredAnswer, answer_once
from ccx.kernel.access.strict_json import read_json
from ccx.kernel.errors import DomainError

DECENT_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class ApiView(APIView):
    """One address of the API.

    `required_scopes` names the scopes per method. A view that writes defines `receive`; `post` exists for the router
    and the schema only.
    """

    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    max_body: ClassVar[int] = 1024 * 1024

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Do what the body says and tell what became of it."""
        raise InvalidInputError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """POST goes the short way, everything else through REST framework."""
        if request.method != "POST" or not hasattr(self, "post"):
            return super().dispatch(request, *args, **kwargs)
        try:
            admit(request)
            return self._written(request, kwargs)
        except DomainError as error:
            return refusal(request, error)

    def _written(self, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
        caller = caller_of(request)
        if caller is None:
            raise NotSignedInError
        caller.require(*self.required_scopes["POST"])
        raw = read_body(request, limit=self.max_body)
        key = idempotency_key_of(request)
        if key is None:
            return _answered(self.receive(caller, read_json(raw), **kwargs))
        answer = answer_once(
            caller_id=caller.user.pk,
            key=key,
            request_hash=hashlib.sha256(b"POST\0" + request.path.encode() + b"\0" + raw).hexdigest(),
            effect=lambda: self.receive(caller, read_json(raw), **kwargs),
        )
        return _answered(answer)


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """The raw bytes of a JSON body. Raises UnsupportedBodyError or BodyTooLargeError."""
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
    if request.content_type != "application/json" or encoding not in {"", "identity"}:
        raise UnsupportedBodyError
    told = str(request.META.get("CONTENT_LENGTH") or "0")
    if not told.isdecimal() or int(told) > limit:
        raise BodyTooLargeError(f"At most {limit} bytes.")
    raw = request.body
    if len(raw) > limit:
        raise BodyTooLargeError(f"At most {limit} bytes.")
    return raw


def idempotency_key_of(request: HttpRequest) -> str | None:
    """The Idempotency-Key header; None if there is none. Raises InvalidInputError for one that is no key."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not DECENT_KEY.fullmatch(key):
        raise InvalidInputError("An Idempotency-Key is 1 to 255 visible ASCII characters.")
    return str(key)


def _answered(answer: StoredAnswer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    if answer.is_replay:
        response["Idempotent-Replayed"] = "true"
    return response
