"""All that was told of one call, folded into stretches of time: pure, from scratch, in whatever order it came.

A stretch names the clock its moments were read from: the provider's where both were signed by it, else the time at
which we were told, else our own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from interactions.cases.choices import SegmentClock, SegmentEnd, SegmentKind
from interactions.channels.voice.told import Told
from interactions.handling.services import Stretch

# What a desk asked for and what the telephone then told are one thing, if they lie as close as this.
BEFORE_ASKED: Final = timedelta(seconds=10)
AFTER_ASKED: Final = timedelta(seconds=30)
# By how much a clock that knows whole seconds may be behind one that knows fractions.
WHOLE_SECONDS: Final = timedelta(seconds=1.5)
ASKED: Final = {Told.DESK_HELD: Told.HELD, Told.DESK_RESUMED: Told.RESUMED}
# Things of one second, in the order in which they can be.
ORDER: Final = {kind: number for number, kind in enumerate(Told)}
CUSTOMER: Final = "customer"
WEAKEST_FIRST: Final = (SegmentClock.ARRIVAL, SegmentClock.OURS, SegmentClock.PROVIDER)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One thing told, as the fold needs it. `leg` is CUSTOMER for the customer's own."""

    kind: Told
    key: str
    at: datetime
    clock: SegmentClock
    leg: str = ""
    number: int = 0
    agent_id: int | None = None
    queue_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Folded:
    """A call as it stands after all that was told."""

    stretches: tuple[Stretch, ...] = ()
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    end_reason: str = ""
    place: str = ""
    agents: frozenset[int] = frozenset()
    ringing: frozenset[int] = frozenset()
    legs: frozenset[str] = frozenset()
    is_in_room: bool = False
    is_held: bool = False
    is_talking: bool = False


@dataclass(slots=True)
class _Open:
    kind: SegmentKind
    queue_id: int | None
    agent_id: int | None
    since: datetime
    clock: SegmentClock


@dataclass(slots=True)
class _Call:
    """The state of the sweep: who is where after each moment."""

    customer_joins: bool
    place: tuple[str, int | None] = ("", None)
    is_in_room: bool = False
    is_held: bool = False
    room: dict[str, int | None] = field(default_factory=dict)
    consulted: set[str] = field(default_factory=set)
    ringing: dict[str, int | None] = field(default_factory=dict)
    transfer: dict[int | None, SegmentEnd] = field(default_factory=dict)
    ends_with: SegmentEnd | None = None
    open: dict[object, _Open] = field(default_factory=dict)
    done: list[Stretch] = field(default_factory=list)
    answered_at: datetime | None = None

    @property
    def is_talking(self) -> bool:
        return bool(self.room) and (self.is_in_room or not self.customer_joins)

    def take(self, heard: Heard) -> None:
        """Change who is where."""
        step = STEPS.get(heard.kind)
        if step is not None:
            step(self, heard)

    def wanted(self) -> dict[object, tuple[SegmentKind, int | None, int | None]]:
        """The stretches that should run now, by what makes them the same stretch."""
        queue_id = self.place[1] if self.place[0] == Told.QUEUED else None
        found: dict[object, tuple[SegmentKind, int | None, int | None]] = {}
        if self.is_talking:
            for leg, agent_id in self.room.items():
                is_hold = self.is_held and leg not in self.consulted
                kind = SegmentKind.HOLD if is_hold else SegmentKind.TALK
                found["agent", agent_id if agent_id is not None else leg] = (kind, queue_id, agent_id)
        else:
            base = _base(self.place)
            if base is not None:
                found["place", self.place] = base
        for leg, agent_id in self.ringing.items():
            who = ("agent", agent_id if agent_id is not None else leg)
            if who not in found and ("place", (Told.RINGS_FOR, agent_id)) not in found:
                found[who] = (SegmentKind.RING, queue_id, agent_id)
        return found

    def settle(self, heard: Heard, *, is_over: bool = False) -> None:
        """End the stretches that do not go on, and begin those that do now."""
        wanted = {} if is_over else self.wanted()
        for key in [key for key in self.open if self._ends(key, wanted)]:
            self._close(self.open.pop(key), heard, is_over=is_over)
        for key, (kind, queue_id, agent_id) in wanted.items():
            if key not in self.open:
                self.open[key] = _Open(kind, queue_id, agent_id, heard.at, heard.clock)
        if self.answered_at is None and self.is_talking and not is_over:
            self.answered_at = heard.at
        self.ends_with = None

    def _ends(self, key: object, wanted: dict[object, tuple[SegmentKind, int | None, int | None]]) -> bool:
        running, goes_on = self.open[key], wanted.get(key)
        return goes_on is None or goes_on[0] != running.kind

    def _close(self, running: _Open, heard: Heard, *, is_over: bool) -> None:
        if heard.at <= running.since:
            return
        self.done.append(
            Stretch(
                kind=running.kind,
                started_at=running.since,
                ended_at=heard.at,
                clock=weaker(running.clock, heard.clock),
                queue_id=running.queue_id,
                agent_id=running.agent_id,
                ended_by=self._why(running, is_over=is_over),
            )
        )

    def _why(self, running: _Open, *, is_over: bool) -> SegmentEnd:
        if running.kind in {SegmentKind.TALK, SegmentKind.HOLD}:
            return self.transfer.pop(running.agent_id, SegmentEnd.DONE) if self._is_gone(running) else SegmentEnd.DONE
        if self.ends_with is not None:
            return self.ends_with
        if running.kind == SegmentKind.RING:
            return SegmentEnd.DONE if running.agent_id in self.room.values() else SegmentEnd.NOT_ANSWERED
        return SegmentEnd.CUSTOMER_LEFT if is_over else SegmentEnd.DONE

    def _is_gone(self, running: _Open) -> bool:
        return running.agent_id not in self.room.values() or not self.is_talking


def _base(place: tuple[str, int | None]) -> tuple[SegmentKind, int | None, int | None] | None:
    kind, of = place
    if kind in {Told.BEGAN, Told.VOICEMAIL}:
        return SegmentKind.IVR, None, None
    if kind == Told.QUEUED:
        return SegmentKind.QUEUE, of, None
    return (SegmentKind.RING, None, of) if kind == Told.RINGS_FOR else None


def weaker(one: SegmentClock, other: SegmentClock) -> SegmentClock:
    """The clock that a stretch between two moments names: the one less to be trusted."""
    return min(one, other, key=WEAKEST_FIRST.index)


def _goes_to(call: _Call, heard: Heard) -> None:
    call.place = (heard.kind, heard.queue_id if heard.kind == Told.QUEUED else heard.agent_id)


def _asks_callback(call: _Call, heard: Heard) -> None:
    call.place, call.ends_with = ("", None), SegmentEnd.CALLBACK


def _dials(call: _Call, heard: Heard) -> None:
    if heard.leg != CUSTOMER and heard.leg not in call.room:
        call.ringing[heard.leg] = heard.agent_id


def _joins(call: _Call, heard: Heard) -> None:
    if heard.leg == CUSTOMER:
        call.is_in_room = True
        return
    if call.is_held:
        call.consulted.add(heard.leg)
    call.ringing.pop(heard.leg, None)
    call.room[heard.leg] = heard.agent_id


def _leaves(call: _Call, heard: Heard) -> None:
    if heard.leg == CUSTOMER:
        call.is_in_room = call.is_held = False
        return
    call.ringing.pop(heard.leg, None)
    call.room.pop(heard.leg, None)
    call.consulted.discard(heard.leg)


def _empties(call: _Call, heard: Heard) -> None:
    call.room.clear()
    call.consulted.clear()
    call.is_in_room = call.is_held = False


def _holds(call: _Call, heard: Heard) -> None:
    if heard.leg in {"", CUSTOMER}:
        call.is_in_room = call.is_held = True


def _resumes(call: _Call, heard: Heard) -> None:
    if heard.leg not in {"", CUSTOMER}:
        return
    call.is_held = False
    call.consulted.clear()


def _transfers(call: _Call, heard: Heard) -> None:
    """An agent gave it away: to a queue or to somebody (`queue_id`, `agent_id` say to whom); whoever is there goes."""
    end = SegmentEnd.TRANSFER_QUEUE if heard.queue_id is not None else SegmentEnd.TRANSFER_AGENT
    for agent_id in call.room.values():
        if agent_id != heard.agent_id or heard.agent_id is None:
            call.transfer[agent_id] = end
    if heard.queue_id is not None:
        call.place = (Told.QUEUED, heard.queue_id)
    elif heard.agent_id is not None:
        call.place = (Told.RINGS_FOR, heard.agent_id)


STEPS: Final = {
    Told.BEGAN: _goes_to,
    Told.QUEUED: _goes_to,
    Told.VOICEMAIL: _goes_to,
    Told.RINGS_FOR: _goes_to,
    Told.CALLBACK: _asks_callback,
    Told.DIALLED: _dials,
    Told.JOINED: _joins,
    Told.LEFT: _leaves,
    Told.LEG_ENDED: _leaves,
    Told.ROOM_ENDED: _empties,
    Told.HELD: _holds,
    Told.RESUMED: _resumes,
    Told.TRANSFERRED: _transfers,
}


def fold(told: Iterable[Heard], *, is_outbound: bool = False) -> Folded:
    """The stretches of a call and how it stands, from all that was told of it."""
    heard = _in_order(told)
    if not heard:
        return Folded()
    end = _end_of(heard)
    call = _Call(customer_joins=is_outbound or any(_puts_customer_in_room(one) for one in heard))
    for one in heard:
        if end is not None and (one is end or one.at > end.at):
            continue
        if one.kind == Told.BEGAN and is_outbound:
            continue
        call.take(one)
        call.settle(one)
    if end is not None:
        call.settle(end, is_over=True)
    running = [
        Stretch(
            kind=one.kind, started_at=one.since, ended_at=None, clock=one.clock,
            queue_id=one.queue_id, agent_id=one.agent_id,
        )
        for one in call.open.values()
    ]  # fmt: skip
    return Folded(
        stretches=tuple(sorted(call.done + running, key=_by_start)),
        started_at=heard[0].at,
        answered_at=call.answered_at,
        ended_at=end.at if end is not None else None,
        ended_by=_who_ended(heard, end),
        end_reason=end.reason if end is not None else "",
        place=call.place[0],
        agents=frozenset(agent for agent in call.room.values() if agent is not None),
        ringing=frozenset(agent for agent in call.ringing.values() if agent is not None),
        legs=frozenset(call.room) | frozenset(call.ringing),
        is_in_room=call.is_in_room and end is None,
        is_held=call.is_held,
        is_talking=call.is_talking and end is None,
    )


def _by_start(stretch: Stretch) -> tuple[datetime, int, int]:
    return stretch.started_at, stretch.kind.value, stretch.agent_id or 0


def _in_order(told: Iterable[Heard]) -> list[Heard]:
    """Each thing once, in one order whatever the order of arrival; a call begins no later than its first moment."""
    once: dict[str, Heard] = {}
    for one in told:
        known = once.get(one.key)
        once[one.key] = one if known is None else min(one, known, key=_rank)
    heard = _before_its_effect(_without_what_was_told_anyway(list(once.values())))
    began = [one for one in heard if one.kind == Told.BEGAN]
    first = min(heard, key=_rank, default=None)
    if began and first is not None:
        start = replace(min(began, key=_rank), at=first.at, clock=first.clock)
        heard = [start, *(one for one in heard if one.kind != Told.BEGAN)]
    return sorted(heard, key=_rank)


def _rank(one: Heard) -> tuple[datetime, int, int, str, str]:
    return one.at, ORDER[one.kind], one.number, one.leg, one.key


def _without_what_was_told_anyway(heard: Sequence[Heard]) -> list[Heard]:
    """A hold that the desk asked for counts by the desk's clock only until the telephone tells of it."""
    kept: list[Heard] = []
    for one in heard:
        kind = ASKED.get(one.kind)
        if kind is None:
            kept.append(one)
        elif not any(
            other.kind == kind and one.at - BEFORE_ASKED <= other.at <= one.at + AFTER_ASKED for other in heard
        ):
            kept.append(replace(one, kind=kind))
    return kept


def _before_its_effect(heard: Sequence[Heard]) -> list[Heard]:
    """A transfer is what made its agent leave, be it that the telephone, which knows whole seconds, tells of the
    leaving a moment earlier."""
    told: list[Heard] = []
    for one in heard:
        effects = [
            other.at
            for other in heard
            if one.kind == Told.TRANSFERRED
            and other.kind in {Told.LEFT, Told.LEG_ENDED, Told.ROOM_ENDED}
            and one.at - WHOLE_SECONDS <= other.at <= one.at
        ]
        told.append(replace(one, at=min(effects)) if effects else one)
    return told


def _puts_customer_in_room(one: Heard) -> bool:
    return one.leg == CUSTOMER and one.kind in {Told.JOINED, Told.HELD, Told.RESUMED}


def _end_of(heard: Sequence[Heard]) -> Heard | None:
    """The end of the customer's leg, by the best clock that tells it."""
    ends = [one for one in heard if one.kind == Told.LEG_ENDED and one.leg == CUSTOMER]
    signed = [one for one in ends if one.clock == SegmentClock.PROVIDER]
    return min(signed or ends, key=_rank, default=None)


def _who_ended(heard: Sequence[Heard], end: Heard | None) -> str:
    if end is None:
        return ""
    if any(one.kind == Told.FLOW_ENDED for one in heard):
        return "system"
    return end.reason if end.reason in {"customer", "agent", "system"} else ""
