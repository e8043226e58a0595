"""Running an import: chunk by chunk, each in one transaction with the run's progress, so that it can stop and go on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.audit.choices import Door
from ccx.kernel.audit.context import acting, tell_database
from ccx.kernel.events.failpoints import reach
from interactions.channels.contact import Receipt
from interactions.doors.history.directory import Directory
from interactions.doors.history.errors import RunIsNotReadyError
from interactions.doors.history.interpreting import Interpreter, RowError, Told
from interactions.doors.history.mapping import NOT_GUESSED, Mapping, MappingError, load_mapping, mapping_from
from interactions.doors.history.reading import Row, about_how_many_rows, file_digest, header_of, read_rows
from interactions.doors.history.sources import check_source, place
from interactions.doors.models import ImportIssue, ImportRun
from interactions.intake.errors import ContactRefusedError
from interactions.intake.gate import admit
from interactions.intake.services import receive_many

CHUNK: Final = 2000
ROW_KEPT: Final = 4000
COUNTS: Final = ["rows_added", "rows_known", "rows_rejected", "rows_flagged", "rows_read"]


@dataclass
class Chunk:
    """What one stretch of the file gave: contacts with the row each came from, and what is to be said of rows."""

    told: list[tuple[Told, Row]]
    issues: list[ImportIssue]


def mapping_of(run: ImportRun) -> Mapping:
    """The mapping of a run; kept as it was written, for people come back to it."""
    text = run.mapping.get("yaml")
    return load_mapping(text) if isinstance(text, str) else mapping_from(run.mapping)


def check_columns(path: Path, mapping: Mapping) -> list[str]:
    """The columns the mapping reads and the file lacks. The key and the start must be there, or MappingError."""
    header = set(header_of(path, delimiter=mapping.delimiter, encoding=mapping.encoding))
    needed = {*mapping.key, *mapping.group_by, mapping.started.column, mapping.started.date_column}
    lacking = sorted((needed | {mapping.started.clock}) - {""} - header)
    if NOT_GUESSED in lacking:
        asked = {"question": NOT_GUESSED}
        raise MappingError(_("The mapping asks “%(question)s”: write there which column of the file it is.") % asked)
    if lacking:
        raise MappingError(
            _("The file has no column %(columns)s, which the mapping needs.") % {"columns": ", ".join(lacking)}
        )
    return sorted(mapping.columns() - header)


def run_import(run: ImportRun, *, path: Path, stop_after: int | None = None, seconds: float | None = None) -> ImportRun:
    """Import from where the run stands until its end, a pause, `stop_after` chunks or about so many seconds.

    Every chunk commits with its progress: killed at any moment, the next call goes on with the first row not taken.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    mapping = mapping_of(run)
    check_columns(path, mapping)
    check_source(mapping)
    _start(run, path)
    groups = grouped(read_rows(path, delimiter=mapping.delimiter, encoding=mapping.encoding), mapping)
    position = _skip(groups, run.rows_read)
    directory = directory_of(mapping)
    with acting(door=Door.IMPORT, by_id=run.started_by_id):
        for number, chunk in enumerate(_chunks(groups), start=1):
            size = sum(map(len, chunk))
            with transaction.atomic():
                tell_database()
                locked = ImportRun.objects.select_for_update(of=("self",)).select_related("source").get(pk=run.pk)
                if locked.state != ImportRun.State.RUNNING or locked.rows_read != position:
                    return locked  # paused, or somebody else took this chunk
                directory.source_id = locked.source_id
                _take(locked, Interpreter(mapping, directory), chunk, size)
                reach("import.before_commit")
            reach("import.after_commit")
            position += size
            if number == stop_after or (until is not None and time.monotonic() > until):
                return locked
    return _finish(run)


def directory_of(mapping: Mapping, *, is_dry: bool = False) -> Directory:
    """The directory of a mapping's source."""
    name = mapping.source_name
    return Directory(source_id=None, source_name=name, scope=name, time_zone=mapping.time_zone, is_dry=is_dry)


def _start(run: ImportRun, path: Path) -> None:
    moved = (
        ImportRun.objects.filter(pk=run.pk)
        .exclude(state=ImportRun.State.DONE)
        .update(state=ImportRun.State.RUNNING, error="")
    )
    if not moved:
        raise RunIsNotReadyError(_("The import is over."))
    run.refresh_from_db()
    if not run.file_sha256 or run.rows_total is None:
        run.file_sha256 = file_digest(path)
        run.bytes_total = path.stat().st_size
        run.rows_total = about_how_many_rows(path)
        run.save(update_fields=["file_sha256", "bytes_total", "rows_total"])


def grouped(rows: Iterator[Row], mapping: Mapping) -> Iterator[list[Row]]:
    """Rows that tell one contact together: each alone, or all of a group in the source's order, the latest last."""
    if not mapping.group_by:
        yield from ([row] for row in rows)
        return
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        # A row that cannot be read belongs to no group.
        key = (str(row.line),) if row.problem else tuple(row.cells.get(column, "") for column in mapping.group_by)
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        yield sorted(group, key=lambda row: (_order(row.cells.get(mapping.group_order, "")), row.line))


def _order(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _skip(groups: Iterator[list[Row]], rows: int) -> int:
    """Step over what was taken before; how many rows that were."""
    position = 0
    while position < rows and (group := next(groups, None)) is not None:
        position += len(group)
    return position


def _chunks(rows: Iterator[list[Row]]) -> Iterator[list[list[Row]]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _take(run: ImportRun, interpreter: Interpreter, groups: list[list[Row]], size: int) -> None:
    chunk = _interpret(run, interpreter, groups)
    placed = place(run, interpreter.mapping, [told.contact for told, _ in chunk.told])
    pairs = [
        (Told(told.line, contact, told.flags), row) for (told, row), contact in zip(chunk.told, placed, strict=True)
    ]
    receipts = _receive(run, pairs, chunk.issues)
    added = sum(receipt.is_new for receipt in receipts)
    run.rows_added += added
    run.rows_known += len(receipts) - added
    run.rows_rejected += sum(issue.is_rejected for issue in chunk.issues)
    run.rows_flagged += len({issue.line for issue in chunk.issues if not issue.is_rejected})
    run.rows_read += size
    ImportIssue.objects.bulk_create(chunk.issues, ignore_conflicts=True)
    run.save(update_fields=COUNTS)


def _receive(run: ImportRun, pairs: list[tuple[Told, Row]], issues: list[ImportIssue]) -> list[Receipt]:
    """Hand contacts to intake. One that it refuses is listed as rejected; the others go in all the same."""
    if not pairs:
        return []
    try:
        with transaction.atomic():
            return receive_many(contacts=[told.contact for told, _ in pairs], by_id=run.started_by_id, mode="history")
    except ContactRefusedError:
        return _receive(run, _without_contradictions(run, pairs, issues), issues)
    except (DataError, IntegrityError) as error:
        # The database found what no rule of ours names: halve until the row is found.
        if len(pairs) == 1:
            issues.append(issue_of(run, pairs[0][1], str(error).splitlines()[0], is_rejected=True))
            return []
        middle = len(pairs) // 2
        return [*_receive(run, pairs[:middle], issues), *_receive(run, pairs[middle:], issues)]


def _without_contradictions(
    run: ImportRun, pairs: list[tuple[Told, Row]], issues: list[ImportIssue]
) -> list[tuple[Told, Row]]:
    kept = []
    for told, row in pairs:
        try:
            admit(told.contact)
        except ContactRefusedError as error:
            issues.append(issue_of(run, row, refusal(error), is_rejected=True))
        else:
            kept.append((told, row))
    return kept


def refusal(error: ContactRefusedError) -> str:
    """Why intake refuses a contact, in words."""
    return "contradicts itself: " + str(error.details.get("reason", error)).replace("_", " ")


def _interpret(run: ImportRun, interpreter: Interpreter, groups: list[list[Row]]) -> Chunk:
    chunk = Chunk([], [])
    for group in groups:
        row = group[-1]
        try:
            told = interpreter.tell(row)
        except RowError as error:
            chunk.issues.append(issue_of(run, row, str(error), is_rejected=True))
            continue
        chunk.told.append((told, row))
        chunk.issues += [issue_of(run, row, flag, is_rejected=False) for flag in dict.fromkeys(told.flags)]
    return chunk


def issue_of(run: ImportRun, row: Row, reason: str, *, is_rejected: bool) -> ImportIssue:
    """What is to be said of a row, with its cells as far as they fit."""
    text = "\t".join(row.cells.values())[:ROW_KEPT]
    return ImportIssue(run=run, line=row.line, is_rejected=is_rejected, reason=reason[:300], row=text)


@transaction.atomic
def _finish(run: ImportRun) -> ImportRun:
    locked = ImportRun.objects.select_for_update().get(pk=run.pk)
    if locked.state == ImportRun.State.RUNNING:
        locked.state = ImportRun.State.DONE
        locked.finished_at = timezone.now()
        locked.rows_total = locked.rows_read
        locked.save(update_fields=["state", "finished_at", "rows_total"])
    return locked
