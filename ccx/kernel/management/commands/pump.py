"""`manage.py pump`: number events and run the readers without Celery."""

import time
from typing import Any

from django.core.management.base import CommandParser
from django.db import close_old_connections

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.events.pumping import pump_everything

PAUSE_SECONDS = 0.5


class Command(AuditedCommand):
    """The pump in a process of its own; needs PostgreSQL only."""

    help = "Number events, run the readers and send what they owe, for ever or (--once) until nothing is left."

    def add_arguments(self, parser: CommandParser) -> None:
        """--once."""
        parser.add_argument("--once", action="store_true", help="stop when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        """Pump."""
        pump_everything()
        while not options["once"]:
            time.sleep(PAUSE_SECONDS)
            close_old_connections()
            pump_everything()
