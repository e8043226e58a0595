"""The audit log as a page and as a file."""

import csv
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ccx.kernel.audit.forms import AuditFilterForm
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.selectors import Told, entries_for, page_of, tell_all
from ccx.kernel.audit.services import record_read
from ccx.kernel.csv_cells import safe_cell
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs

MOST_EXPORTED = 50_000
HEADINGS = ["at", "actor_id", "actor", "door", "api_key_id", "request_id", "address"]
HEADINGS += ["action", "object_kind", "object_id", "column", "before", "after"]


@needs(Ability.SEE_AUDIT)
@require_GET
def log(request: StaffRequest) -> HttpResponse:
    """Who changed and who read what, newest first."""
    form = AuditFilterForm(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    rows = entries_for(request.user, filters)
    told, go_on = page_of(rows, before_id=filters.get("before"))
    kept = {name: value for name, value in request.GET.items() if name != "before" and value}
    context = {
        "form": form,
        "told": told,
        "next_url": f"?{urlencode({**kept, 'before': go_on})}" if go_on else "",
        "export_query": urlencode(kept),
        "is_filtered": bool(kept),
    }
    return render(request, "kernel/audit/log.html", context)


@needs(Ability.SEE_AUDIT)
@require_GET
def export(request: StaffRequest) -> HttpResponse:
    """The filtered log as CSV, one line per changed column. That it was taken is an entry itself."""
    form = AuditFilterForm(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    record_read(
        request=request,
        action=AuditEntry.Action.EXPORTED,
        object_kind="audit_entry",
        details={name: str(value) for name, value in filters.items() if value},
    )
    told = tell_all(entries_for(request.user, filters), most=MOST_EXPORTED)
    response = StreamingHttpResponse(_lines(told), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    # Django streams it all the same; only the annotation of `needs` knows no streams.
    return cast(HttpResponse, response)


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(told: Iterator[Told]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(HEADINGS))
    for one in told:
        entry = one.entry
        start = [
            entry.at.isoformat(),
            entry.actor_id,
            one.actor,
            entry.door,
            entry.api_key_id,
            entry.request_id,
            entry.address,
            entry.action,
            entry.object_kind,
            entry.object_id,
        ]
        for column, before, after in [(c.column, c.before, c.after) for c in one.changes] or [("", "", "")]:
            yield str(writer.writerow([safe_cell(value) for value in (*start, column, before, after)]))
