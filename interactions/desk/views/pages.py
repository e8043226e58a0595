"""The desk's page and its fragments: the list, the header, the conversation. Every one asks the same door."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.audit.services import record_look
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.cases.models import Interaction
from interactions.desk.forms import uuid_of
from interactions.desk.nudging import LINES
from interactions.desk.selectors.calling import call_bar, owed, phones
from interactions.desk.selectors.composing import begun, gate
from interactions.desk.selectors.door import find
from interactions.desk.selectors.floor import IN_HAND
from interactions.desk.selectors.handing_over import later_hours
from interactions.desk.selectors.mailboxes import mailboxes_down
from interactions.desk.selectors.presence import is_full, presence
from interactions.desk.selectors.standing import Standing, standing
from interactions.desk.selectors.thread import thread
from interactions.desk.selectors.work_list import Choice, name_of, queue_ids_followed, work_list
from interactions.desk.views.calling import with_phone
from interactions.handling.models import PresenceState
from interactions.handling.selectors import seen_cursor
from interactions.handling.selectors.lines import lines_down
from interactions.handling.tasks import contact_seen


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def home(request: StaffRequest) -> HttpResponse:
    """The desk with nothing open."""
    context = list_context(request) | {"opened": None, "contact": None, "name": ""}
    return _page(request, context)


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def list_fragment(request: StaffRequest) -> HttpResponse:
    """The work list alone."""
    return render(request, "interactions/desk/_list.html", list_context(request))


@require_safe
@needs(Ability.HANDLE_CONTACTS)
@vary_on_headers("HX-Request")
def conversation(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The desk with one contact open; asked for by htmx, the contact alone."""
    interaction = found(request, public_id)
    record_look(request=request, object_kind="interaction", object_id=interaction.pk)
    context = open_context(request, interaction)
    _seen(interaction, context["stands"])
    if request.headers.get("HX-Request") == "true":
        return render(request, "interactions/desk/_open.html", context)
    return _page(request, list_context(request) | context)


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def header_fragment(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Who it is, how it stands, what can be done."""
    context = header_context(request, found(request, public_id)) | {"is_fragment": True}
    return render(request, "interactions/desk/_header.html", context)


@require_safe
@needs(Ability.HANDLE_CONTACTS)
def thread_fragment(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What was said: the live window (`from` its oldest message), or what came before one."""
    interaction = found(request, public_id)
    record_look(request=request, object_kind="interaction", object_id=interaction.pk)
    before, since = (uuid_of(request.GET.get(name, "")) for name in ("before", "from"))
    context = thread_context(request, interaction, before=before, since=since)
    if before is None:
        _seen(interaction, standing(interaction=interaction, user=request.user))
    template = "interactions/desk/_earlier.html" if before else "interactions/desk/_thread.html"
    return render(request, template, context)


def _seen(interaction: Interaction, stands: Standing) -> None:
    """The customer is shown that it was read by whoever may answer it; who only looks on leaves no trace."""
    if stands.can_reply:
        contact_seen(record=str(interaction.public_id))


def _page(request: StaffRequest, context: dict[str, Any]) -> HttpResponse:
    lines = phones(request.user)
    return with_phone(render(request, "interactions/desk/desk.html", context | {"phones": lines}), lines)


def found(request: StaffRequest, public_id: UUID) -> Interaction:
    """The contact, or the page that does not exist."""
    try:
        return find(public_id=public_id, user=request.user)
    except Interaction.DoesNotExist:
        raise Http404 from None


def list_context(request: StaffRequest) -> dict[str, Any]:
    """What the list needs, and what it listens for."""
    choice = Choice.read(request.GET.get("queue", ""), request.GET.get("shown", ""))
    topics = [f"user:{request.user.public_id}", LINES, *(f"queue:{key}" for key in queue_ids_followed(request.user))]
    work = work_list(user=request.user, choice=choice)
    in_hand = sum(row.interaction.status in IN_HAND for row in work.mine)
    there = presence(request.user)
    down = lines_down()
    return {
        "work": work,
        "choice": choice,
        "list_topics": " ".join(topics),
        "presence": there,
        "in_hand": in_hand,
        "is_full": there.state == PresenceState.AVAILABLE and is_full(request.user, in_hand=in_hand),
        "open_id": request.GET.get("open", ""),
        "lines_down": down,
        "mailboxes_down": mailboxes_down(besides=down),
        "owed": owed(request.user),
    }


def header_context(request: StaffRequest, interaction: Interaction) -> dict[str, Any]:
    """What the header needs, and the composer's gate, which goes with it."""
    stands = standing(interaction=interaction, user=request.user)
    return {
        "contact": interaction,
        "stands": stands,
        "call": call_bar(interaction, stands, request.user),
        "gate": gate(stands, request.user),
        "name": name_of(interaction),
        "contact_topic": f"interaction:{interaction.public_id}",
        "is_fragment": False,
    }


def thread_context(
    request: StaffRequest, interaction: Interaction, *, before: UUID | None = None, since: UUID | None = None
) -> dict[str, Any]:
    """What the conversation needs. What was seen is read first: better to ask once too often."""
    seen = seen_cursor(interaction)
    return {
        "contact": interaction,
        "name": name_of(interaction),
        "thread": thread(interaction=interaction, user=request.user, before=before, since=since),
        "seen": seen,
        "contact_topic": f"interaction:{interaction.public_id}",
        "me": request.user,
    }


def open_context(request: StaffRequest, interaction: Interaction) -> dict[str, Any]:
    """What one open contact needs."""
    head = header_context(request, interaction)
    return (
        thread_context(request, interaction)
        | head
        | {
            "opened": interaction,
            "open_id": str(interaction.public_id),
            "begun": begun(interaction=interaction, user=request.user, way=head["gate"].way),
            "hours": later_hours(request.user),
            "changes": (),
            "why": "",
        }
    )
