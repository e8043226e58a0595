"""What can be done with a contact. Each is a posted form: with htmx the page is told what to read again, without it
the browser is sent back to the contact. A refusal says what the rule says, and nothing was changed."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.cases.models import Interaction
from interactions.desk.forms import TitleForm
from interactions.desk.selectors.door import find_to_work
from interactions.desk.services import name_case, take_over
from interactions.handling import services
from interactions.handling.errors import AnotherAgentHasItError
from interactions.routing.models import Offer

Deed = Callable[[Interaction, User], object]


def is_htmx(request: StaffRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def to_work(request: StaffRequest, public_id: UUID) -> Interaction:
    """The contact to act on, or the page that does not exist."""
    try:
        return find_to_work(public_id=public_id, user=request.user)
    except Interaction.DoesNotExist:
        raise Http404 from None


def done(request: StaffRequest, public_id: UUID, *, said: str = "", level: str = "info") -> HttpResponse:
    """Back to the contact; the open page reads again what may have changed."""
    if not is_htmx(request):
        if said:
            messages.add_message(request, messages.constants.DEFAULT_LEVELS[level.upper()], said)
        return redirect("desk:conversation", public_id)
    events: dict[str, Any] = {"ccx:contact": {"id": str(public_id)}}
    if said:
        events["ccx:toast"] = {"text": said, "level": level}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})


def act(request: StaffRequest, public_id: UUID, deed: Deed) -> HttpResponse:
    """Do it; what the rules refuse is said, not an error."""
    interaction = to_work(request, public_id)
    try:
        deed(interaction, request.user)
    except AnotherAgentHasItError:
        interaction.refresh_from_db()
        who = str(interaction.agent) if interaction.agent else ""
        said = _("%(who)s was quicker. You can read along and leave a note.") % {"who": who} if who else ""
        return done(request, public_id, said=said or _("Somebody else was quicker."), level="warning")
    except DomainError as refused:
        return done(request, public_id, said=str(refused), level="warning")
    return done(request, public_id)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def accept(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Take it: what rings, what waits, or one's own that was put off."""
    answer = act(
        request,
        public_id,
        lambda contact, me: services.accept_interaction(interaction_id=contact.pk, agent=me, by=me),
    )
    if is_htmx(request) and request.POST.get("open"):
        place = {"path": reverse("desk:conversation", args=[public_id]), "target": "#desk-open", "swap": "outerHTML"}
        answer["HX-Location"] = json.dumps(place)
    return answer


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def decline(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Let it ring at somebody else's desk."""

    def deed(contact: Interaction, me: User) -> object:
        offer = Offer.objects.visible_to(me).ringing().filter(interaction=contact).first()
        return None if offer is None else services.decline_offer(offer_id=offer.pk, by=me)

    answer = act(request, public_id, deed)
    return answer if is_htmx(request) else redirect("desk:home")


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def hold(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The customer waits on the line."""
    return act(request, public_id, lambda one, me: services.hold_interaction(interaction_id=own(one, me).pk, by=me))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def resume(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Back with the customer."""
    return act(request, public_id, lambda one, me: services.resume_interaction(interaction_id=own(one, me).pk, by=me))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def wait(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """It is the customer's turn."""
    return act(request, public_id, lambda one, me: services.wait_for_customer(interaction_id=own(one, me).pk, by=me))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def wrap_up(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The customer is gone; the wrap-up begins."""
    return act(request, public_id, lambda one, me: services.wrap_up_interaction(interaction_id=own(one, me).pk, by=me))


@require_POST
@needs(Ability.SUPERVISE)
def take_it_over(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """A supervisor takes what somebody else has."""
    return act(request, public_id, lambda contact, me: take_over(interaction_id=contact.pk, by=me))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def title(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What the case is called."""
    form = TitleForm(request.POST)
    if not form.is_valid():
        return done(request, public_id, said=_("A title has 200 characters at most."), level="warning")
    text = form.cleaned_data["title"]

    def deed(contact: Interaction, me: User) -> object:
        return name_case(interaction_id=contact.pk, title=text, by=me) if contact.case_id else None

    return act(request, public_id, deed)


def own(interaction: Interaction, user: User) -> Interaction:
    """Only who has it can hold it, put it off or end it."""
    if interaction.agent_id != user.pk:
        raise AnotherAgentHasItError(interaction_id=interaction.pk)
    return interaction
