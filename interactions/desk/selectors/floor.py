"""The floor at one moment, for those who supervise: what waits in each queue, who is there, and what they have."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, When
from django.utils import timezone

from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import ROLE_ABILITIES, Ability, UserKind
from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Interaction, Segment
from interactions.desk.choices import reason_words
from interactions.desk.selectors.calling import callbacks_by_queue
from interactions.desk.selectors.presence import SIGNS
from interactions.desk.selectors.targets import Targets
from interactions.desk.selectors.work_list import NEAR, name_of
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.routing.models import AgentDesk, Offer, Queue

MOST_WAITING = 50
MOST_AGENTS = 300
# A desk that never was set up holds this many.
USUAL_CAPACITY = AgentDesk._meta.get_field("capacity").default
HANDLERS = [role for role, abilities in ROLE_ABILITIES.items() if Ability.HANDLE_CONTACTS in abilities]
IN_HAND = (InteractionStatus.ACTIVE, InteractionStatus.WRAP_UP)
# Who can take something stands first, who is gone last.
ORDER = {
    PresenceState.AVAILABLE: 0,
    PresenceState.BUSY: 1,
    PresenceState.BREAK: 2,
    PresenceState.OFFLINE: 3,
}


@dataclass(frozen=True)
class Line:
    """One queue. `oldest` are the seconds the longest waiter has waited; None: nobody waits."""

    queue: Queue | None
    waiting: int
    ringing: int
    in_hand: int
    pending: int
    oldest: int | None
    target: int | None
    callbacks: int = 0

    @property
    def tone(self) -> str:
        return _tone(self.oldest, self.target)


@dataclass(frozen=True)
class Held:
    """A contact at somebody's desk, and the seconds it has been in its state."""

    interaction: Interaction
    name: str
    seconds: int
    is_held: bool = False


@dataclass(frozen=True)
class Waiter:
    """A contact that waits, and for whom it rings."""

    interaction: Interaction
    name: str
    seconds: int
    tone: str
    rings_at: str = ""


@dataclass(frozen=True)
class AtDesk:
    """One agent: state and since when, what is on the desk, how much fits on it."""

    agent: User
    state: str
    reason_code: str
    seconds: int | None
    capacity: int
    load: int
    held: Sequence[Held] = ()
    rings: Sequence[str] = ()
    hidden: int = 0

    @property
    def is_away(self) -> bool:
        return self.state == PresenceState.OFFLINE

    @property
    def state_label(self) -> Any:
        return PresenceState(self.state).label

    @property
    def reason(self) -> str:
        return reason_words(self.reason_code)

    @property
    def sign(self) -> str:
        return SIGNS[PresenceState(self.state)]

    @property
    def is_full(self) -> bool:
        return self.load >= self.capacity


@dataclass(frozen=True)
class Floor:
    """Everything the live page shows at one moment."""

    lines: Sequence[Line]
    waiters: Sequence[Waiter]
    agents: Sequence[AtDesk]
    away: int
    more_agents: int
    team: Team | None = None
    teams: Sequence[Team] = field(default_factory=tuple)

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.lines)

    @property
    def in_hand(self) -> int:
        return sum(line.in_hand for line in self.lines)

    @property
    def pending(self) -> int:
        return sum(line.pending for line in self.lines)

    @property
    def oldest(self) -> int | None:
        return max((line.oldest for line in self.lines if line.oldest is not None), default=None)

    @property
    def oldest_tone(self) -> str:
        return max((line.tone for line in self.lines), key=("", "warning", "bad").index, default="")

    @property
    def available(self) -> int:
        return sum(desk.state == PresenceState.AVAILABLE for desk in self.agents)

    @property
    def free(self) -> int:
        return sum(desk.state == PresenceState.AVAILABLE and not desk.is_full for desk in self.agents)

    @property
    def more_waiters(self) -> int:
        return self.waiting - len(self.waiters)


def floor(*, user: User, team: str = "", with_away: bool = False) -> Floor:
    """What this person may see of the floor, of one team (its public id) or all, in a fixed number of queries."""
    now = timezone.now()
    teams = list(Team.objects.visible_to(user).filter(is_active=True).order_by("name"))
    chosen = next((one for one in teams if str(one.public_id) == team), None)
    open_ones = Interaction.objects.visible_to(user).exclude(status=InteractionStatus.CLOSED)
    if chosen is not None:
        open_ones = open_ones.filter(team=chosen)
    targets = Targets(now=now)
    agents, away, more = _agents(user, chosen, open_ones, now, with_away=with_away)
    return Floor(
        lines=_lines(user, chosen, open_ones, targets, now),
        waiters=_waiters(open_ones, targets, now),
        agents=agents,
        away=away,
        more_agents=more,
        team=chosen,
        teams=teams,
    )


def _since() -> Any:
    """Since when a waiting customer waits: from the beginning, or from what they wrote to us last."""
    return Case(When(first_answered_at__isnull=True, then=F("started_at")), default=F("last_customer_message_at"))


def _lines(
    user: User, team: Team | None, open_ones: QuerySet[Interaction], targets: Targets, now: datetime
) -> list[Line]:
    queues = Queue.objects.visible_to(user).filter(is_active=True).order_by("name")
    if team is not None:
        queues = queues.filter(team=team)
    waits = Q(status=InteractionStatus.WAITING)
    found = {
        row["queue_id"]: row
        for row in open_ones.order_by()
        .values("queue_id")
        .annotate(
            waiting=Count("pk", filter=waits),
            in_hand=Count("pk", filter=Q(status__in=IN_HAND)),
            pending=Count("pk", filter=Q(status=InteractionStatus.PENDING)),
            since=Min(_since(), filter=waits),
            channel=Max("channel", filter=waits),
        )
    }
    ringing = dict(
        Offer.objects.ringing()
        .filter(interaction__in=open_ones)
        .order_by()
        .values_list("interaction__queue_id")
        .annotate(number=Count("pk"))
    )
    shown = list(queues)
    known = {queue.pk for queue in shown}
    lines = [_line(queue, found.get(queue.pk, {}), ringing, targets, now) for queue in shown]
    rest = [row for key, row in found.items() if key not in known]
    if rest:
        merged: dict[str, Any] = {name: sum(row[name] for row in rest) for name in ("waiting", "in_hand", "pending")}
        merged["since"] = min((row["since"] for row in rest if row["since"] is not None), default=None)
        lines.append(_line(None, merged, ringing, targets, now))
    owed = callbacks_by_queue(known, user)
    return [replace(line, callbacks=owed.get(line.queue.pk, 0)) if line.queue else line for line in lines]


def _line(
    queue: Queue | None, row: Mapping[str, Any], ringing: Mapping[int | None, int], targets: Targets, now: datetime
) -> Line:
    since = row.get("since")
    return Line(
        queue=queue,
        waiting=row.get("waiting", 0),
        ringing=ringing.get(queue.pk if queue else None, 0),
        in_hand=row.get("in_hand", 0),
        pending=row.get("pending", 0),
        oldest=None if since is None else _seconds(since, now),
        target=targets.seconds_of(queue.pk if queue else None, row.get("channel")),
    )


def _waiters(open_ones: QuerySet[Interaction], targets: Targets, now: datetime) -> list[Waiter]:
    rows = list(
        open_ones.filter(status=InteractionStatus.WAITING)
        .annotate(since=_since())
        .select_related("customer", "identity", "queue", "agent")
        .order_by("-priority", "since", "pk")[:MOST_WAITING]
    )
    rings = dict(Offer.objects.ringing().filter(interaction__in=rows).values_list("interaction_id", "agent__name"))
    waiters = []
    for interaction in rows:
        seconds = _seconds(interaction.since, now)
        tone = _tone(seconds, targets.seconds_for(interaction))
        waiters.append(Waiter(interaction, name_of(interaction), seconds, tone, rings.get(interaction.pk, "")))
    return waiters


def _agents(
    user: User, team: Team | None, open_ones: QuerySet[Interaction], now: datetime, *, with_away: bool
) -> tuple[list[AtDesk], int, int]:
    """Who is there (and, if asked, who is not), how many are away, and how many more there are than are shown."""
    people = User.objects.visible_to(user).filter(kind=UserKind.PERSON, is_active=True, role__in=HANDLERS)
    if team is not None:
        people = people.filter(team=team)
    by_id = {agent.pk: agent for agent in people.select_related("team").order_by("name", "pk")}
    spans = {span.agent_id: span for span in PresenceSpan.objects.filter(agent__in=by_id, ended_at__isnull=True)}
    there = [pk for pk in by_id if pk in spans and spans[pk].state != PresenceState.OFFLINE]
    work = open_ones.model._default_manager.exclude(status__in=[InteractionStatus.CLOSED, InteractionStatus.PENDING])
    busy = set(work.filter(agent__in=by_id).values_list("agent_id", flat=True))
    shown = list(by_id) if with_away else [pk for pk in by_id if pk in set(there) | busy]
    held = _held(shown, open_ones, now)
    rings: dict[int, list[str]] = defaultdict(list)
    for offer in (
        Offer.objects.ringing()
        .filter(agent__in=shown, interaction__in=open_ones)
        .select_related("interaction__customer", "interaction__identity")
    ):
        rings[offer.agent_id].append(name_of(offer.interaction))
    loads = dict(
        work.filter(agent__in=shown, status__in=IN_HAND).order_by().values_list("agent_id").annotate(number=Count("pk"))
    )
    capacities = dict(AgentDesk.objects.filter(agent__in=shown).values_list("agent_id", "capacity"))
    desks = []
    for pk in shown:
        span, load = spans.get(pk), loads.get(pk, 0)
        in_sight = sum(one.interaction.status in IN_HAND for one in held[pk])
        desks.append(
            AtDesk(
                agent=by_id[pk],
                state=span.state if span is not None else PresenceState.OFFLINE,
                reason_code=span.reason_code if span is not None else "",
                seconds=None if span is None else _seconds(span.started_at, now),
                capacity=capacities.get(pk, USUAL_CAPACITY),
                load=load,
                held=held[pk],
                rings=rings[pk],
                hidden=max(0, load - in_sight),
            )
        )
    desks.sort(key=lambda desk: (ORDER[PresenceState(desk.state)], str(desk.agent).casefold()))
    return desks[:MOST_AGENTS], len(by_id) - len(there), max(0, len(desks) - MOST_AGENTS)


def _held(agents: Sequence[int], open_ones: QuerySet[Interaction], now: datetime) -> dict[int, list[Held]]:
    """By agent, what they have at their desk and this viewer may see."""
    rows = open_ones.filter(agent__in=agents).exclude(status=InteractionStatus.PENDING)
    found: dict[int, list[Held]] = defaultdict(list)
    running = {
        segment.interaction_id: segment
        for segment in Segment.objects.filter(interaction__in=rows, ended_at__isnull=True).order_by("started_at")
    }
    for interaction in rows.select_related("customer", "identity").order_by("started_at", "pk"):
        segment = running.get(interaction.pk)
        since = segment.started_at if segment is not None else interaction.started_at
        is_held = segment is not None and segment.kind == SegmentKind.HOLD
        if interaction.agent_id is not None:
            found[interaction.agent_id].append(Held(interaction, name_of(interaction), _seconds(since, now), is_held))
    return found


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def _tone(seconds: int | None, target: int | None) -> str:
    if seconds is None or not target:
        return ""
    return "bad" if seconds >= target else "warning" if seconds >= NEAR * target else ""
