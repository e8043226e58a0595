"""The public page of a form. It knows nobody's session, so there is nothing for another site to misuse."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ccx.kernel.access.rates import Decision, Rate, take
from ccx.kernel.people.address import client_address
from interactions.doors.models import WebForm
from interactions.doors.webform.forms import TICKET, TRAP, ContactForm, is_hasty, new_ticket, number_of
from interactions.doors.webform.holding import MAX_BODY, Held, chosen, hold, let_go
from interactions.doors.webform.services import receive_form

# One person, and one form from everywhere together.
ADDRESS_RATE = Rate(name="form-address", per_minute=2, burst=8)
FORM_RATE = Rate(name="form", per_minute=60, burst=120)
HELD_RATE = Rate(name="form-files", per_minute=1, burst=10)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The files of a form that has to be sent again, and what cannot be taken."""

    files: Sequence[Held] = ()
    errors: Sequence[str] = ()


@csrf_exempt  # public and without a session; what is sent carries a ticket that this page signed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def web_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form, or take in what was filled in."""
    found = WebForm.objects.open().select_related("inbox").filter(slug=slug).first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return _page(request, found, ContactForm(web_form=found), ticket=new_ticket(found))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        # What was typed stands in the browser still, one step back.
        return HttpResponse(_("The files are too large together. Go back, and send fewer."), status=413)
    return _taken(request, found)


def _taken(request: HttpRequest, found: WebForm) -> HttpResponse:
    form = ContactForm(request.POST, web_form=found)
    ticket = request.POST.get(TICKET, "")
    number = number_of(found, ticket)
    if number is None:
        over = _("The form had been open for too long. Please look it over and send it again.")
        return _page(request, found, form, ticket=new_ticket(found), notice=over, status=400)
    if request.POST.get(TRAP):
        return _thanks(request, found)  # a machine learns nothing
    files, trouble = _files(request, found, number)

    def again(notice: str = "", status: int = 400) -> HttpResponse:
        waiting = Waiting(files=_held(request, number, files), errors=trouble)
        return _page(request, found, form, ticket=ticket, notice=notice, status=status, waiting=waiting)

    if not form.is_valid() or trouble:
        return again()
    if is_hasty(ticket):
        return again(_("That was very fast. Please look it over and send it again."))
    refused = _over_limit(request, found)
    if refused is not None:
        response = again(_("Too many messages at the moment. Nothing is lost: wait a minute and send it again."), 429)
        response["Retry-After"] = str(max(1, math.ceil(refused.retry_after)))
        return response
    receive_form(
        web_form=found,
        number=number,
        answers=form.answers(),
        language=get_language() or "",
        files=[held.file for held in files],
    )
    let_go(files)
    return _thanks(request, found)


def _files(request: HttpRequest, found: WebForm, number: str) -> tuple[list[Held], list[str]]:
    if not found.takes_files:
        return [], []
    return chosen(number=number, uploads=request.FILES.getlist("files"), tickets=request.POST.getlist("held"))


def _held(request: HttpRequest, number: str, files: list[Held]) -> list[Held]:
    """What is kept for the next time; from somebody who does this all day, nothing more."""
    bucket = client_address(request) or "unknown"
    if all(held.path for held in files) or take(bucket=bucket, rate=HELD_RATE).is_allowed:
        return hold(number=number, files=files)
    return [held for held in files if held.path]


def _over_limit(request: HttpRequest, found: WebForm) -> Decision | None:
    for bucket, rate in ((client_address(request) or "unknown", ADDRESS_RATE), (str(found.pk), FORM_RATE)):
        decision = take(bucket=bucket, rate=rate)
        if not decision.is_allowed:
            return decision
    return None


def _page(  # noqa: PLR0913 - the parts of one page
    request: HttpRequest,
    found: WebForm,
    form: ContactForm,
    *,
    ticket: str,
    notice: str = "",
    status: int = 200,
    waiting: Waiting | None = None,
) -> HttpResponse:
    context = {"web_form": found, "form": form, "ticket": ticket, "notice": notice, "ticket_name": TICKET, "trap": TRAP}
    context["waiting"] = waiting or Waiting()
    return render(request, "interactions/doors/webform.html", context, status=status)


def _thanks(request: HttpRequest, found: WebForm) -> HttpResponse:
    return render(request, "interactions/doors/webform_thanks.html", {"web_form": found})
