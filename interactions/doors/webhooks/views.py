"""Where providers call. Whoever is not known hears the same as whoever cannot prove it, and after the same work."""

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ccx.kernel.events.effects import TemporaryEffectError
from ccx.kernel.secrets import SecretIsUnreadableError, decrypt, encrypt
from interactions.channels.contract import Adapter, Answer, Line, NotVerifiedError, Request, StaleDeliveryError
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.doors.webhooks.reading import MAX_URL, public_request, without_secrets
from interactions.doors.webhooks.selectors import line_at
from interactions.doors.webhooks.services import Taken, take_delivery

logger = structlog.get_logger(__name__)

PLAIN: Final = "text/plain; charset=utf-8"
# What a provider hears, of what it brought (None: it brought nothing that is kept).
Answerer = Callable[[Inbox, Adapter, Line, Request, Taken | None], Answer]
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


@csrf_exempt  # machines without a session; each adapter verifies who they are
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, public_id: UUID, rest: str = "") -> HttpResponse:
    """One call of a provider: a question whether we are there, or a delivery."""
    return enter(request, public_id, answer=_usual)


def enter(request: HttpRequest, public_id: UUID, *, answer: Answerer, keeps: bool = True) -> HttpResponse:
    """Let a provider in who can prove who it is, keep what it brought, and give it this answer.

    Without `keeps` it only asks: nothing is told that would have to be kept.
    """
    if request.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        return _plain(415, "no coding of bodies is understood")
    inbox = line_at(public_id)
    adapter = adapter_of(inbox) if inbox is not None else None
    limit = adapter.max_body if adapter is not None else Adapter.max_body
    body = request.read(limit + 1) if _length(request) <= limit else None
    if body is None or len(body) > limit:
        return _plain(413, "too large")
    if inbox is None or adapter is None or not adapter.has_webhook:
        _work_as_if(body)
        return _refused()
    try:
        return _heard(inbox, adapter, public_request(request, body), answer=answer, keeps=keeps)
    except (SecretIsUnreadableError, OperationalError, InterfaceError, TemporaryEffectError) as error:
        # Ours to mend, or what would prove it cannot be had just now; the provider comes again.
        logger.error("delivery_not_kept", inbox_id=inbox.pk, error=type(error).__name__)
        return _plain(503, "try again")


def _heard(inbox: Inbox, adapter: Adapter, request: Request, *, answer: Answerer, keeps: bool) -> HttpResponse:
    line = line_of(inbox)
    try:
        question = adapter.challenge(line, request)
        if question is not None:
            return _said(question)
        adapter.verify(line, request)
    except StaleDeliveryError:
        return _plain(400, "too old")
    except (OperationalError, InterfaceError, TemporaryEffectError):
        raise
    except Exception as error:
        if not isinstance(error, NotVerifiedError):
            logger.warning("delivery_not_verified", inbox_id=inbox.pk, error=type(error).__name__)
        return _refused()
    if len(without_secrets(adapter, request.url)) > MAX_URL:
        return _plain(414, "the address is too long")
    taken = take_delivery(inbox=inbox, adapter=adapter, line=line, request=request) if keeps else None
    try:
        return _said(answer(inbox, adapter, line, request, taken))
    except Exception as error:
        logger.error("delivery_not_answered", inbox_id=inbox.pk, error=type(error).__name__)
        return _said(Answer())


def _usual(_inbox: Inbox, adapter: Adapter, line: Line, request: Request, taken: Taken | None) -> Answer:
    return adapter.answer(line, request, is_understood=taken is not None and taken.is_understood)


def _length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0


def _work_as_if(body: bytes) -> None:
    """What verifying costs, so that the clock does not tell which lines there are."""
    hmac.compare_digest(hmac.digest(decrypt(_nothing()).encode(), body, "sha256"), hashlib.sha256().digest())


@lru_cache(maxsize=1)
def _nothing() -> str:
    return encrypt("x" * 200)


def _refused() -> HttpResponse:
    return _plain(403, "forbidden")


def _plain(status: int, content: str) -> HttpResponse:
    return _said(Answer(status=status, content=content, content_type=PLAIN))


def _said(answer: Answer) -> HttpResponse:
    """An answer for a machine: nothing in it is to be shown, run or framed."""
    response = HttpResponse(
        answer.content, status=answer.status, content_type=answer.content_type, headers=dict(answer.headers)
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-store"
    return response
