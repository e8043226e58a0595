"""What every command of ours does before its own work: say through which door it changes rows."""

from typing import Any

from django.core.management.base import BaseCommand

from ccx.kernel.audit.choices import Door
from ccx.kernel.audit.context import acting


class AuditedCommand(BaseCommand):
    """A command whose changes are audited as the command line's, unless it names somebody inside."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with acting(door=Door.COMMAND):
            return super().execute(*args, **options)
