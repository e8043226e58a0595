"""Facts, roll-ups and agents' days from nothing."""

from time import monotonic
from typing import Any

from analytics.facts.agent_days import rebuild_agent_days
from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from ccx.kernel.audit.commands import AuditedCommand


class Command(AuditedCommand):
    help = "Compute every fact, roll-up and agent's day anew from the records of truth."

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        facts = rebuild_facts()
        rebuild_rollups()
        days = rebuild_agent_days()
        self.stdout.write(f"{facts} facts and {days} agents' days computed anew in {monotonic() - started:.1f} s.")
