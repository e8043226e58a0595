"""`manage.py readers`: how far every reader has come."""

from typing import Any

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.events.lag import lag_report

LINE = "{:<24} {:>12} {:>10} {:>10} {:>8} {:>11}  {}"


class Command(AuditedCommand):
    """Prints the readers' places as a table."""

    help = "Show every reader's position, lag, failures and quarantined events."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the table."""
        report = lag_report()
        self.stdout.write(f"head {report.head}, unnumbered {report.unnumbered} ({report.unnumbered_seconds:.1f} s)")
        self.stdout.write(
            LINE.format("reader", "position", "behind", "seconds", "failures", "quarantined", "last error")
        )
        for reader in report.readers:
            self.stdout.write(
                LINE.format(
                    reader.name,
                    reader.position,
                    reader.events,
                    f"{reader.seconds:.1f}",
                    reader.failures,
                    reader.quarantined,
                    reader.last_error,
                )
            )
        for state, count in sorted(report.effects.items()):
            self.stdout.write(f"effects {state}: {count}")
