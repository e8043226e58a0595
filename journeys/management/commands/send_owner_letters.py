"""manage.py send_owner_letters: the weekly letters now, those of the last whole week or of another."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from ccx.kernel.audit.commands import AuditedCommand
from journeys.ownership.letters import week_before
from journeys.ownership.services.letters import queue_letters, send_due_letters


class Command(AuditedCommand):
    help = "Sends every owner the letter about a week; who has it already gets no second one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which week."""
        parser.add_argument("--week", default="", help="As 2026-W47; without it the last whole week.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue and send."""
        week = week_before(timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date())
        if options["week"]:
            try:
                week = datetime.strptime(f"{options['week']}-1", "%G-W%V-%u").date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                raise CommandError("Write the week as 2026-W47.") from None
        queued = queue_letters(week=week)
        sent = send_due_letters()
        self.stdout.write(f"Week of {week}: {queued} new letters, {sent} tried.")
