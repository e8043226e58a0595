"""Departments, journeys, jobs and touchpoints: lists, and each on its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.look.figures import MISSING, number
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from journeys.ownership.choices import PartKind
from journeys.ownership.forms import PartForm, TouchpointForm
from journeys.ownership.models import PARTS, Part, Touchpoint
from journeys.ownership.selectors import editable_touchpoints, parts_with_counts, touchpoints_with_counts
from journeys.ownership.services.parts import remove_part, remove_touchpoint, save_part, save_touchpoint
from journeys.ownership.views.framing import for_keepers, framed


@needs(Ability.CONFIGURE)
@require_GET
def parts(request: StaffRequest, kind: str) -> HttpResponse:
    """All departments, journeys or jobs with their owners."""
    which = _kind(kind)
    words = _words(which)
    rows = [
        Row(
            key=str(part.public_id),
            url=reverse("map:part", args=[kind, part.public_id]),
            cells=[
                Cell(text=part.name),
                Cell(text=part.owner.name) if part.owner else Cell(text=_("No owner yet"), tone="warning"),
                Cell(text=number(part.hanging), value=part.hanging),  # type: ignore[union-attr]
            ],
        )
        for part in parts_with_counts(which, request.user)
    ]
    counted = _("Reasons") if which is PartKind.JOB else _("Touchpoints")
    columns = [Column(label=_("Name"), is_wide=True), Column(label=_("Owner")), Column(label=counted, is_numeric=True)]
    table = Table(caption=words["title"], columns=columns, rows=rows, empty=words["empty"])
    actions = [Link(label=words["add"], url=reverse("map:add_part", args=[kind]), icon="add", is_primary=True)]
    context = framed(request, kind, title=words["title"], subtitle=words["subtitle"], table=table, actions=actions)
    return render(request, "journeys/ownership/parts.html", context)


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def add_part(request: StaffRequest, kind: str) -> HttpResponse:
    """A new one."""
    return _part_page(request, _kind(kind), None)


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def part(request: StaffRequest, kind: str, public_id: UUID) -> HttpResponse:
    """One of them: its name, its owner, and the way to take it off the map."""
    which = _kind(kind)
    rows = PARTS[which].objects.visible_to(request.user).select_related("owner")
    return _part_page(request, which, get_object_or_404(rows, public_id=public_id))


def _part_page(request: StaffRequest, kind: PartKind, row: Part | None) -> HttpResponse:
    owner = row.owner.public_id if row and row.owner else None
    initial = {"name": row.name if row else "", "owner": owner}
    form = PartForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_part(kind=kind, part_id=row.pk if row else None, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("map:parts", kind=kind.value)
    words = _words(kind)
    others = [one for one in parts_with_counts(kind, request.user) if row is not None and one.pk != row.pk]
    context = framed(
        request,
        kind.value,
        title=row.name if row else words["add"],
        form=form,
        back=Link(label=words["title"], url=reverse("map:parts", args=[kind.value])),
        remove_url=reverse("map:remove_part", args=[kind.value, row.public_id]) if row else "",
        others=others,
        owners_url=reverse("owners:part", args=[row.public_id]) if row else "",
    )
    return render(request, "journeys/ownership/part.html", context)


@needs(Ability.CONFIGURE)
@require_POST
def drop_part(request: StaffRequest, kind: str, public_id: UUID) -> HttpResponse:
    """Take it off the map, with everything that hangs on it moved if so chosen."""
    which = _kind(kind)
    rows = PARTS[which].objects.visible_to(request.user)
    row = get_object_or_404(rows, public_id=public_id)
    into = _chosen(rows, request.POST.get("into", ""))
    try:
        remove_part(kind=which, part_id=row.pk, into_id=into, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("map:part", kind=kind, public_id=public_id)
    messages.success(request, _("“%(name)s” is off the map.") % {"name": row.name})
    return redirect("map:parts", kind=kind)


@for_keepers
@require_GET
def touchpoints(request: StaffRequest) -> HttpResponse:
    """Touchpoints by department; an owner's are those of the own departments."""
    rows = [
        Row(
            key=str(touchpoint.public_id),
            url=reverse("map:touchpoint", args=[touchpoint.public_id]),
            cells=[
                Cell(text=touchpoint.name),
                Cell(
                    text=touchpoint.department.name,
                    detail=touchpoint.department.owner.name if touchpoint.department.owner else _("No owner yet"),
                ),
                Cell(text=touchpoint.journey.name if touchpoint.journey else MISSING),
                Cell(text=number(touchpoint.hanging), value=touchpoint.hanging),  # type: ignore[attr-defined]
            ],
        )
        for touchpoint in touchpoints_with_counts(request.user)
    ]
    columns = [
        Column(label=_("Touchpoint"), is_wide=True),
        Column(label=_("Department")),
        Column(label=_("Journey")),
        Column(label=_("Reasons"), is_numeric=True),
    ]
    empty = _("No touchpoints yet: the places where customers meet the business, an invoice, a delivery.")
    table = Table(caption=_("Touchpoints"), columns=columns, rows=rows, empty=empty)
    actions = [Link(label=_("Add a touchpoint"), url=reverse("map:add_touchpoint"), icon="add", is_primary=True)]
    subtitle = _("Where customers meet the business, and which department answers for it.")
    context = framed(request, "touchpoints", title=_("Touchpoints"), subtitle=subtitle, table=table, actions=actions)
    return render(request, "journeys/ownership/parts.html", context)


@for_keepers
@require_http_methods(["GET", "POST"])
def add_touchpoint(request: StaffRequest) -> HttpResponse:
    """A new touchpoint."""
    return _touchpoint_page(request, None)


@for_keepers
@require_http_methods(["GET", "POST"])
def touchpoint(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One touchpoint."""
    return _touchpoint_page(request, get_object_or_404(editable_touchpoints(request.user), public_id=public_id))


def _touchpoint_page(request: StaffRequest, row: Touchpoint | None) -> HttpResponse:
    initial: dict[str, Any] = {}
    if row is not None:
        initial = {"name": row.name, "department": row.department.public_id}
        initial["journey"] = row.journey.public_id if row.journey else None
    form = TouchpointForm(request.POST or None, viewer=request.user, current=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_touchpoint(touchpoint_id=row.pk if row else None, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("map:touchpoints")
    others = editable_touchpoints(request.user).exclude(pk=row.pk) if row else ()
    context = framed(
        request,
        "touchpoints",
        title=row.name if row else _("Add a touchpoint"),
        form=form,
        back=Link(label=_("Touchpoints"), url=reverse("map:touchpoints")),
        remove_url=reverse("map:remove_touchpoint", args=[row.public_id]) if row else "",
        others=others,
        owners_url="",
    )
    return render(request, "journeys/ownership/part.html", context)


@for_keepers
@require_POST
def drop_touchpoint(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Take a touchpoint off the map, its reasons moved to another if so chosen."""
    rows = editable_touchpoints(request.user)
    row = get_object_or_404(rows, public_id=public_id)
    try:
        into = _chosen(rows, request.POST.get("into", ""))
        remove_touchpoint(touchpoint_id=row.pk, into_id=into, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("map:touchpoint", public_id=public_id)
    messages.success(request, _("“%(name)s” is off the map.") % {"name": row.name})
    return redirect("map:touchpoints")


def _chosen(rows: Any, text: str) -> int | None:
    """The row that a form names among those the user may use; None if it names none."""
    if not text:
        return None
    try:
        found = rows.filter(public_id=UUID(text)).values_list("pk", flat=True).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return int(found)


def _kind(text: str) -> PartKind:
    try:
        return PartKind(text)
    except ValueError:
        raise Http404 from None


def _words(kind: PartKind) -> dict[str, str]:
    return {
        PartKind.DEPARTMENT: {
            "title": _("Departments"),
            "subtitle": _("The parts of the business that cause contacts and can stop causing them."),
            "add": _("Add a department"),
            "empty": _("No departments yet."),
        },
        PartKind.JOURNEY: {
            "title": _("Journeys"),
            "subtitle": _("The ways customers go with us from a beginning to an end."),
            "add": _("Add a journey"),
            "empty": _("No journeys yet: becoming a customer, moving house, a repair."),
        },
        PartKind.JOB: {
            "title": _("Jobs to be done"),
            "subtitle": _("What customers want to get done, in their own words."),
            "add": _("Add a job"),
            "empty": _("No jobs yet: know when it arrives, pay the right amount."),
        },
    }[kind]
