"""manage.py seed_demo: an empty database becomes the demonstration centre."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from ccx.demo.seeding import SeedRefusedError, refuse_where_it_does_not_belong, seed, sign_ins_path
from ccx.kernel.audit.commands import AuditedCommand


class Command(AuditedCommand):
    help = "Fills an empty database with a believable centre: 60 days of contacts up to now, and people to sign in as."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much, and whether a database with rows is an error."""
        parser.add_argument("--if-empty", action="store_true", help="Do nothing when anybody has worked here already.")
        parser.add_argument(
            "--contacts", type=int, default=settings.DEMO_CONTACTS, help="About how many contacts (200 to 9000)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and tell who may sign in."""
        if not 200 <= options["contacts"] <= 9000:
            raise CommandError("--contacts must be from 200 to 9000.")
        try:
            refuse_where_it_does_not_belong()
        except SeedRefusedError as error:
            raise CommandError(str(error)) from None
        started = monotonic()
        seeded = seed(contacts=options["contacts"])
        if seeded is None:
            if options["if_empty"]:
                self.stdout.write("The database is not empty: nothing was done.")
                return
            raise CommandError("The database is not empty: the demonstration centre is only for an empty one.")
        self.stdout.write(
            f"{seeded.contacts} contacts of {seeded.customers} customers, {seeded.responses} answers to surveys,"
            f" {seeded.running} contacts still running; {monotonic() - started:.1f} s."
        )
        self.stdout.write(f"Sign-ins are in {sign_ins_path()}, readable to you only.")
        if self.stdout.isatty():
            self.stdout.write(seeded.sign_ins)
