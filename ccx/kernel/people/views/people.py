"""Pages where administrators manage people and what they may see."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.look.figures import MISSING
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability, Role, UserKind
from ccx.kernel.people.forms import GrantForm, PersonForm
from ccx.kernel.people.grant_targets import describe
from ccx.kernel.people.http import StaffRequest, needs
from ccx.kernel.people.models import User
from ccx.kernel.people.selectors import people_for
from ccx.kernel.people.services.accounts import change_person, create_person, deactivate_person, reactivate_person
from ccx.kernel.people.services.grants import give_grant, take_grant
from ccx.kernel.people.services.invites import issue_invite, send_invite

PAGE_SIZE = 50


@needs(Ability.CONFIGURE)
def people(request: StaffRequest) -> HttpResponse:
    """Everybody, by name; closed accounts on demand."""
    words = request.GET.get("q", "").replace("\0", "").strip()
    with_closed = request.GET.get("closed") == "1"
    pages = Paginator(people_for(request.user, words=words, with_closed=with_closed), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    keep = f"&q={words}" if words else ""
    keep += "&closed=1" if with_closed else ""
    table = Table(
        caption=_("People"),
        columns=[Column(label=_("Name")), Column(label=_("Role")), Column(label=_("Team")), Column(label=_("Account"))],
        rows=[_row(user) for user in page.object_list],
        empty=_("Nobody matches."),
        previous_url=f"?page={page.previous_page_number()}{keep}" if page.has_previous() else "",
        next_url=f"?page={page.next_page_number()}{keep}" if page.has_next() else "",
    )
    actions = [Link(label=_("Add a person"), url=reverse("people:add_person"), icon="add", is_primary=True)]
    context = {"table": table, "actions": actions, "words": words, "with_closed": with_closed}
    return render(request, "kernel/people/people.html", context)


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def add_person(request: StaffRequest) -> HttpResponse:
    """A new account and its invitation."""
    form = PersonForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            user = create_person(by=request.user, **_person_fields(form))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _show_invite(request, user)
    return render(request, "kernel/people/add_person.html", {"form": form})


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def person(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One person: account, grants, and what can be done with the account."""
    user = _person(request, public_id)
    initial = {"name": user.name, "email": user.email, "role": user.role, "team": user.team_id}
    form = PersonForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_person(user_id=user.pk, by=request.user, **_person_fields(form))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("people:person", public_id=public_id)
    grants = describe(list(user.grants.order_by("scope", "target_id")))
    context = {"person": user, "form": form, "grants": grants, "grant_form": GrantForm()}
    return render(request, "kernel/people/person.html", context)


@needs(Ability.CONFIGURE)
@require_POST
def invite_person(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """A fresh invitation, mailed or shown once."""
    return _show_invite(request, _person(request, public_id))


@needs(Ability.CONFIGURE)
@require_POST
def close_account(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Close an account at once."""
    user = _person(request, public_id)
    try:
        deactivate_person(user_id=user.pk, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The account is closed. Its sessions ended."))
    return redirect("people:person", public_id=public_id)


@needs(Ability.CONFIGURE)
@require_POST
def open_account(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Open a closed account again."""
    user = _person(request, public_id)
    reactivate_person(user_id=user.pk, by=request.user)
    messages.success(request, _("The account is open again. Send a new invitation."))
    return redirect("people:person", public_id=public_id)


@needs(Ability.CONFIGURE)
@require_POST
def add_grant(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Let a person see more."""
    user = _person(request, public_id)
    form = GrantForm(request.POST)
    if form.is_valid():
        scope, target_id = form.chosen()
        give_grant(user_id=user.pk, scope=scope, target_id=target_id, by=request.user)
    else:
        messages.error(request, _("Choose what the person may see."))
    return redirect("people:person", public_id=public_id)


@needs(Ability.CONFIGURE)
@require_POST
def remove_grant(request: StaffRequest, public_id: UUID, grant_id: int) -> HttpResponse:
    """Let a person see less."""
    user = _person(request, public_id)
    try:
        take_grant(user_id=user.pk, grant_id=grant_id, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("people:person", public_id=public_id)


def _person(request: StaffRequest, public_id: UUID) -> User:
    rows = User.objects.visible_to(request.user).filter(kind=UserKind.PERSON)
    return get_object_or_404(rows.select_related("team"), public_id=public_id)


def _person_fields(form: PersonForm) -> dict[str, Any]:
    return {**form.cleaned_data, "role": Role(form.cleaned_data["role"])}


def _show_invite(request: StaffRequest, user: User) -> HttpResponse:
    """Show the link once; mail it too if asked. Mail that fails leaves the link, which works."""
    try:
        link = issue_invite(user_id=user.pk, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("people:person", public_id=user.public_id)
    is_mailed = False
    if request.POST.get("mail") == "1":
        try:
            send_invite(user=user, link=link, by=request.user)
            is_mailed = True
        except OSError:
            messages.error(request, _("The mail could not be sent. Hand the link over yourself."))
    context = {"person": user, "link": link, "is_mailed": is_mailed}
    return render(request, "kernel/people/invite.html", context)


def _row(user: User) -> Row:
    state = Cell(text=_("Open"), tone="good") if user.is_active else Cell(text=_("Closed"), tone="neutral")
    return Row(
        key=str(user.public_id),
        url=reverse("people:person", args=[user.public_id]),
        cells=[
            Cell(text=user.name, detail=user.email),
            Cell(text=str(Role(user.role).label)),
            Cell(text=user.team.name if user.team else MISSING),
            state,
        ],
    )
