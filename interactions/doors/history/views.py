"""The pages of imports: upload, look, start, follow, and read what was rejected."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.csv_cells import safe_cell
from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.doors.history.forms import MappingForm, PageForm, UploadForm
from interactions.doors.history.mapping import load_mapping
from interactions.doors.history.previewing import preview
from interactions.doors.history.reading import header_of
from interactions.doors.history.selectors import (
    ICONS,
    TONES,
    facts_of,
    issues_as_lines,
    same_file_before,
    table_of_imports,
    table_of_issues,
)
from interactions.doors.history.services import (
    AT_WORK,
    STARTABLE,
    begin_import,
    change_mapping,
    path_of,
    pause_import,
    start_import,
)
from interactions.doors.history.tasks import hand_over
from interactions.doors.models import ImportRun


@require_GET
@needs(Ability.IMPORT_HISTORY)
def imports(request: StaffRequest) -> HttpResponse:
    """What was imported, newest first."""
    before = PageForm(request.GET).imports_before()
    table = table_of_imports(user=request.user, before=before)
    return render(request, "interactions/doors/imports.html", {"table": table, "before": before})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.IMPORT_HISTORY)
def new_import(request: StaffRequest) -> HttpResponse:
    """Upload a file; what follows is a look at it."""
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                run = begin_import(file=form.cleaned_data["file"], by=request.user)
            except DomainError as error:
                form.add_error("file", str(error))
            else:
                return redirect("interactions:import", run.public_id)
    context = {"form": form, "most": settings.CCX_IMPORT_MAX_MB}
    return render(request, "interactions/doors/import_new.html", context, status=400 if form.errors else 200)


@require_GET
@needs(Ability.IMPORT_HISTORY)
@vary_on_headers("HX-Request")
def import_run(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One import: to look at before it starts, to follow while it runs, to read when it is over."""
    run = _run(request, public_id)
    if run.state == ImportRun.State.DRAFT:
        return _draft(request, run, text=str(run.mapping.get("yaml", "")))
    is_fragment = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {"run": run, "facts": facts_of(run), "tone": TONES[run.state], "icon": ICONS[run.state]}
    context |= {"is_at_work": run.state in AT_WORK, "can_start": run.state in STARTABLE}
    context["total"] = max(run.rows_total or 0, run.rows_read, 1)
    if is_fragment:
        response = render(request, "interactions/doors/_import_progress.html", context)
        if run.state not in AT_WORK:
            response["HX-Refresh"] = "true"  # buttons and the table of issues are stale too
        return response
    context["issues"] = table_of_issues(run=run, after=PageForm(request.GET).issues_after())
    return render(request, "interactions/doors/import_run.html", context)


@require_POST
@needs(Ability.IMPORT_HISTORY)
def mapping(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Change the mapping and look again. One that is wrong is shown with what is wrong, and not kept."""
    run = _run(request, public_id)
    form = MappingForm(request.POST)
    text = str(request.POST.get("mapping", ""))
    try:
        if not form.is_valid():
            return _draft(request, run, text=text, error=" ".join(map(str, form.errors["mapping"])))
        change_mapping(run_id=run.pk, text=text)
    except DomainError as error:
        return _draft(request, run, text=text, error=str(error))
    return redirect("interactions:import", public_id)


@require_POST
@needs(Ability.IMPORT_HISTORY)
def start(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Start, or go on."""
    run = _run(request, public_id)
    try:
        start_import(run_id=run.pk)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        hand_over(run.pk)
    return redirect("interactions:import", public_id)


@require_POST
@needs(Ability.IMPORT_HISTORY)
def pause(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Stop after the rows that are being taken."""
    run = _run(request, public_id)
    try:
        pause_import(run_id=run.pk)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("interactions:import", public_id)


@require_GET
@needs(Ability.IMPORT_HISTORY)
def issues(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The rejected rows and the unknown values as CSV. That it was taken is an entry in the audit log."""
    run = _run(request, public_id)
    record_read(request=request, action=AuditEntry.Action.EXPORTED, object_kind="import_issues", object_id=run.pk)
    response = StreamingHttpResponse(_csv(issues_as_lines(run=run)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="import-issues.csv"'
    # Django streams it all the same; only the annotation of `needs` knows no streams.
    return cast(HttpResponse, response)


def _run(request: StaffRequest, public_id: UUID) -> ImportRun:
    rows = ImportRun.objects.visible_to(request.user).select_related("source", "started_by")
    return get_object_or_404(rows, public_id=public_id)


def _draft(request: StaffRequest, run: ImportRun, *, text: str, error: str = "") -> HttpResponse:
    context: dict[str, Any] = {"run": run, "text": text, "header": [], "seen": None, "mapping": None}
    status = 400 if error else 200
    try:
        path = path_of(run)
        context["header"] = header_of(path)
        if not error:
            context["mapping"] = load_mapping(text)
            context["seen"] = preview(path, context["mapping"])
    except DomainError as wrong:
        error = error or str(wrong)
    context |= {"error": error, "same": same_file_before(run=run, user=request.user)}
    return render(request, "interactions/doors/import_draft.html", context, status=status)


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(lines: Iterable[list[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"
    for line in lines:
        yield str(writer.writerow([safe_cell(value) for value in line]))
