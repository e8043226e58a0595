"""When customers turn to us and why: the week, the hours of the day, and what went wrong and right of late.

Three weeks ago a carrier's hub stood still for a week: everybody asked where their order was. Two weeks ago the
dispatch mail got a tracking link that works, and since then fewer do.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ccx.demo.people import Person
from ccx.demo.words import reasons
from interactions.channels.choices import Channel

DAYS = 60
WEEK = (1.32, 1.12, 1.0, 0.97, 1.06, 0.62, 0.34)
INCIDENT_DAYS = range(18, 25)  # days ago
IMPROVED_DAYS = 14
TROUBLED = frozenset({"delivery.where_is_my_order", "delivery.late"})

# Chances per hour of the day. Calls and chats come while the line is open, the rest comes when it comes.
CALLS: tuple[float, ...] = (*[0] * 8, 5, 9, 11, 10, 8, 7, 7, 7, 8, 9, 6, 4, *[0] * 4)
CHATS: tuple[float, ...] = (*[0] * 8, 3, 6, 8, 9, 10, 9, 8, 8, 9, 10, 9, 7, *[0] * 4)
WRITTEN: tuple[float, ...] = (1, 0.5, 0.3, 0.3, 0.4, 0.8, 2, 4, 6, 8, 8, 8, 8, 7, 7, 7, 7, 8, 8, 9, 10, 9, 6, 3)
CHANNELS = {
    Channel.VOICE: 34, Channel.CHAT: 20, Channel.EMAIL: 15, Channel.SMS: 4, Channel.WHATSAPP: 24, Channel.WEB_FORM: 5,
}  # fmt: skip
HOURS_OF = {Channel.VOICE: CALLS, Channel.CHAT: CHATS}


@dataclass(frozen=True)
class Start:
    """A customer begins to want something."""

    at: datetime
    reason: str
    channel: Channel
    person: Person | None


class Demand:
    """Draws what customers want, day by day."""

    def __init__(self, people: list[Person], *, now: datetime, holidays: frozenset[date], rng: random.Random) -> None:
        self.people = people
        # A few customers turn to us again and again, most of them once.
        self.eagerness = [min(rng.paretovariate(2.4), 6.0) for _ in people]
        self.now = now
        self.holidays = holidays
        self.rng = rng
        self.codes = list(reasons())

    def days_ago(self, day: date) -> int:
        """How long ago a day was."""
        return (self.now.date() - day).days

    def trouble(self, day: date) -> float:
        """How many times as many contacts about late parcels as usual."""
        ago = self.days_ago(day)
        if ago in INCIDENT_DAYS:
            return 4.2 if ago in INCIDENT_DAYS[1:-2] else 2.6
        return 0.55 if ago < IMPROVED_DAYS else 1.0

    def is_open(self, moment: datetime) -> bool:
        """Whether the service line is staffed."""
        if moment.weekday() == 6 or moment.date() in self.holidays:
            return False
        if moment.weekday() == 5:
            return 9 <= moment.hour < 12 or 13 <= moment.hour < 16
        return 8 <= moment.hour < 20

    def load(self, moment: datetime) -> float:
        """How busy the lines are at a moment, compared with a usual hour."""
        day = moment.date()
        share = CALLS[moment.hour] / 8.0
        return share * WEEK[day.weekday()] * (1.0 + 0.3 * max(self.trouble(day) - 1.0, 0.0))

    def starts(self, wanted: int) -> list[Start]:
        """About `wanted` beginnings over the whole time, in no order."""
        first = self.now.date() - timedelta(days=DAYS)
        days = [first + timedelta(days=number) for number in range(DAYS + 1)]
        weights = [self._volume(day) for day in days]
        drawn = self.rng.choices(days, weights, k=wanted)
        found = (self._start(day) for day in drawn)
        return [start for start in found if start is not None and start.at < self.now]

    def _volume(self, day: date) -> float:
        usual = float(sum(leaf["weight"] for leaf in reasons().values()))
        extra = float(sum(reasons()[code]["weight"] for code in TROUBLED)) * (self.trouble(day) - 1.0)
        quiet = 0.35 if day in self.holidays else 1.0
        return WEEK[day.weekday()] * quiet * (usual + extra) * self.rng.uniform(0.93, 1.07)

    def _start(self, day: date) -> Start | None:
        trouble = self.trouble(day)
        weights = [leaf["weight"] * (trouble if code in TROUBLED else 1.0) for code, leaf in reasons().items()]
        reason = self.rng.choices(self.codes, weights)[0]
        person = self.rng.choices(self.people, self.eagerness)[0]
        channel = self.channel(person, day)
        if channel in HOURS_OF and self.rng.random() < (0.14 if channel == Channel.VOICE else 0.22):
            # A withheld number, a visitor who did not sign in.
            return Start(self.moment(day, channel), reason, channel, None)
        return Start(self.moment(day, channel), reason, channel, person)

    def channel(self, person: Person, day: date, *, but: Channel | None = None) -> Channel:
        """A channel the customer has, as channels are liked; live ones only while somebody is there."""
        closed = day.weekday() == 6 or day in self.holidays
        open_to = [one for one in person.channels() if one != but and not (closed and one in HOURS_OF)]
        if not open_to:
            return Channel.EMAIL
        return self.rng.choices(open_to, [CHANNELS[one] for one in open_to])[0]

    def moment(self, day: date, channel: Channel, *, after: datetime | None = None) -> datetime:
        """A moment of a day at which contacts of this channel come."""
        hours = HOURS_OF.get(channel, WRITTEN)
        if channel in HOURS_OF and day.weekday() == 5:
            hours = tuple(share if 9 <= hour < 12 or 13 <= hour < 16 else 0 for hour, share in enumerate(hours))
        hour = self.rng.choices(range(24), hours)[0]
        seconds = self.rng.randint(0, 3599)
        found = datetime.combine(day, time(hour), self.now.tzinfo) + timedelta(seconds=seconds)
        return found if after is None or found > after else after + timedelta(minutes=self.rng.randint(5, 90))
