"""The telephone: signing a browser in, what its agent does with a call, and calling a customer."""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.calls import services as calls
from interactions.calls.errors import NoVoiceLineError
from interactions.calls.models import Callback
from interactions.calls.selectors import callbacks_given_up, callbacks_open, missed_calls, softphone_lines
from interactions.cases.models import Interaction
from interactions.channels.models import Inbox
from interactions.desk.pane_forms import ConsultForm, DialForm, SearchForm
from interactions.desk.selectors.calling import has_telephone, is_theirs, phones, queues_followed
from interactions.desk.selectors.handing_over import Target, targets
from interactions.desk.views.actions import act, done, is_htmx, own, to_work
from interactions.desk.views.asking import answer, is_fragment
from interactions.handling.services import accept_interaction

TARGETS_PART: Final = "transfer-targets"
MOST: Final = 200
ORDERS: Final[dict[str, Callable[..., object]]] = {
    "hang-up": calls.hang_up,
    "complete": calls.complete_transfer,
    "cancel": calls.cancel_consult,
    "join": calls.join_all,
    "record": calls.start_recording,
    "pause-recording": calls.pause_recording,
    "resume-recording": calls.resume_recording,
}


@require_POST
@never_cache
@needs(Ability.HANDLE_CONTACTS)
def phone_token(request: StaffRequest) -> HttpResponse:
    """What this person's browser signs in to the provider with; for lines of theirs alone."""
    line = next((one for one in phones(request.user) if str(one.public_id) == request.POST.get("line")), None)
    if line is None:
        raise Http404
    try:
        made = calls.token_for(inbox_id=line.pk, agent=request.user)
    except DomainError as refused:
        return JsonResponse({"said": str(refused)}, status=409)
    return JsonResponse({"token": made.token, "identity": made.identity, "expires_at": made.expires_at.isoformat()})


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def control(request: StaffRequest, public_id: UUID, what: str) -> HttpResponse:
    """One order to the telephone of a contact that is one's own."""
    if what not in ORDERS:
        raise Http404
    return act(request, public_id, lambda one, me: ORDERS[what](interaction_id=own(one, me).pk, by=me))


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@needs(Ability.HANDLE_CONTACTS)
def consult(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Whom to ask; posted, the customer is held and they are called. ?q= finds a colleague."""
    interaction = to_work(request, public_id)
    if interaction.agent_id != request.user.pk or interaction.is_closed:
        raise Http404
    if request.method != "POST":
        return _show_consult(request, interaction, ConsultForm(interaction=interaction, user=request.user))
    form = ConsultForm(request.POST, interaction=interaction, user=request.user)
    if not form.is_valid():
        return _show_consult(request, interaction, form)
    whom = {"agent": form.cleaned_data["to"], "number": form.cleaned_data["number"]}
    try:
        calls.consult(interaction_id=interaction.pk, by=request.user, **whom)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _show_consult(request, interaction, form)
    if not is_htmx(request):
        return redirect("desk:conversation", public_id)
    events = {"ccx:contact": {"id": str(public_id)}, "ccx:dialog-done": {"id": "consult"}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def dial(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Call the customer of a contact: one's own telephone first, then theirs."""
    interaction = to_work(request, public_id)
    form = DialForm(request.POST)
    if not form.is_valid():
        return done(request, public_id, said=_("Choose one of the customer's numbers."), level="warning")
    key = form.cleaned_data["identity"]
    if key is not None and not is_theirs(interaction, key):
        raise Http404
    try:
        call = calls.dial_customer(
            interaction_id=interaction.pk,
            identity_id=key,
            inbox_id=_line(request.user, interaction),
            by=request.user,
        )
    except DomainError as refused:
        return done(request, public_id, said=str(refused), level="warning")
    contact = call.interaction or interaction
    if not is_htmx(request):
        return to_the_call(contact)
    place = {"path": reverse("desk:conversation", args=[contact.public_id]), "target": "#desk-open"}
    response = done(request, contact.public_id)
    response["HX-Trigger"] = json.dumps(
        {"ccx:contact": {"id": str(contact.public_id)}, "ccx:phone-expects": {"id": str(contact.public_id)}}
    )
    response["HX-Location"] = json.dumps(place | {"swap": "outerHTML"})
    return response


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def calls_page(request: StaffRequest) -> HttpResponse:
    """Who was not answered, and who waits to be called back."""
    return render(request, "interactions/desk/calls.html", _owed(request))


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def calls_fragment(request: StaffRequest) -> HttpResponse:
    """What moves on it."""
    return render(request, "interactions/desk/_calls.html", _owed(request))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def callback(request: StaffRequest, public_id: UUID, what: str) -> HttpResponse:
    """Call back now ("now"), also who was given up, or not at all ("cancel")."""
    deed = {"now": calls.call_back, "cancel": calls.cancel_callback}.get(what)
    listed = (rows(request.user).filter(public_id=public_id).first() for rows in (callbacks_open, callbacks_given_up))
    found = next((one for one in listed if one is not None), None)
    if deed is None or found is None:
        raise Http404
    try:
        deed(callback_id=found.pk, by=request.user)
    except DomainError as refused:
        messages.warning(request, str(refused))
        return redirect("desk:calls")
    if what == "cancel":
        messages.success(request, _("Cancelled. Nobody calls back."))
        return redirect("desk:calls")
    found.refresh_from_db()
    return _take(request, found)


def _take(request: StaffRequest, callback: Callback) -> HttpResponse:
    """Who presses it makes the call: the contact that calls back is theirs, if nobody was quicker."""
    contact = callback.interaction
    if contact is None:
        return redirect("desk:calls")
    try:
        accept_interaction(interaction_id=contact.pk, agent=request.user, by=request.user)
    except DomainError as refused:
        messages.warning(request, str(refused))
        return redirect("desk:calls")
    return to_the_call(contact)


def to_the_call(contact: Interaction) -> HttpResponse:
    """The desk, whose telephone is told to answer the call of this contact by itself."""
    return redirect(f"{reverse('desk:conversation', args=[contact.public_id])}#calling")


def _owed(request: StaffRequest) -> dict[str, Any]:
    missed = missed_calls(request.user)
    waiting = callbacks_open(request.user)
    given_up = callbacks_given_up(request.user)
    return {
        "given_up": given_up[:MOST],
        "given_up_count": given_up.count(),
        "most_tries": calls.MOST_TRIES,
        "has_softphone": bool(softphone_lines(request.user)),
        "has_telephone": has_telephone(request.user),
        "missed": missed[:MOST],
        "missed_count": missed.count(),
        "callbacks": waiting[:MOST],
        "callback_count": waiting.count(),
        "topics": " ".join([f"user:{request.user.public_id}", *queues_followed(request.user)]),
    }


def with_phone(response: HttpResponse, lines: list[Inbox]) -> HttpResponse:
    """Let the page of an agent who has a line reach the provider; nobody else's page may."""
    if lines:
        origins = list(settings.CCX_PHONE_ORIGINS)
        sounds = [origin for origin in origins if origin.startswith("https:")]
        response._csp_update = {"connect-src": origins, "media-src": ["'self'", *sounds]}  # type: ignore[attr-defined]
    return response


def _line(user: User, interaction: Interaction) -> int:
    """The line on which this person's own telephone can ring; the contact's where it is one of theirs."""
    lines = softphone_lines(user)
    if not lines:
        raise NoVoiceLineError(_("You have no telephone line. An administrator sets one up and grants it."))
    return next((line.pk for line in lines if line.pk == interaction.inbox_id), lines[0].pk)


def _show_consult(request: StaffRequest, interaction: Interaction, form: ConsultForm) -> HttpResponse:
    search = SearchForm(request.GET)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    found: list[Target] = [one for one in targets(interaction, request.user, text) if one.kind == "agent"]
    shown: dict[str, Any] = {
        "interaction": interaction,
        "form": form,
        "targets": found,
        "chosen": form["to"].value() or "",
        "text": text,
    }
    if is_fragment(request) and request.headers.get("HX-Target") == TARGETS_PART:
        return render(request, "interactions/desk/_transfer_targets.html", shown)
    status = 422 if form.is_bound else 200
    return answer(request, "interactions/desk/_consult.html", shown, title=_("Ask somebody"), status=status)
