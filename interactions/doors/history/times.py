"""Moments of a file in UTC. Files repeat themselves by the thousand, so what was worked out once is kept."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

KEPT: Final = 8192
EARLIEST: Final = 1900
LATEST: Final = 2200


class Times:
    """Reads moments of one zone. Every method raises ValueError for what is none."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.moment = lru_cache(maxsize=KEPT)(self._moment)
        self._day = lru_cache(maxsize=KEPT)(self._read_day)

    def at_clock(self, day: str, form: str, clock: timedelta) -> datetime:
        """The moment at which clocks show this on a day. Where they are put back, the first of the two."""
        local, midnight = self._day(day, form)
        return midnight + clock if midnight else self.in_utc(local + clock)

    def in_utc(self, moment: datetime) -> datetime:
        """A moment of the file in UTC, by its own offset if it has one."""
        if not EARLIEST <= moment.year <= LATEST:
            raise ValueError(f"the year {moment.year}")
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)

    def _moment(self, text: str, form: str) -> datetime:
        return self.in_utc(datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form))  # noqa: DTZ007

    def _read_day(self, text: str, form: str) -> tuple[datetime, datetime | None]:
        """Local midnight; and in UTC too, unless clocks are changed on that day or the next."""
        local = datetime.strptime(text, form)  # noqa: DTZ007
        local = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        midnight, two_days_on = self.in_utc(local), self.in_utc(local + timedelta(days=2))
        return local, midnight if two_days_on - midnight == timedelta(days=2) else None


@lru_cache(maxsize=100_000)
def clock_of(text: str) -> timedelta:
    """H:MM or H:MM:SS, up to 24:59:59, or ValueError."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 2 for part in parts):
        raise ValueError(text)
    hours, minutes, seconds = int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) == 3 else 0
    if hours > 24 or minutes > 59 or seconds > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
