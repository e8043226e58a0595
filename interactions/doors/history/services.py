"""What people do with an import: begin it, map it, start, pause and resume it. What workers do: a slice of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from ccx.kernel.abstract import new_public_id
from ccx.kernel.models import User
from interactions.doors.history.errors import FileIsGoneError, RunIsNotReadyError
from interactions.doors.history.guessing import guess_mapping
from interactions.doors.history.mapping import load_mapping
from interactions.doors.history.reading import UnreadableFileError, about_how_many_rows, file_digest, header_of
from interactions.doors.history.running import check_columns, mapping_of, run_import
from interactions.doors.history.sources import check_source
from interactions.doors.models import ImportRun

# So long one task works before others get their turn.
SLICE_SECONDS: Final = 20.0
LOCKS_OF_IMPORTS: Final = 0x43434948

STARTABLE: Final = frozenset({ImportRun.State.DRAFT, ImportRun.State.PAUSED, ImportRun.State.FAILED})
AT_WORK: Final = frozenset({ImportRun.State.QUEUED, ImportRun.State.RUNNING})


def begin_import(*, file: "UploadedFile[Any]", by: User) -> ImportRun:
    """Keep a file and guess its mapping; nothing is imported yet. Raises UnreadableFileError for what is no table."""
    name = PurePath(file.name or "file").name
    ending = "".join(PurePath(name).suffixes[-2:]).lower()
    kept = ending if ending in {".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz"} else ""
    run = ImportRun(public_id=new_public_id(), file_name=name[-255:], started_by=by)
    run.file.save(f"{run.public_id}{kept}", file, save=False)
    path = Path(run.file.path)
    try:
        run.mapping = {"yaml": guess_mapping(header_of(path), name=PurePath(name).stem)}
        run.rows_total = about_how_many_rows(path)
    except UnreadableFileError:
        run.file.delete(save=False)
        raise
    run.file_sha256 = file_digest(path)
    run.bytes_total = path.stat().st_size
    with transaction.atomic():
        run.save()
    return run


@transaction.atomic
def change_mapping(*, run_id: int, text: str) -> ImportRun:
    """Give an import that has not taken a row yet another mapping. MappingError names what is wrong with it."""
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if run.state != ImportRun.State.DRAFT:
        raise RunIsNotReadyError(_("The mapping of an import that was started stays as it is."))
    check_columns(path_of(run), load_mapping(text))
    run.mapping = {"yaml": text}
    run.save(update_fields=["mapping"])
    return run


@transaction.atomic
def start_import(*, run_id: int) -> ImportRun:
    """Queue a draft, or take up a paused or failed import where it stood. Its file and mapping are checked first."""
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if run.state in AT_WORK:
        return run
    if run.state not in STARTABLE:
        raise RunIsNotReadyError(_("The import is over."))
    mapping = mapping_of(run)
    check_columns(path_of(run), mapping)
    check_source(mapping)
    run.state, run.error = ImportRun.State.QUEUED, ""
    run.save(update_fields=["state", "error"])
    return run


@transaction.atomic
def pause_import(*, run_id: int) -> ImportRun:
    """Let a running import stop after the chunk it is in."""
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if run.state == ImportRun.State.PAUSED:
        return run
    if run.state not in AT_WORK:
        raise RunIsNotReadyError(_("Only a running import can be paused."))
    run.state = ImportRun.State.PAUSED
    run.save(update_fields=["state"])
    return run


def fail_import(*, run_id: int, error: str) -> None:
    """Remember why an import stopped; what it took before stays."""
    ImportRun.objects.filter(pk=run_id, state__in=AT_WORK).update(
        state=ImportRun.State.FAILED, error=error.replace("\0", "")[:300]
    )


def work_on_import(*, run_id: int, seconds: float = SLICE_SECONDS) -> bool:
    """Do a slice of an import; whether more is left for the same worker to hand on.

    Two workers at once are one too many: the second finds the lock taken and leaves. Whoever dies lets go of it.
    """
    with only_worker(run_id) as is_alone:
        run = ImportRun.objects.filter(pk=run_id, state__in=AT_WORK).first()
        if not is_alone or run is None:
            return False
        return run_import(run, path=path_of(run), seconds=seconds).state == ImportRun.State.RUNNING


def stranded_imports() -> list[int]:
    """Imports that should be at work while nobody works on them."""
    stranded = []
    for run_id in ImportRun.objects.filter(state__in=AT_WORK).order_by("pk").values_list("pk", flat=True):
        with only_worker(run_id) as is_alone:
            if is_alone:
                stranded.append(run_id)
    return stranded


@contextmanager
def only_worker(run_id: int) -> Iterator[bool]:
    """Hold the import's lock for as long as the connection lives; False if another connection holds it."""
    key: list[int | str] = [LOCKS_OF_IMPORTS, f"import:{run_id}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            _let_go(key)


def _let_go(key: list[int | str]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)
    except DatabaseError:
        # A connection that broke has let go already; one in a failed transaction lets go when it is closed.
        connection.close()


def path_of(run: ImportRun) -> Path:
    """Where the file of an import lies. Raises FileIsGoneError."""
    if not run.file:
        raise FileIsGoneError(_("The file was given at the command line: go on there, with --resume."))
    path = Path(run.file.path)
    if not path.is_file():
        raise FileIsGoneError(_("The file of this import is not here any more. Upload it again: what is known stays."))
    return path
