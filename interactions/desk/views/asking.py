"""What the fragments of one contact have in common: the contact, whether htmx asks, where to go afterwards."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.cases.models import Interaction
from interactions.desk.selectors.door import find, find_to_work

at_the_desk = needs(Ability.HANDLE_CONTACTS)


def to_read(request: StaffRequest, public_id: UUID) -> Interaction:
    """The contact, or the page that does not exist."""
    try:
        return find(public_id=public_id, user=request.user)
    except Interaction.DoesNotExist:
        raise Http404 from None


def to_work(request: StaffRequest, public_id: UUID) -> Interaction:
    """The contact to do something with; who may only read it finds nothing."""
    interaction = to_read(request, public_id)
    try:
        find_to_work(public_id=public_id, user=request.user)
    except Interaction.DoesNotExist:
        raise Http404 from None
    return interaction


def is_fragment(request: StaffRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def answer(
    request: StaffRequest, fragment: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """The fragment for htmx; for everybody else a page of its own around it."""
    context = context | {"is_page": not is_fragment(request)}
    if is_fragment(request):
        return render(request, fragment, context, status=status)
    page = context | {"fragment": fragment, "title": title}
    return render(request, "interactions/desk/beside_page.html", page, status=status)


def go_to(request: StaffRequest, address: str, said: str = "") -> HttpResponse:
    """Leave for another page, which shows what was said."""
    if said:
        messages.success(request, said)
    return HttpResponseClientRedirect(address) if is_fragment(request) else redirect(address)
