"""Where administrators make forms: what is asked, in which order, and what is said around it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ccx.kernel.errors import DomainError
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.channels.choices import Channel
from interactions.doors.lines.forms import LineForm
from interactions.doors.models import WebForm
from interactions.doors.webform.editing import (
    KINDS,
    FieldRow,
    FormSettings,
    changed,
    fields_of,
    first_rows,
    judged,
    rows_given,
    rows_of,
)
from interactions.doors.webform.services import save_form

NAMES = ("title", "slug", "intro", "thanks", "takes_files", "confirms")


@require_safe
@needs(Ability.CONFIGURE)
def forms(request: StaffRequest) -> HttpResponse:
    """Every public form."""
    rows = list(WebForm.objects.visible_to(request.user).select_related("inbox").order_by("title", "pk"))
    table = Table(
        caption=_("Web forms"),
        columns=[Column(label=_("Form"), is_wide=True), Column(label=_("State")), Column(label=_("Line"))],
        rows=[_row(found) for found in rows],
    )
    context = {
        "table": table,
        "is_empty": not rows,
        "back": Link(label=_("Lines"), url=reverse("interactions:lines")),
        "actions": [Link(label=_("Add a form"), url=reverse("interactions:form-add"), icon="add", is_primary=True)],
    }
    return render(request, "interactions/doors/forms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def form_add(request: StaffRequest) -> HttpResponse:
    """A new form, and the line that its contacts come in on."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def form(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One form."""
    rows = WebForm.objects.visible_to(request.user).select_related("inbox")
    return _edit(request, get_object_or_404(rows, public_id=public_id))


def _edit(request: StaffRequest, known: WebForm | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    said = FormSettings(data, initial={name: getattr(known, name) for name in NAMES} if known else None)
    inbox = known.inbox if known else None
    line = LineForm(data, channel=Channel.WEB_FORM, adapter=None, inbox=inbox, viewer=request.user)
    if data is None:
        return _page(request, known, (said, line), rows_of(known) if known else first_rows())
    if data.get("do"):
        for unfinished in (said, line):  # somebody adds or moves a row, and has not finished: nothing is wrong yet
            unfinished.errors.clear()
        return _page(request, known, (said, line), changed(rows_given(request.POST), data["do"]))
    rows = judged(rows_given(request.POST))
    if not _is_wrong(said, line, rows):
        values = {**said.cleaned_data, "fields": fields_of(rows, before=known.fields if known else ())}
        try:
            saved = save_form(form_id=known.pk if known else None, values=values, line=line.values(), by=request.user)
        except DomainError as error:
            field = str(error.details.get("field", ""))
            form = line if field in line.fields else said
            form.add_error(field if field in form.fields else None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("interactions:form", saved.public_id)
    return _page(request, known, (said, line), rows, is_wrong=True)


def _is_wrong(said: FormSettings, line: LineForm, rows: list[FieldRow]) -> bool:
    if not rows:
        said.add_error(None, _("Ask for at least one thing."))
    if said.is_valid() and said.cleaned_data["confirms"] and not any(row.kind == "email" for row in rows):
        said.add_error("confirms", _("Ask for an e-mail address too; there is nobody to write to without one."))
    return not line.is_valid() or bool(said.errors) or any(row.error for row in rows)


def _page(
    request: StaffRequest,
    known: WebForm | None,
    forms: tuple[FormSettings, LineForm],
    rows: list[FieldRow],
    *,
    is_wrong: bool = False,
) -> HttpResponse:
    said, line = forms
    context: dict[str, Any] = {
        "said": said,
        "line_form": line,
        "rows": rows,
        "kinds": KINDS,
        "web_form": known,
        "title": known.title if known else _("Add a form"),
        "back": Link(label=_("Web forms"), url=reverse("interactions:forms")),
        "address": f"{settings.BASE_URL.rstrip('/')}{reverse('web-form', args=[known.slug])}" if known else "",
        "is_wrong": is_wrong,
    }
    return render(request, "interactions/doors/form_edit.html", context, status=422 if is_wrong else 200)


def _row(found: WebForm) -> Row:
    is_open = found.is_active and found.inbox.is_active
    return Row(
        url=reverse("interactions:form", args=[found.public_id]),
        cells=[
            Cell(text=found.title, detail=reverse("web-form", args=[found.slug])),
            Cell(text=_("Open"), icon="good", tone="good")
            if is_open
            else Cell(text=_("Switched off"), icon="neutral", tone="neutral"),
            Cell(text=found.inbox.name),
        ],
    )
