"""A file that goes out, for the provider who fetches it: its address is its key, for a quarter of an hour."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ccx.kernel.files import file_response
from interactions.handling.shown import file_named


@require_safe
def sent_file(request: HttpRequest, token: str) -> HttpResponse:
    """The file behind a signed address; anything else is not there."""
    kept = file_named(token)
    if kept is None:
        raise Http404
    try:
        with kept.file.open() as file:
            content = file.read()
    except OSError:
        raise Http404 from None
    # Providers go by the type that they are told; whatever a browser makes of it runs nowhere.
    response = file_response(content=content, name=kept.name)
    response["Content-Type"] = kept.content_type or response["Content-Type"]
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
