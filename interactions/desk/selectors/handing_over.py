"""Where a contact may go from here: queues, people, and a later hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ccx.kernel.models import User
from ccx.kernel.people.choices import ROLE_ABILITIES, Ability, GrantScope, UserKind
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.routing.models import AgentDesk, Queue

SHOWN: Final = 30
HANDLING_ROLES: Final = [role for role, abilities in ROLE_ABILITIES.items() if Ability.HANDLE_CONTACTS in abilities]
TONES: Final = {PresenceState.AVAILABLE: "good", PresenceState.BUSY: "warning", PresenceState.BREAK: "warning"}
SIGNS: Final = {PresenceState.AVAILABLE: "good", PresenceState.BUSY: "clock", PresenceState.BREAK: "hold"}
# What routing takes for granted of a desk that was never set up.
CAPACITY: Final = AgentDesk._meta.get_field("capacity").default


@dataclass(frozen=True)
class Target:
    """Somebody or something a contact can be handed to, and what happens then, said in full."""

    value: str
    kind: str
    name: str
    team: str
    presence: str
    tone: str
    sign: str
    load: str
    says: str


@dataclass(frozen=True)
class LaterHour:
    """An hour to which a contact may sleep."""

    value: str
    label: str
    when: str


def targets(interaction: Interaction, user: User, text: str = "") -> list[Target]:
    """Queues and people that fit the text, people who are there first."""
    words = text.strip()
    queues = queues_to_hand_to(interaction).filter(name__icontains=words) if words else queues_to_hand_to(interaction)
    people = people_to_hand_to(interaction, user)
    if words:
        people = people.filter(Q(name__icontains=words) | Q(team__name__icontains=words))
    return [*_of_people(interaction, people), *_of_queues(queues, user)]


def queues_to_hand_to(interaction: Interaction) -> QuerySet[Queue]:
    """Every open queue: an agent must be able to hand over to a team whose contacts they do not see."""
    return Queue.objects.filter(is_active=True).exclude(pk=_waits_in(interaction)).select_related("team")


def people_to_hand_to(interaction: Interaction, user: User) -> QuerySet[User]:
    """Those who handle contacts, of the teams the user sees or who could open this contact anyway."""
    able = User.objects.filter(kind=UserKind.PERSON, is_active=True, role__in=HANDLING_ROLES)
    known = Q(pk__in=User.objects.visible_to(user).values("pk"))
    for scope, pk in (
        (GrantScope.TEAM, interaction.team_id),
        (GrantScope.QUEUE, interaction.queue_id),
        (GrantScope.REASON, interaction.reason_id),
    ):
        if pk is not None:
            known |= Q(grants__scope=scope, grants__target_id=pk)
    return able.filter(known).exclude(pk=interaction.agent_id or 0).select_related("team").distinct()


def find_target(value: str, interaction: Interaction, user: User) -> Queue | User | None:
    """What a form's value ("queue:ID", "agent:ID") names, if it may be handed to."""
    kind, _colon, key = value.partition(":")
    try:
        public_id = UUID(key)
    except ValueError:
        return None
    if kind == "queue":
        return queues_to_hand_to(interaction).filter(public_id=public_id).first()
    if kind == "agent":
        return people_to_hand_to(interaction, user).filter(public_id=public_id).first()
    return None


def may_hand_over(interaction: Interaction, user: User) -> bool:
    """One's own contact; for those who look after the floor every one that is not over."""
    if interaction.is_closed or interaction.status == InteractionStatus.WRAP_UP:
        return False
    return interaction.agent_id == user.pk or user.can(Ability.SUPERVISE)


def later_hours(user: User, now: datetime | None = None) -> list[LaterHour]:
    """The hours people mean, in the user's own time zone; those that are past are left out."""
    zone = user.zone
    here = (now or timezone.now()).astimezone(zone)
    monday = here + timedelta(days=7 - here.weekday())
    hours: list[tuple[str, str, datetime]] = [("hour", _("In one hour"), here + timedelta(hours=1))]
    if here.hour < 14:
        hours.append(("afternoon", _("This afternoon"), _at(here, 15)))
    elif here.hour < 17:
        hours.append(("evening", _("This evening"), _at(here, 18)))
    hours.append(("tomorrow", _("Tomorrow morning"), _at(here + timedelta(days=1), 9)))
    if here.weekday() != 6:
        hours.append(("monday", _("Next Monday"), _at(monday, 9)))
    return [LaterHour(key, label, _written(moment, here)) for key, label, moment in hours]


def moment_of(choice: str, user: User, now: datetime | None = None) -> datetime | None:
    """The moment a choice of `later_hours` stands for, counted anew when it is made."""
    zone = user.zone
    here = (now or timezone.now()).astimezone(zone)
    moments = {
        "hour": here + timedelta(hours=1),
        "afternoon": _at(here, 15),
        "evening": _at(here, 18),
        "tomorrow": _at(here + timedelta(days=1), 9),
        "monday": _at(here + timedelta(days=7 - here.weekday()), 9),
    }
    return moments.get(choice)


def _at(day: datetime, hour: int) -> datetime:
    return datetime.combine(day.date(), time(hour), tzinfo=day.tzinfo)


def _written(moment: datetime, here: datetime) -> str:
    is_today = moment.date() == here.date()
    return formats.date_format(moment, "H:i" if is_today else "D j M, H:i")


def _waits_in(interaction: Interaction) -> int:
    """The queue where it waits already; with an agent it may go back there."""
    is_waiting = interaction.status == InteractionStatus.WAITING and interaction.agent_id is None
    return (interaction.queue_id or 0) if is_waiting else 0


def _of_people(interaction: Interaction, people: QuerySet[User]) -> Iterable[Target]:
    rows = list(people.order_by("name", "pk")[: SHOWN * 4])
    ids = [row.pk for row in rows]
    open_spans = PresenceSpan.objects.filter(agent_id__in=ids, ended_at__isnull=True)
    states = dict(open_spans.values_list("agent_id", "state"))
    having = Interaction.objects.filter(agent_id__in=ids, status=InteractionStatus.ACTIVE)
    loads = dict(having.values_list("agent_id").annotate(number=Count("pk")))
    capacities = dict(AgentDesk.objects.filter(agent_id__in=ids).values_list("agent_id", "capacity"))
    order = {state: place for place, state in enumerate(PresenceState.values)}
    rows.sort(key=lambda row: order[states.get(row.pk, PresenceState.OFFLINE)])
    return [_of_person(interaction, row, states, loads.get(row.pk, 0), capacities) for row in rows[:SHOWN]]


def _of_person(
    interaction: Interaction, person: User, states: Mapping[int, str], load: int, capacities: Mapping[int, int]
) -> Target:
    state = PresenceState(states.get(person.pk, PresenceState.OFFLINE))
    said = {"name": person.name, "queue": interaction.queue.name if interaction.queue else _("the line")}
    if interaction.queue:
        said["seconds"] = str(interaction.queue.offer_seconds)
    if state == PresenceState.AVAILABLE and interaction.queue:
        says = _("Rings at %(name)s for %(seconds)s s. If it is not answered there, it goes back to %(queue)s.") % said
    elif state == PresenceState.AVAILABLE:
        says = _("Rings at %(name)s. If it is not answered there, it waits for anybody.") % said
    else:
        says = _("%(name)s may not answer now. If it is not answered there, it goes back to %(queue)s.") % said
    capacity = capacities.get(person.pk, CAPACITY)
    return Target(
        value=f"agent:{person.public_id}",
        kind="agent",
        name=person.name,
        team=person.team.name if person.team else "",
        presence=str(state.label),
        tone=TONES.get(state, "neutral"),
        sign=SIGNS.get(state, "neutral"),
        load=_("%(load)d of %(capacity)d in hand") % {"load": load, "capacity": capacity},
        says=says,
    )


def _of_queues(queues: QuerySet[Queue], user: User) -> Iterable[Target]:
    rows = list(queues[:SHOWN])
    seen = set(Queue.objects.visible_to(user).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    waiting = Interaction.objects.filter(queue_id__in=seen, status=InteractionStatus.WAITING)
    numbers = dict(waiting.values_list("queue_id").annotate(number=Count("pk")))
    return [_of_queue(row, numbers.get(row.pk, 0) if row.pk in seen else None) for row in rows]


def _of_queue(queue: Queue, waiting: int | None) -> Target:
    """How many wait is told only to those who see the queue."""
    says = _("Waits in %(queue)s for whoever is free.") % {"queue": queue.name}
    load = ""
    if waiting is not None:
        load = ngettext("%(n)d waiting", "%(n)d waiting", waiting) % {"n": waiting}
    return Target(
        value=f"queue:{queue.public_id}",
        kind="queue",
        name=queue.name,
        team=queue.team.name if queue.team else "",
        presence="",
        tone="",
        sign="",
        load=load,
        says=says,
    )
