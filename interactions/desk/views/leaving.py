"""A contact leaves this desk: to a queue, to somebody else, to a later hour."""

from urllib.parse import urlsplit
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.errors import DomainError
from ccx.kernel.people.http import StaffRequest
from interactions.cases.models import Interaction
from interactions.desk.pane_forms import SearchForm, SnoozeForm, TransferForm
from interactions.desk.selectors.going_on import next_address
from interactions.desk.selectors.handing_over import later_hours, may_hand_over, targets
from interactions.desk.views.asking import answer, at_the_desk, go_to, is_fragment, to_work
from interactions.handling.services import snooze_interaction, transfer_interaction
from interactions.routing.models import Queue

TARGETS_PART = "transfer-targets"


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@at_the_desk
def transfer(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask where to and what the next one should know; posted, hand it over. ?q= finds a target."""
    interaction = _to_hand_over(request, public_id)
    if request.method != "POST":
        return _show_transfer(request, interaction, TransferForm(interaction=interaction, user=request.user))
    form = TransferForm(request.POST, interaction=interaction, user=request.user)
    if not form.is_valid():
        return _show_transfer(request, interaction, form)
    target = form.cleaned_data["to"]
    where = {"to_queue": target} if isinstance(target, Queue) else {"to_agent": target}
    try:
        transfer_interaction(interaction_id=interaction.pk, **where, note=form.cleaned_data["note"], by=request.user)
    except DomainError as error:
        form.add_error(None, str(error))
        return _show_transfer(request, interaction, form)
    return go_to(
        request, _back(request) or next_address(request.user), _("Handed over to %(name)s.") % {"name": target.name}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@at_the_desk
def snooze(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask until when; posted, put the contact off."""
    interaction = _to_hand_over(request, public_id)
    form = SnoozeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            snooze_interaction(interaction_id=interaction.pk, until=form.cleaned_data["until"], by=request.user)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return go_to(request, next_address(request.user), _("Put off. It comes back by itself."))
    shown = {
        "interaction": interaction,
        "form": form,
        "hours": later_hours(request.user),
        "chosen": form["choice"].value() or "tomorrow",
        "zone": str(request.user.zone),
    }
    status = 422 if request.method == "POST" else 200
    return answer(request, "interactions/desk/_snooze.html", shown, title=_("Put off"), status=status)


def _back(request: StaffRequest) -> str:
    """The floor as it was, where the dialog was opened there; who looks after many does not go on to one of them."""
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    floor = reverse("desk:floor")
    if here.path != floor:
        return ""
    return f"{floor}?{here.query}" if here.query else floor


def _to_hand_over(request: StaffRequest, public_id: UUID) -> Interaction:
    interaction = to_work(request, public_id)
    if not may_hand_over(interaction, request.user):
        raise Http404
    return interaction


def _show_transfer(request: StaffRequest, interaction: Interaction, form: TransferForm) -> HttpResponse:
    search = SearchForm(request.GET)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    shown = {
        "interaction": interaction,
        "form": form,
        "targets": targets(interaction, request.user, text),
        "chosen": form["to"].value() or "",
        "text": text,
    }
    if is_fragment(request) and request.headers.get("HX-Target") == TARGETS_PART:
        return render(request, "interactions/desk/_transfer_targets.html", shown)
    status = 422 if form.is_bound else 200
    return answer(request, "interactions/desk/_transfer.html", shown, title=_("Hand over"), status=status)
