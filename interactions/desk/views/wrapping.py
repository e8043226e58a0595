"""The panel at the end of a contact."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.errors import DomainError
from ccx.kernel.people.http import StaffRequest
from interactions.cases.choices import Outcome
from interactions.cases.models import Interaction
from interactions.desk.pane_forms import SearchForm, WrapUpForm
from interactions.desk.selectors.going_on import next_address
from interactions.desk.selectors.wrapping import find_reasons, may_finish, may_say, wrap_up
from interactions.desk.views.asking import answer, at_the_desk, go_to, to_read, to_work
from interactions.handling.services import close_interaction, finish_wrap_up, make_promise


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@at_the_desk
def panel(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What was in this contact: asked, and posted to finish it."""
    if request.method != "POST":
        return _show(request, to_read(request, public_id), WrapUpForm())
    interaction = to_work(request, public_id)
    if not may_say(interaction, request.user):
        raise Http404
    form = WrapUpForm(request.POST)
    if not form.is_valid():
        return _show(request, interaction, form)
    try:
        _finish(interaction, form, request)
    except DomainError as error:
        return _show(request, to_read(request, public_id), form, refusal=str(error))
    return go_to(request, next_address(request.user), _("Finished."))


@require_POST
@at_the_desk
def not_a_contact(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Close what was none: spam, a test, a wrong number. It counts nowhere."""
    interaction = to_work(request, public_id)
    if not may_finish(interaction, request.user):
        raise Http404
    try:
        close_interaction(interaction_id=interaction.pk, outcome=Outcome.NOT_A_CONTACT, by=request.user)
    except DomainError as error:
        return _show(request, to_read(request, public_id), WrapUpForm(), refusal=str(error))
    return go_to(request, next_address(request.user), _("Closed without contact. It counts nowhere."))


@require_safe
@at_the_desk
def reasons(request: StaffRequest) -> HttpResponse:
    """Reasons that fit the text, as options of the panel's list."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    return render(request, "interactions/desk/_wrap_up_reasons.html", {"reasons": find_reasons(text), "text": text})


@transaction.atomic
def _finish(interaction: Interaction, form: WrapUpForm, request: StaffRequest) -> None:
    said = form.cleaned_data
    if said["next_step"]:
        make_promise(
            interaction_id=interaction.pk, body=said["next_step"], due_at=said["next_step_at"], by=request.user
        )
    if interaction.is_wrap_up_default:
        finish_wrap_up(interaction_id=interaction.pk, **form.spoken(), by=request.user)
    else:
        close_interaction(interaction_id=interaction.pk, **form.spoken(), by=request.user)


def _show(request: StaffRequest, interaction: Interaction, form: WrapUpForm, *, refusal: str = "") -> HttpResponse:
    values: dict[str, Any] = {
        "interaction": interaction,
        "wrap_up": wrap_up(interaction, request.user, form["reason"].value() or "", form["disposition"].value() or ""),
        "form": form,
        "refusal": refusal,
    }
    status = 422 if form.is_bound or refusal else 200
    return answer(request, "interactions/desk/_wrap_up.html", values, title=_("Wrap-up"), status=status)
