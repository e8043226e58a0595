"""`manage.py import_history FILE --mapping MAPPING.yaml`: another system's past, repeatable without doubling."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.errors import DomainError
from ccx.kernel.people.services.service_users import service_user
from interactions.doors.history.mapping import load_mapping, shipped_mappings
from interactions.doors.history.running import check_columns, run_import
from interactions.doors.models import ImportRun


class Command(AuditedCommand):
    help = "Import contacts that are over from a file. The same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", required=True, help="a YAML file, or one of: " + ", ".join(shipped_mappings()))
        parser.add_argument("--resume", action="store_true", help="go on with the last run of this file that stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        started = monotonic()
        try:
            text = self._mapping_text(options["mapping"])
            lacking = check_columns(path, load_mapping(text))
            run = self._run(path, text, resume=options["resume"])
            if lacking:
                self.stdout.write(f"Columns the file lacks, left out: {', '.join(lacking)}")
            run = run_import(run, path=path)
        except DomainError as error:
            raise CommandError(str(error)) from None
        self._report(run, monotonic() - started)

    def _mapping_text(self, name: str) -> str:
        path = shipped_mappings().get(name, Path(name))
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The mapping cannot be read: {error}") from None

    def _run(self, path: Path, text: str, *, resume: bool) -> ImportRun:
        if resume:
            stopped = ImportRun.objects.filter(file_name=path.name).exclude(state=ImportRun.State.DONE).first()
            if stopped:
                return stopped
        return ImportRun.objects.create(
            file_name=path.name[:255], mapping={"yaml": text}, started_by=service_user("importer")
        )

    def _report(self, run: ImportRun, seconds: float) -> None:
        source = run.source
        self.stdout.write(
            f"{run.rows_read} rows read in {seconds:.1f} s: {run.rows_added} added, {run.rows_known} known already, "
            f"{run.rows_rejected} rejected, {run.rows_flagged} with a value stored as unknown."
        )
        if source:
            self.stdout.write(
                f"Source {source.name}, days of {source.time_zone}, covered from {source.covered_from} "
                f"until the end of the day before {source.covered_until}."
            )
        for issue in run.issues.order_by("line")[:20]:
            word = "rejected" if issue.is_rejected else "unknown"
            self.stdout.write(f"  line {issue.line}: {word}: {issue.reason}")
        rest = run.issues.count() - 20
        if rest > 0:
            self.stdout.write(f"  and {rest} more (see the import's page)")
