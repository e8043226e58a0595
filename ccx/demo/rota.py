"""Who works when, who is free, and where the time of agents goes."""

import random
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from ccx.demo.centre import Centre
from ccx.demo.people import tell
from ccx.kernel.models import User
from interactions.handling.events import PresenceChanged
from interactions.handling.models import PresenceSpan, PresenceState

Stretch = tuple[datetime, datetime]
# Desk teams work while the desk is open; the others cover the service line in two shifts.
DESK_TEAMS = {"E-mail desk", "Billing", "Escalations"}
# What agents of a shop do when nobody calls.
OTHER_WORK = ("orders desk", "orders desk", "returns check", "coaching", "team meeting")
LONGEST_IDLE = timedelta(minutes=8)


@dataclass
class Worker:
    """One agent: shifts in order, and when they were with a customer."""

    user: User
    team: str
    shifts: list[Stretch] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    work: list[Stretch] = field(default_factory=list)
    # Who waits on the line comes before what lies in the pile, so the two are kept apart.
    free_at: dict[bool, datetime] = field(default_factory=dict)

    def earliest(self, moment: datetime, *, is_live: bool) -> datetime | None:
        """The first moment from then on at which the agent is at work and has nobody else."""
        moment = max(self.free_at.get(is_live, moment), moment)
        place = max(bisect_right(self.starts, moment) - 1, 0)
        for start, end in self.shifts[place:]:
            if moment < end - timedelta(minutes=3):
                return max(moment, start)
        return None


class Rota:
    """The working time of all agents from `first` to `last` day."""

    def __init__(self, centre: Centre, *, first: date, last: date, now: datetime, rng: random.Random) -> None:
        self.rng = rng
        self.now = now
        self.workers: dict[str, list[Worker]] = defaultdict(list)
        for team, agents in centre.agents.items():
            for place, agent in enumerate(agents):
                worker = Worker(agent, team)
                self._plan(worker, place, len(agents), (first, last), centre.holidays)
                self.workers[team].append(worker)

    def _plan(self, worker: Worker, place: int, size: int, days: tuple[date, date], holidays: frozenset[date]) -> None:
        day = days[0]
        while day <= days[1]:
            # A day off a week each, never all at once; on Saturdays half of them; now and then somebody is ill.
            is_off = day.weekday() == place % 5 if size > 3 else day.weekday() == place and day.isocalendar().week % 2
            is_off = is_off or (day.weekday() == 5 and (place + day.isocalendar().week) % 2 == 0)
            if not (is_off or day.weekday() == 6 or day in holidays or self.rng.random() < 0.02):
                worker.shifts.append(self._shift(worker.team, day, place))
            day += timedelta(days=1)
        worker.starts = [start for start, _ in worker.shifts]

    def _shift(self, team: str, day: date, place: int) -> Stretch:
        if day.weekday() == 5:
            hours = (time(9), time(13)) if team in DESK_TEAMS else (time(9), time(16))
        elif team in DESK_TEAMS:
            hours = (time(8), time(18)) if place % 2 else (time(8), time(16, 30))
        else:
            early = (place + day.isocalendar().week) % 2
            hours = (time(8), time(15)) if early else (time(13), time(20))
        zone = self.now.tzinfo
        late = timedelta(seconds=self.rng.randint(-240, 200))
        return datetime.combine(day, hours[0], zone) + late, datetime.combine(day, hours[1], zone) + late

    def pick(self, team: str, moment: datetime, *, is_live: bool) -> tuple[Worker, datetime] | None:
        """Who can take a contact first, and when; the longest idle of those who can at once."""
        best: tuple[datetime, datetime, int] | None = None
        chosen = None
        for worker in self.workers[team]:
            start = worker.earliest(moment, is_live=is_live)
            if start is None:
                continue
            rank = (start, worker.free_at.get(is_live, worker.shifts[0][0]), worker.user.pk)
            if best is None or rank < best:
                best, chosen = rank, worker
        return (chosen, best[0]) if chosen is not None and best is not None else None

    def note(self, worker: Worker, work: list[Stretch], *, is_live: bool, is_undivided: bool) -> None:
        """The agent is with a customer in these stretches; who writes can soon take a second one beside it."""
        worker.work += work
        free_at = work[-1][1] if is_undivided else work[0][0] + (work[0][1] - work[0][0]) / 2
        worker.free_at[is_live] = max(worker.free_at.get(is_live, free_at), free_at)

    def store_presence(self) -> None:
        """Write where the time went, from the shifts and the work done in them."""
        spans: list[PresenceSpan] = []
        firsts = []
        for workers in self.workers.values():
            for worker in workers:
                own = self._spans(worker)
                spans += own
                if own:
                    firsts.append((worker.user.pk, own[0]))
        PresenceSpan.objects.bulk_create(spans)
        for agent_id, span in firsts:
            tell([PresenceChanged(agent_id=agent_id, state=str(span.state))], by=None, at=span.started_at)

    def _spans(self, worker: Worker) -> list[PresenceSpan]:
        work = _joined(sorted(worker.work))
        told: list[tuple[str, str, datetime, datetime]] = []
        for start, end in worker.shifts:
            if start >= self.now:
                break
            inside = [stretch for stretch in work if stretch[0] < end and stretch[1] > start]
            told += self._day(start, max([end, *(stretch[1] for stretch in inside)]), inside)
        return self._in_a_row(worker, told)

    def _day(self, start: datetime, end: datetime, work: list[Stretch]) -> list[tuple[str, str, datetime, datetime]]:
        """One shift: available around the contacts, other work in the long gaps, a break in one of them."""
        marks = [start, *(moment for stretch in work for moment in stretch), end]
        gaps = [(marks[i], marks[i + 1]) for i in range(0, len(marks) - 1, 2)]
        middle = [
            gap for gap in gaps if gap[1] - gap[0] > timedelta(minutes=50) and gap[0] - start < (end - start) * 0.7
        ]
        break_gap = middle[len(middle) // 2] if middle else None
        told: list[tuple[str, str, datetime, datetime]] = []
        cursor = start
        for gap in gaps:
            if gap[1] - gap[0] <= LONGEST_IDLE:
                continue
            leave = gap[0] + timedelta(seconds=self.rng.randint(30, 160))
            back = gap[1] - timedelta(seconds=self.rng.randint(40, 200))
            if gap[0] < self.now < gap[1]:
                # Whoever is here now is here for customers.
                back = self.now - timedelta(minutes=self.rng.randint(3, 12))
                if back <= leave:
                    continue
            told.append((PresenceState.AVAILABLE, "", cursor, leave))
            if gap == break_gap and leave + timedelta(minutes=40) < back:
                pause = leave + timedelta(minutes=self.rng.randint(25, 38))
                told.append((PresenceState.BREAK, "lunch", leave, pause))
                leave = pause
            told.append((PresenceState.BUSY, self.rng.choice(OTHER_WORK), leave, back))
            cursor = back
        told.append((PresenceState.AVAILABLE, "", cursor, end))
        return told

    def _in_a_row(self, worker: Worker, told: list[tuple[str, str, datetime, datetime]]) -> list[PresenceSpan]:
        """Spans without a gap: offline between shifts, and the one that holds now without an end."""
        spans: list[PresenceSpan] = []
        for state, reason, start, end in told:
            if start >= self.now:
                break
            if spans and start < spans[-1].started_at:
                continue
            if spans and spans[-1].ended_at is not None and start > spans[-1].ended_at:
                offline = PresenceState.OFFLINE
                since = spans[-1].ended_at
                spans.append(PresenceSpan(agent=worker.user, state=offline, started_at=since, ended_at=start))
            elif spans:
                start = spans[-1].ended_at or start  # noqa: PLW2901 - a shift that ran into the next stretch
            if end <= start:
                continue
            is_open = end >= self.now
            spans.append(
                PresenceSpan(
                    agent=worker.user,
                    state=state,
                    reason_code=reason,
                    started_at=start,
                    ended_at=None if is_open else end,
                )
            )
            if is_open:
                return spans
        if spans and spans[-1].ended_at is not None:
            spans.append(PresenceSpan(agent=worker.user, state=PresenceState.OFFLINE, started_at=spans[-1].ended_at))
        return spans


def _joined(work: list[Stretch]) -> list[Stretch]:
    """Stretches that touch or overlap as one."""
    joined: list[Stretch] = []
    for start, end in work:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
