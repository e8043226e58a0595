"""A page of ours that shows a line's chat: for centres without a site, and where the links in messages lead."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from interactions.doors.chat.selectors import chat_line, line_named


@require_safe
@never_cache
def page(request: HttpRequest, inbox: UUID) -> HttpResponse:
    """The chat, open. It knows nobody: a link is shown to the widget, which takes it out of the address."""
    found = line_named(inbox)
    if found is None:
        raise Http404
    response = render(request, "interactions/doors/chat.html", {"inbox": found, "line": chat_line(found)})
    # What stands in the address is nobody else's affair.
    response["Referrer-Policy"] = "no-referrer"
    return response
