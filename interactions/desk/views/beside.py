"""The pane beside a conversation, and the little that is changed there."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_look, record_read
from ccx.kernel.errors import DomainError
from ccx.kernel.people.http import StaffRequest
from interactions.cases.models import Interaction
from interactions.customers.forms import NoteForm
from interactions.customers.models import Customer
from interactions.customers.selectors import find_customer, search_customers
from interactions.customers.services import add_note, tell_apart
from interactions.desk.pane_forms import PromiseForm, SearchForm
from interactions.desk.selectors.context import cases_seen, older_contacts, pane, promises_seen
from interactions.desk.views.asking import answer, at_the_desk, is_fragment, to_read, to_work
from interactions.handling.services import identify_customer, keep_promise, make_promise, move_interaction

CANDIDATES = 8
# Which cards somebody opened and closed: "timeline.1,purchases.0", kept by their browser.
CARDS_COOKIE = "ccx_cards"


@require_safe
@vary_on_headers("HX-Request")
@at_the_desk
def context(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Who this is, what we owe them, what happened before."""
    return _show(request, to_read(request, public_id))


@require_safe
@at_the_desk
def older(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The next part of the timeline."""
    interaction = to_read(request, public_id)
    if interaction.customer_id:
        record_look(request=request, object_kind="customer", object_id=interaction.customer_id)
    page = older_contacts(interaction, request.user, _uuid(request.GET.get("before", "")))
    shown = {"interaction": interaction, "page": page, "is_older": True}
    return answer(request, "interactions/desk/_context_timeline.html", shown, title=_("Contacts over all channels"))


@require_POST
@at_the_desk
def promise(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Promise something to the customer of this contact."""
    interaction = to_work(request, public_id)
    form = PromiseForm(request.POST)
    if not form.is_valid():
        return _show(request, interaction, promise_form=form)
    try:
        make_promise(interaction_id=interaction.pk, **form.cleaned_data, by=request.user)
    except DomainError as error:
        form.add_error(None, str(error))
        return _show(request, interaction, promise_form=form)
    return _changed(request, interaction)


@require_POST
@at_the_desk
def promise_kept(request: StaffRequest, public_id: UUID, promise_id: UUID) -> HttpResponse:
    """Say that a promise to this customer was kept."""
    interaction = to_work(request, public_id)
    row = get_object_or_404(promises_seen(interaction, request.user), public_id=promise_id)
    keep_promise(promise_id=row.pk, by=request.user)
    return _changed(request, interaction)


@require_POST
@at_the_desk
def case(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Put the contact into another case of its customer (`to` its id), or into one of its own ("new")."""
    interaction = to_work(request, public_id)
    wanted = request.POST.get("to", "")
    to_case = None
    if wanted != "new":
        to_case = get_object_or_404(cases_seen(interaction, request.user), public_id=_uuid(wanted))
    try:
        move_interaction(
            interaction_id=interaction.pk, to_case_id=to_case.pk if to_case is not None else None, by=request.user
        )
    except DomainError as error:
        return _show(request, interaction, refusal=str(error))
    return _changed(request, interaction)


@require_POST
@at_the_desk
def customer_note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Remember something about the customer."""
    interaction = to_work(request, public_id)
    if interaction.customer_id is None:
        raise Http404
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, interaction, note_form=form)
    try:
        add_note(customer_id=interaction.customer_id, body=form.cleaned_data["body"], by=request.user)
    except DomainError as error:
        form.add_error(None, str(error))
        return _show(request, interaction, note_form=form)
    return _changed(request, interaction)


@require_POST
@at_the_desk
def apart(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Say that the customer of this contact and an `other` are two people; it is taken back on the customer's page."""
    interaction = to_work(request, public_id)
    customer, other = _both(request, interaction)
    try:
        tell_apart(customer_id=customer.pk, other_id=other.pk, by=request.user)
    except DomainError as error:
        return _show(request, interaction, refusal=str(error))
    said = _("Remembered: %(other)s is somebody else. Their page shows them again.") % {"other": other}
    response = _changed(request, interaction)
    return trigger_client_event(response, "ccx:toast", {"text": said, "level": "success"})


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_desk
def who(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Find the customer of a contact that came from nobody (?q=), and say that it is theirs."""
    interaction = to_work(request, public_id) if request.method == "POST" else to_read(request, public_id)
    if request.method == "POST":
        return _identify(request, interaction)
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    rows = search_customers(user=request.user, text=text, limit=CANDIDATES).rows if text else ()
    if text:
        record_read(request=request, action=AuditEntry.Action.SEARCHED, object_kind="customer", object_id=None)
    found = {"interaction": interaction, "text": text, "rows": rows}
    return answer(request, "interactions/desk/_context_who.html", found, title=_("Who is this?"))


def _both(request: StaffRequest, interaction: Interaction) -> tuple[Customer, Customer]:
    """The contact's customer and the other one, both in the user's sight."""
    if interaction.customer is None:
        raise Http404
    try:
        customer = find_customer(interaction.customer.public_id, request.user)
        return customer, find_customer(_uuid(request.POST.get("other", "")) or UUID(int=0), request.user)
    except Customer.DoesNotExist:
        raise Http404 from None


def _identify(request: StaffRequest, interaction: Interaction) -> HttpResponse:
    try:
        customer = find_customer(_uuid(request.POST.get("customer", "")) or UUID(int=0), request.user)
    except Customer.DoesNotExist:
        raise Http404 from None
    try:
        identify_customer(interaction_id=interaction.pk, customer=customer, by=request.user)
    except DomainError as error:
        return _show(request, interaction, refusal=str(error))
    return _changed(request, interaction)


def _changed(request: StaffRequest, interaction: Interaction) -> HttpResponse:
    """The pane as it is now; without htmx the desk with this contact."""
    if is_fragment(request):
        return _show(request, to_read(request, interaction.public_id))
    return redirect("desk:conversation", interaction.public_id)


def _show(request: StaffRequest, interaction: Interaction, *, refusal: str = "", **forms: Any) -> HttpResponse:
    shown = pane(interaction, request.user, _opened(request))
    if shown.profile is not None:
        record_look(request=request, object_kind="customer", object_id=shown.profile.customer.pk)
    values = {
        "pane": shown,
        "interaction": interaction,
        "refusal": refusal,
        "promise_form": forms.get("promise_form") or PromiseForm(),
        "note_form": forms.get("note_form") or NoteForm(),
    }
    status = 422 if refusal or forms else 200
    return answer(request, "interactions/desk/_context.html", values, title=_("Customer"), status=status)


def _opened(request: StaffRequest) -> dict[str, bool]:
    pairs = (part.partition(".") for part in request.COOKIES.get(CARDS_COOKIE, "")[:500].split(","))
    return {key: flag == "1" for key, _dot, flag in pairs if flag in {"0", "1"}}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
