"""`manage.py replay_reader NAME`: let a reader read the log again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.errors import DomainError
from ccx.kernel.events.replaying import replay_reader


class Command(AuditedCommand):
    """Sets a reader back; the pump does the reading."""

    help = "Let a reader read the log again. What it sent to the outside is not sent again without --effects."

    def add_arguments(self, parser: CommandParser) -> None:
        """NAME, --from and --effects."""
        parser.add_argument("name", help="the reader, as `manage.py readers` shows it")
        parser.add_argument(
            "--from", type=int, default=1, dest="start", metavar="POSITION", help="first position to read"
        )
        parser.add_argument("--effects", action="store_true", help="send its effects outside once more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the reader back."""
        try:
            back = replay_reader(name=options["name"], start=options["start"], effects=options["effects"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['name']} goes back {back} positions and reads from {options['start']} on.")
