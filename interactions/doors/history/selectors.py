"""What the pages of imports show."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from ccx.kernel.look.figures import local_time, number
from ccx.kernel.look.parts import Cell, Column, Fact, Row, Table, Tone
from ccx.kernel.models import User
from interactions.doors.models import ImportIssue, ImportRun

PAGE: int = 50
TONES: dict[str, Tone] = {
    ImportRun.State.DRAFT: "neutral",
    ImportRun.State.QUEUED: "info",
    ImportRun.State.RUNNING: "info",
    ImportRun.State.PAUSED: "warning",
    ImportRun.State.DONE: "good",
    ImportRun.State.FAILED: "bad",
}
ICONS: dict[str, str] = {
    ImportRun.State.DRAFT: "show",
    ImportRun.State.QUEUED: "waiting",
    ImportRun.State.RUNNING: "refresh",
    ImportRun.State.PAUSED: "hold",
    ImportRun.State.DONE: "good",
    ImportRun.State.FAILED: "bad",
}


def table_of_imports(*, user: User, before: UUID | None) -> Table:
    """The imports, newest first."""
    rows = ImportRun.objects.visible_to(user).select_related("source", "started_by").order_by("-public_id")
    found = list((rows.filter(public_id__lt=before) if before else rows)[: PAGE + 1])
    columns = [Column(label=_("File"), is_wide=True), Column(label=_("State"))]
    columns += [
        Column(label=name, is_numeric=True)
        for name in (_("Rows"), _("Added"), _("Known already"), _("Rejected"), _("With unknowns"))
    ]
    columns += [Column(label=_("Covers")), Column(label=_("Begun"))]
    return Table(
        caption=_("Imports"),
        columns=columns,
        rows=[_line(run) for run in found[:PAGE]],
        next_url=f"?before={found[PAGE - 1].public_id}" if len(found) > PAGE else "",
        empty=_("There are no earlier imports."),
    )


def _line(run: ImportRun) -> Row:
    counts = (run.rows_read, run.rows_added, run.rows_known, run.rows_rejected, run.rows_flagged)
    state = Cell(text=run.get_state_display(), icon=ICONS[run.state], tone=TONES[run.state], detail=run.error)
    return Row(
        url=reverse("interactions:import", args=[run.public_id]),
        cells=[
            Cell(text=run.file_name, detail=run.source.name if run.source else ""),
            state,
            *(Cell(text=number(count), value=count, is_numeric=True) for count in counts),
            Cell(text=period_of(run) or "–", detail=run.source.time_zone if run.source else ""),
            Cell(text=local_time(run.created_at), detail=run.started_by.name),
        ],
    )


def period_of(run: ImportRun) -> str:
    """The days that the source of a run covers, in words."""
    if run.source is None:
        return ""
    return _("%(first)s until before %(until)s") % {
        "first": run.source.covered_from.isoformat(),
        "until": run.source.covered_until.isoformat(),
    }


def facts_of(run: ImportRun) -> list[Fact]:
    """What a run has done so far."""
    facts = [
        Fact(name=_("Rows read"), value=number(run.rows_read)),
        Fact(name=_("Contacts added"), value=number(run.rows_added)),
        Fact(name=_("Known already"), value=number(run.rows_known)),
        Fact(name=_("Rejected"), value=number(run.rows_rejected)),
        Fact(name=_("Taken with something unknown"), value=number(run.rows_flagged)),
    ]
    if run.source:
        facts += [
            Fact(name=_("Source"), value=run.source.name),
            Fact(name=_("Covers"), value=period_of(run), note=run.source.time_zone),
        ]
    return [*facts, Fact(name=_("Begun by"), value=run.started_by.name, note=local_time(run.created_at))]


def same_file_before(*, run: ImportRun, user: User) -> ImportRun | None:
    """An earlier import of the very same file."""
    if not run.file_sha256:
        return None
    same = ImportRun.objects.visible_to(user).filter(file_sha256=run.file_sha256, rows_read__gt=0)
    return same.exclude(pk=run.pk).order_by("-public_id").first()


def table_of_issues(*, run: ImportRun, after: tuple[int, int] | None) -> Table:
    """Rows that were rejected or taken with something unknown, in the order of the file."""
    rows = ImportIssue.objects.filter(run=run).order_by("line", "pk")
    if after:
        rows = rows.filter(Q(line__gt=after[0]) | Q(line=after[0], pk__gt=after[1]))
    found = list(rows[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Table(
        caption=_("Rows to look at"),
        columns=[
            Column(label=_("Line")),
            Column(label=_("What became of it")),
            Column(label=_("Why"), is_wide=True),
            Column(label=_("The row"), is_wide=True),
        ],
        rows=[_issue(issue) for issue in found[:PAGE]],
        next_url=f"?after={last.line}-{last.pk}" if last else "",
        empty=_("No row was rejected, and nothing had to be stored as unknown."),
    )


def _issue(issue: ImportIssue) -> Row:
    rejected = Cell(text=_("Rejected"), icon="bad", tone="bad")
    unknown = Cell(text=_("Taken, something unknown"), icon="warning", tone="warning")
    return Row(
        cells=[
            Cell(text=str(issue.line)),
            rejected if issue.is_rejected else unknown,
            Cell(text=issue.reason),
            Cell(text=issue.row.replace("\t", " · ")[:200]),
        ]
    )


def issues_as_lines(*, run: ImportRun) -> Iterator[list[object]]:
    """All issues of a run for a file, its heading first."""
    yield ["line", "result", "reason", "row"]
    for issue in ImportIssue.objects.filter(run=run).order_by("line", "pk").iterator(chunk_size=2000):
        yield [issue.line, "rejected" if issue.is_rejected else "unknown", issue.reason, *issue.row.split("\t")]
