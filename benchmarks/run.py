"""One run over several sizes: what is taken in which order, and the ratios between sizes."""

import os
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from benchmarks import analytics, calls, chat, doors, live, routing
from benchmarks.dataset import make_centre
from benchmarks.figures import Figure, tell
from benchmarks.mail import mail_backlog
from benchmarks.sending import sending
from ccx.settings.env import database_from_url


class Run:
    """Sizes come smallest first, so that the largest can be told over the smallest."""

    def __init__(self, only: set[str]) -> None:
        self.only = only
        self.size = 0
        self._first_increment: tuple[int, float] | None = None
        self._first_panels: dict[str, float] | None = None

    def open(self, size: int, url: str) -> None:
        """Turn this process, and those it starts, to the database of this size."""
        connection.close()
        os.environ["DATABASE_URL"] = url
        settings.DATABASES["default"].update(database_from_url(url))
        connection.settings_dict.update(database_from_url(url))
        self.size = size
        call_command("migrate", verbosity=0, skip_checks=True)

    def fill(self) -> None:
        make_centre(self.size)

    def close(self) -> None:
        connection.close()

    def actions(self) -> dict[str, Callable[[], object]]:
        """By the keys they tell, in an order in which none disturbs the next."""
        return {
            "rebuild_facts+rebuild_rollups": lambda: analytics.rebuilds(self.size),
            "panel": self._panels,
            "increment+increment_scale": self._increments,
            **({"exactness": lambda: analytics.exactness(self.size)} if self.size <= 100_000 else {}),
            "routing_pass": lambda: routing.routing_pass(self.size),
            # Sockets know nothing of how many contacts there are.
            **({"live_fanout": live.fan_out, "live_roundtrip": live.round_trip} if self.size <= 100_000 else {}),
            **({"chat_visitors": chat.visitors, "chat_storm": chat.storm} if self.size <= 100_000 else {}),
            "sending": lambda: sending(self.size),
            "freshness": lambda: doors.freshness(self.size, self._ready),
            "import": lambda: doors.history_import(self.size),
            "intake_single+intake_bulk": lambda: doors.intake(self.size, self.only),
            "intake_webhook": lambda: doors.webhooks(self.size),
            "call_answers": lambda: calls.answers(self.size),
            **({"mail_backlog": lambda: mail_backlog(self.size)} if self.size <= 100_000 else {}),
        }

    def _ready(self) -> None:
        """Facts and roll-ups stand, whichever figures were left out before."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM analytics_dayrollup)")
            if cursor.fetchone()[0]:
                return
        rebuild_facts()
        rebuild_rollups()

    def _increments(self) -> None:
        self._ready()
        taken = analytics.increments(self.size)
        if self._first_increment is None:
            self._first_increment = (self.size, taken)
            return
        size, before = self._first_increment
        tell(
            Figure(
                name="increment_scale",
                size=self.size,
                value=taken,
                unit=f"ms for 1,000 (at {size}: {before:.0f})",
                ratio=taken / before,
                bar=1.5,
            )
        )

    def _panels(self) -> None:
        self._ready()
        for name, taken in analytics.panels(analytics.NEWEST_MONTH, analytics.NEWEST_MONTH.before).items():
            tell(Figure(name=f"panel.{name}", size=self.size, value=taken, unit="ms of SQL", bar=20))
        # The same day at every size: a longer history must not be felt.
        found = analytics.panels(analytics.NEWEST_DAY, None)
        first = self._first_panels
        for name, taken in found.items() if first is not None else ():
            tell(Figure(name=f"panel_scale.{name}", size=self.size, value=taken, unit="ms of SQL of a day",
                        ratio=taken / first[name], bar=1.5))  # fmt: skip
        self._first_panels = first or found
