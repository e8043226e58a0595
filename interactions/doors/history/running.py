"""Running an import: chunk by chunk, each in one transaction with the run's progress, so that it can stop and go on."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final

from django.db import transaction
from django.utils import timezone

from ccx.kernel.errors import DomainError
from interactions.channels.contact import InboundContact
from interactions.doors.history.directory import Directory
from interactions.doors.history.interpreting import Interpreter, RowError, Told
from interactions.doors.history.mapping import Mapping, MappingError, mapping_from
from interactions.doors.history.reading import Row, header_of, read_rows
from interactions.doors.models import ImportIssue, ImportRun
from interactions.intake.models import HistorySource
from interactions.intake.services import receive_many

CHUNK: Final = 2000
ROW_KEPT: Final = 4000


class RunIsNotReadyError(DomainError):
    """The import is not in a state in which this can be done."""

    code: ClassVar[str] = "import_state"


@dataclass
class Chunk:
    """What one stretch of the file gave."""

    rows: int
    told: list[Told]
    issues: list[ImportIssue]


def check_columns(path: Path, mapping: Mapping) -> list[str]:
    """The columns the mapping reads and the file lacks. The key and the start must be there, or MappingError."""
    header = set(header_of(path, delimiter=mapping.delimiter, encoding=mapping.encoding))
    needed = {*mapping.key, mapping.started.column, mapping.started.date_column, mapping.started.clock} - {""}
    lacking = sorted(needed - header)
    if lacking:
        raise MappingError(f"The file has no column {', '.join(lacking)}, which the mapping needs.")
    return sorted(mapping.columns() - header)


def run_import(run: ImportRun, *, path: Path, stop_after: int | None = None) -> ImportRun:
    """Import from where the run stands until its end, a pause, or `stop_after` chunks.

    Every chunk commits with its progress: killed at any moment, the next call goes on with the first row not taken.
    """
    mapping = mapping_from(run.mapping)
    check_columns(path, mapping)
    _start(run, path)
    rows = _grouped(read_rows(path, delimiter=mapping.delimiter, encoding=mapping.encoding), mapping)
    directory = None
    position = 0
    chunks = 0
    for chunk_rows in _chunks(rows):
        size = sum(len(group) for group in chunk_rows)
        position += size
        if position <= run.rows_read:
            continue
        with transaction.atomic():
            locked = ImportRun.objects.select_for_update().get(pk=run.pk)
            if locked.state != ImportRun.State.RUNNING:
                return locked
            directory = directory or _directory(locked, mapping)
            _take(locked, Interpreter(mapping, directory), chunk_rows, size, position)
        chunks += 1
        if stop_after is not None and chunks >= stop_after:
            return ImportRun.objects.get(pk=run.pk)
    return _finish(run)


def _start(run: ImportRun, path: Path) -> None:
    moved = ImportRun.objects.filter(
        pk=run.pk,
        state__in=[
            ImportRun.State.DRAFT,
            ImportRun.State.QUEUED,
            ImportRun.State.RUNNING,
            ImportRun.State.PAUSED,
            ImportRun.State.FAILED,
        ],
    ).update(state=ImportRun.State.RUNNING, error="")
    if not moved:
        raise RunIsNotReadyError("The import is over.")
    run.refresh_from_db()
    if not run.file_sha256:
        run.file_sha256 = file_digest(path)
        run.bytes_total = path.stat().st_size
        run.rows_total = sum(1 for _ in read_rows(path))
        run.save(update_fields=["file_sha256", "bytes_total", "rows_total"])


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _grouped(rows: Iterator[Row], mapping: Mapping) -> Iterator[list[Row]]:
    """Rows that tell one contact together: each alone, or all of a group in the source's order."""
    if not mapping.group_by:
        yield from ([row] for row in rows)
        return
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row.cells.get(column, "") for column in mapping.group_by)
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        yield sorted(group, key=lambda row: (_order(row.cells.get(mapping.group_order, "")), row.line))


def _order(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _chunks(rows: Iterator[list[Row]]) -> Iterator[list[list[Row]]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _take(run: ImportRun, interpreter: Interpreter, groups: list[list[Row]], size: int, position: int) -> None:
    chunk = _interpret(run, interpreter, groups)
    contacts = [told.contact for told in chunk.told]
    receipts = receive_many(contacts=contacts, by_id=run.started_by_id, mode="history")
    run.rows_added += sum(receipt.is_new for receipt in receipts)
    run.rows_known += sum(not receipt.is_new for receipt in receipts)
    run.rows_rejected += sum(issue.is_rejected for issue in chunk.issues)
    run.rows_flagged += len({issue.line for issue in chunk.issues if not issue.is_rejected})
    run.rows_read = position
    ImportIssue.objects.bulk_create(chunk.issues, ignore_conflicts=True)
    if contacts and run.source_id:
        _widen(run, interpreter.mapping, contacts)
    run.save(update_fields=["rows_added", "rows_known", "rows_rejected", "rows_flagged", "rows_read"])


def _interpret(run: ImportRun, interpreter: Interpreter, groups: list[list[Row]]) -> Chunk:
    told: list[Told] = []
    issues: list[ImportIssue] = []
    for group in groups:
        row = group[-1]
        try:
            one = interpreter.tell(row)
        except RowError as error:
            issues.append(_issue(run, row, str(error), is_rejected=True))
            continue
        told.append(one)
        issues.extend(_issue(run, row, flag, is_rejected=False) for flag in one.flags)
    return Chunk(len(groups), told, issues)


def _issue(run: ImportRun, row: Row, reason: str, *, is_rejected: bool) -> ImportIssue:
    text = "\t".join(row.cells.values())[:ROW_KEPT]
    return ImportIssue(run=run, line=row.line, is_rejected=is_rejected, reason=reason[:300], row=text)


def _directory(run: ImportRun, mapping: Mapping) -> Directory:
    if run.source is None:
        # Covered from nothing on: the first chunk says from when.
        run.source, _ = HistorySource.objects.get_or_create(
            name=mapping.source_name,
            defaults={
                "time_zone": mapping.time_zone,
                "covered_from": date(1900, 1, 1),
                "covered_until": date(1900, 1, 2),
            },
        )
        run.save(update_fields=["source"])
    return Directory(
        source_id=run.source.pk, source_name=mapping.source_name, scope=mapping.source_name, time_zone=mapping.time_zone
    )


def _widen(run: ImportRun, mapping: Mapping, contacts: list[InboundContact]) -> None:
    """Let the source cover what came: whole days, or whole months where a file holds months."""
    days = [contact.occurred_at.astimezone(mapping.zone).date() for contact in contacts]
    first, last = min(days), max(days)
    until = last + timedelta(days=1)
    if mapping.period == "month":
        first = first.replace(day=1)
        until = (last.replace(day=28) + timedelta(days=4)).replace(day=1)
    source = HistorySource.objects.select_for_update().get(runs=run)
    is_new = source.covered_from.year == 1900
    source.covered_from = first if is_new else min(source.covered_from, first)
    source.covered_until = until if is_new else max(source.covered_until, until)
    source.save(update_fields=["covered_from", "covered_until"])


@transaction.atomic
def _finish(run: ImportRun) -> ImportRun:
    locked = ImportRun.objects.select_for_update().get(pk=run.pk)
    if locked.state == ImportRun.State.RUNNING:
        locked.state = ImportRun.State.DONE
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "finished_at"])
    return locked


@transaction.atomic
def pause_import(*, run_id: int) -> ImportRun:
    """Ask a running import to stop after the chunk it is in."""
    return _move(run_id, {ImportRun.State.RUNNING, ImportRun.State.QUEUED}, ImportRun.State.PAUSED)


@transaction.atomic
def resume_import(*, run_id: int) -> ImportRun:
    """Queue a paused or failed import (or a draft that was looked at) again; it goes on where it stood."""
    return _move(
        run_id, {ImportRun.State.DRAFT, ImportRun.State.PAUSED, ImportRun.State.FAILED}, ImportRun.State.QUEUED
    )


def _move(run_id: int, allowed: set[ImportRun.State], to: ImportRun.State) -> ImportRun:
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if run.state not in allowed:
        raise RunIsNotReadyError(f"The import is {run.get_state_display().lower()}.")
    run.state = to
    run.save(update_fields=["state"])
    return run


def fail_import(*, run_id: int, error: str) -> None:
    """Remember why an import stopped; what it took before stays."""
    ImportRun.objects.filter(pk=run_id).exclude(state=ImportRun.State.DONE).update(
        state=ImportRun.State.FAILED, error=error[:300]
    )
