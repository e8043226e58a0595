"""What stands around the words in the composer: the way they go, the files beside them, templates."""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.channels.choices import Channel
from interactions.channels.contract import FetchedFile
from interactions.desk.forms import FileForm, WayForm
from interactions.desk.selectors.calling import call_ways
from interactions.desk.selectors.composing import gate, habit_line, templates_of
from interactions.desk.selectors.standing import standing
from interactions.desk.views.actions import done, is_htmx, to_work
from interactions.desk.views.asking import answer, at_the_desk
from interactions.desk.views.asking import to_work as to_work_on
from interactions.desk.views.pages import found, header_context
from interactions.handling import services
from interactions.handling.selectors.choosing import goes_on_here, may_choose, ways_for
from interactions.handling.selectors.inviting import chat_offers

# What is read of an upload at all; lines take less, and say so.
MAX_UPLOAD: Final = 100 * 1024 * 1024


@require_safe
@vary_on_headers("HX-Request")
@at_the_desk
def ways(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Every line and address of the customer, with what shuts those that are shut."""
    interaction = to_work_on(request, public_id)
    rows = ways_for(interaction, request.user)
    stands = gate(standing(interaction=interaction, user=request.user), request.user)
    current = stands.way if stands.can_reply else None
    sees = stands.can_choose and may_choose(interaction, request.user)
    shown = {
        "interaction": interaction,
        "calls": call_ways(interaction, request.user) if sees else (),
        "offers": chat_offers(interaction, current) if stands.can_choose else (),
        "prefers": stands.prefers,
        "habit": habit_line(interaction) if sees else "",
        "ways": [(way, Channel(way.inbox.channel).slug, not goes_on_here(interaction, way)) for way in rows],
        "current": current,
    }
    return answer(request, "interactions/desk/_ways.html", shown, title=_("How to write to the customer"))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def way(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Choose the line and the address that the reply goes to; the case stays the same."""
    interaction = to_work(request, public_id)
    form = WayForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data
    try:
        services.choose_way(
            interaction_id=interaction.pk,
            by=request.user,
            inbox_id=chosen["inbox"].pk,
            identity_id=chosen["identity"],
        )
    except DomainError as refused:
        return done(request, public_id, said=str(refused), level="warning")
    if not is_htmx(request):
        return redirect("desk:conversation", public_id)
    return render(request, "interactions/desk/_gate.html", header_context(request, found(request, public_id)))


@require_safe
@vary_on_headers("HX-Request")
@at_the_desk
def templates(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The provider's templates of the line on which the reply goes."""
    interaction = to_work_on(request, public_id)
    chosen = gate(standing(interaction=interaction, user=request.user), request.user).way
    shown = {"interaction": interaction, "way": chosen, "templates": templates_of(chosen) if chosen else ()}
    return answer(request, "interactions/desk/_templates.html", shown, title=_("Templates"))


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def add_file(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Put a file with the draft; what the line would not take is refused at once, in words."""
    interaction = to_work(request, public_id)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return HttpResponse(_("The file did not arrive. Try again."), status=422, content_type="text/plain")
    upload = form.cleaned_data["file"]
    if upload.size > MAX_UPLOAD:
        return HttpResponse(_("%(name)s is too large.") % {"name": upload.name}, status=422, content_type="text/plain")
    try:
        kept = services.add_file(
            interaction_id=interaction.pk,
            by=request.user,
            file=FetchedFile(name=upload.name, content_type=upload.content_type or "", content=upload.read()),
            draft_id=form.cleaned_data["draft_id"],
            is_note=form.cleaned_data["kind"] == "note",
        )
    except DomainError as refused:
        return HttpResponse(str(refused), status=422, content_type="text/plain")
    if not is_htmx(request):
        return redirect("desk:conversation", public_id)
    shown = {"file": kept, "contact": interaction}
    return render(request, "interactions/desk/_draft_file.html", shown, status=201)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def remove_file(request: StaffRequest, public_id: UUID, file_id: UUID) -> HttpResponse:
    """Take it out of the draft again."""
    interaction = to_work(request, public_id)
    services.remove_file(interaction_id=interaction.pk, file_id=file_id, by=request.user)
    return HttpResponse(status=204) if is_htmx(request) else redirect("desk:conversation", public_id)
