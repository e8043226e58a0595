"""A mail as its sender laid it out, in a document that can do nothing, and the pictures in it."""

from typing import Final
from uuid import UUID

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from ccx.kernel import egress
from ccx.kernel.audit.services import record_look
from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from ccx.kernel.files import file_response, is_showable
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.desk.selectors.layouts import kept_picture, layout_of, picture_of

logger = structlog.get_logger(__name__)
MAX_PICTURE: Final = 5 * 1024 * 1024
TIMEOUT: Final = 8.0


@require_safe
@xframe_options_sameorigin
@needs(Ability.SEE_CUSTOMERS)
def layout(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The mail; `?images` loads through us what it wants to load from elsewhere."""
    found = layout_of(message_id=public_id, user=request.user, with_images="images" in request.GET)
    if found is None:
        raise Http404
    record_look(request=request, object_kind="interaction", object_id=found.interaction_id)
    response = render(request, "interactions/desk/mail_layout.html", {"layout": found})
    here = f"{request.scheme}://{request.get_host()}"
    # Set here, so that the middleware leaves it: no script, no form, no plugin, nothing of other sites.
    response["Content-Security-Policy"] = (
        f"default-src 'none'; img-src {here}; style-src {here} 'unsafe-inline'; frame-ancestors 'self'; "
        "base-uri 'none'; form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """One picture of a mail, by an address that we signed for whoever may see it and that ends after ten minutes.

    The document it stands in has no cookies, so the signature is what says that it may be seen.
    """
    target = picture_of(token)
    content = kept_picture(target) if isinstance(target, int) else _fetched(target) if target else None
    if content is None or not is_showable(content):
        raise Http404
    return file_response(content=content, name="picture", is_inline=True)


def _fetched(address: str) -> bytes | None:
    try:
        answer = egress.ask("GET", address, is_idempotent=True, timeout=TIMEOUT, max_bytes=MAX_PICTURE)
    except (TemporaryEffectError, RefusedEffectError, OutcomeIsUnknownError) as error:
        logger.info("picture_not_fetched", error=type(error).__name__)
        return None
    return answer.content
