"""What is written at the desk: drafts, replies, notes, and taking a reply back."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS
from interactions.desk.forms import DraftForm, NoteForm, ReplyForm, uuid_of
from interactions.desk.selectors.door import message_of
from interactions.desk.views.actions import done, is_htmx, to_work
from interactions.desk.views.pages import found, list_context, open_context, thread_context
from interactions.handling import services
from interactions.handling.choices import After
from interactions.handling.errors import Change, DraftWasSentError, StaleViewError
from interactions.handling.selectors import seen_cursor
from interactions.handling.selectors.choosing import Going
from interactions.handling.tasks import wake


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def reply(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Answer the customer. If something happened meanwhile nothing is sent, the words stay, and it says what."""
    interaction = to_work(request, public_id)
    form = ReplyForm(request.POST, user=request.user)
    if not form.is_valid():
        return _unreadable(request, public_id, form)
    words, going = form.cleaned_data, form.going
    try:
        said = services.send_reply(
            interaction_id=interaction.pk,
            by=request.user,
            body=words["body"],
            draft_id=words["draft_id"],
            seen=words["seen"],
            then=_then(interaction, words["then"], going),
            going=going,
        )
    except StaleViewError as stale:
        return _refused(request, public_id, changes=stale.changes)
    except DomainError as refused:
        return _refused(request, public_id, why=str(refused))
    if said.is_new and said.message.sending.channel in LIVE_CHANNELS:
        transaction.on_commit(partial(wake, said.message.sending.inbox_id), robust=True)
    if not said.is_new and not going.template and said.message.body != words["body"]:
        return _sent_before(request, public_id, words["body"])
    return _said(request, public_id)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Write down what only we see."""
    interaction = to_work(request, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _unreadable(request, public_id, form)
    words = form.cleaned_data
    try:
        services.add_note(
            interaction_id=interaction.pk,
            by=request.user,
            body=words["body"],
            draft_id=words["draft_id"],
            files=words["file"],
        )
    except DomainError as refused:
        return _refused(request, public_id, why=str(refused))
    return _said(request, public_id)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def draft(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Keep what is being written. Words that were sent meanwhile do not come back to life."""
    interaction = to_work(request, public_id)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    words = form.cleaned_data
    if not words["body"].strip() and form.along.is_empty:
        services.discard_draft(interaction_id=interaction.pk, author=request.user)
        return HttpResponse(status=204)
    try:
        services.save_draft(
            interaction_id=interaction.pk,
            author=request.user,
            body=words["body"],
            is_note=words["is_note"],
            draft_id=words["draft_id"],
            along=form.along,
        )
    except DraftWasSentError:
        return HttpResponse(status=409)
    return HttpResponse(status=204)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def take_back(request: StaffRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    """Undo a reply that has not left: its words stand in the composer again."""
    interaction = to_work(request, public_id)
    message = _message(interaction, message_id, request)
    try:
        back = services.take_back(message_id=message.pk, by=request.user)
    except DomainError as refused:
        return done(request, public_id, said=str(refused), level="warning")
    if not is_htmx(request):
        return redirect("desk:conversation", public_id)
    shown = {"files": back.files.order_by("pk"), "contact": interaction}
    files = render_to_string("interactions/desk/_draft_files.html", shown, request)
    told = {"body": back.body, "draft_id": str(back.public_id), "files": files}
    return JsonResponse(told | {"along": bool(back.template or back.send_at)})


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def retry(request: StaffRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    """Send once more what did not leave."""
    return _settle(request, public_id, message_id, services.retry_sending)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def arrived(request: StaffRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    """A person knows that a message in doubt did arrive."""
    return _settle(request, public_id, message_id, services.confirm_sending)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def leave(request: StaffRequest, public_id: UUID, message_id: UUID) -> HttpResponse:
    """A person decides that a message which did not arrive need not be sent again."""
    return _settle(request, public_id, message_id, services.leave_failed)


def _settle(request: StaffRequest, public_id: UUID, message_id: UUID, service: Callable[..., object]) -> HttpResponse:
    """Have a person decide about a message that did not simply leave."""
    message = _message(to_work(request, public_id), message_id, request)
    try:
        service(message_id=message.pk, by=request.user)
    except DomainError as refused:
        return done(request, public_id, said=str(refused), level="warning")
    return done(request, public_id)


def _then(interaction: Interaction, then: After, going: Going) -> After:
    """What leaves later leaves the contact to wait as well, where nobody is on the line."""
    if going.send_at is None or then != After.STAY or interaction.channel in LIVE_CHANNELS:
        return then
    return After.WAIT


def _message(interaction: Interaction, message_id: UUID, request: StaffRequest) -> Message:
    try:
        return message_of(interaction, message_id, request.user)
    except Message.DoesNotExist:
        raise Http404 from None


def _said(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The conversation with the new message in it."""
    if not is_htmx(request):
        return redirect("desk:conversation", public_id)
    context = thread_context(request, found(request, public_id), since=uuid_of(request.POST.get("from", "")))
    answer = render(request, "interactions/desk/_thread.html", context)
    answer["HX-Trigger"] = '{"ccx:contact": {}}'
    return answer


def _refused(
    request: StaffRequest, public_id: UUID, *, changes: tuple[Change, ...] = (), why: str = ""
) -> HttpResponse:
    """Nothing was sent; the words stay where they are, and are kept as a draft."""
    interaction = found(request, public_id)
    context = {"changes": changes, "why": why, "contact": interaction, "seen": seen_cursor(interaction)}
    if is_htmx(request):
        return render(request, "interactions/desk/_changed.html", context, status=409)
    page = list_context(request) | open_context(request, interaction) | context
    return render(request, "interactions/desk/desk.html", page, status=409)


def _sent_before(request: StaffRequest, public_id: UUID, body: str) -> HttpResponse:
    """The answer to a first sending was lost, and its words were changed before they were sent again."""
    interaction = to_work(request, public_id)
    kept = services.save_draft(interaction_id=interaction.pk, author=request.user, body=body, draft_id=uuid4())
    answer = _refused(request, public_id, why=_("An earlier version of this was sent already; see above."))
    answer["X-Draft-Id"] = str(kept.public_id)
    return answer


def _unreadable(request: StaffRequest, public_id: UUID, form: NoteForm) -> HttpResponse:
    """The first thing that is wrong with it, in words."""
    errors = {name: str(said[0]) for name, said in form.errors.items()}
    too_long = _("This is too long to send. Shorten it to 100,000 characters.")
    why = next((errors[name] for name in ("later", "file", "copies") if name in errors), too_long)
    return _refused(request, public_id, why=why)
