"""`manage.py drop_event_months`: retention of the event log."""

from typing import Any

from django.core.management.base import CommandParser

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.events.months import drop_months


class Command(AuditedCommand):
    """Drops whole months that every reader has passed."""

    help = "Drop the log's months that are older than so many months and read by every reader."

    def add_arguments(self, parser: CommandParser) -> None:
        """--older-than."""
        parser.add_argument("--older-than", type=int, required=True, metavar="MONTHS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Drop what may go, and say what stayed and why."""
        dropped, kept = drop_months(older_than=options["older_than"])
        for table in dropped:
            self.stdout.write(f"{table} dropped")
        for table in kept:
            self.stdout.write(f"{table} kept: not every reader has passed it, or an event of it stands aside")
