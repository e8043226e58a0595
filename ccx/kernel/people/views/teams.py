"""Pages where administrators manage teams."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ccx.kernel.errors import DomainError
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.forms import TeamForm
from ccx.kernel.people.http import StaffRequest, needs
from ccx.kernel.people.models import Team
from ccx.kernel.people.selectors import teams_for
from ccx.kernel.people.services.teams import change_team, create_team


@needs(Ability.CONFIGURE)
def teams(request: StaffRequest) -> HttpResponse:
    """All teams and how many people each has."""
    table = Table(
        caption=_("Teams"),
        columns=[Column(label=_("Name")), Column(label=_("People"), is_numeric=True), Column(label=_("State"))],
        rows=[
            Row(
                key=str(team.public_id),
                url=reverse("people:team", args=[team.public_id]),
                cells=[
                    Cell(text=team.name),
                    Cell(text=str(team.people), value=team.people),  # type: ignore[attr-defined]
                    Cell(text=_("Active") if team.is_active else _("Closed")),
                ],
            )
            for team in teams_for(request.user)
        ],
        empty=_("No teams yet."),
    )
    actions = [Link(label=_("Add a team"), url=reverse("people:add_team"), icon="add", is_primary=True)]
    return render(request, "kernel/people/teams.html", {"table": table, "actions": actions})


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def add_team(request: StaffRequest) -> HttpResponse:
    """A new team."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            create_team(name=form.cleaned_data["name"], by=request.user)
        except DomainError as error:
            form.add_error("name", str(error))
        else:
            return redirect("people:teams")
    return render(request, "kernel/people/team.html", {"form": form, "title": _("Add a team")})


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def team(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One team."""
    row = get_object_or_404(Team.objects.visible_to(request.user), public_id=public_id)
    form = TeamForm(request.POST or None, initial={"name": row.name, "is_active": row.is_active})
    if request.method == "POST" and form.is_valid():
        try:
            change_team(team_id=row.pk, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("people:teams")
    return render(request, "kernel/people/team.html", {"form": form, "title": row.name})
