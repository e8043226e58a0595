"""The reader that tells open pages what to read again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from ccx.kernel.events.log import Event
from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import DESK, interaction_topic, queue_topic, team_topic, user_topic
from ccx.kernel.models import Team, User
from interactions.cases.choices import InteractionStatus
from interactions.cases.events import (
    CaseLinked,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    InteractionChanged,
    InteractionClosed,
    InteractionMoved,
    InteractionStarted,
    MessageReceived,
    ReasonCorrected,
)
from interactions.cases.models import Interaction, Segment
from interactions.customers.events import (
    CustomerChanged,
    CustomerErased,
    CustomersMerged,
    CustomersToldApart,
    IdentityAdded,
    IdentityAttested,
    MergeUndone,
    PurchaseRecorded,
    ToldApartTakenBack,
)
from interactions.handling.events import (
    FailureLeft,
    LineChanged,
    MessageSettled,
    OfferEnded,
    OfferMade,
    PresenceChanged,
    PromiseKept,
    PromiseMade,
)
from interactions.routing.models import Queue

ABOUT_INTERACTIONS: tuple[type[Event], ...] = (
    InteractionStarted,
    MessageReceived,
    InteractionChanged,
    InteractionClosed,
    InteractionMoved,
    ReasonCorrected,
    OfferMade,
    OfferEnded,
    MessageSettled,
    FailureLeft,
    PromiseMade,
    PromiseKept,
)
ABOUT_AGENTS: tuple[type[Event], ...] = (PresenceChanged,)
ABOUT_LINES: tuple[type[Event], ...] = (LineChanged,)
# Seen beside every contact of the customer or the case that is on somebody's desk.
ABOUT_WHOSE: tuple[type[Event], ...] = (
    CaseOpened,
    CaseResolved,
    CaseReopened,
    CaseLinked,
    CustomerChanged,
    CustomerErased,
    CustomersMerged,
    CustomersToldApart,
    MergeUndone,
    IdentityAdded,
    IdentityAttested,
    PurchaseRecorded,
    ToldApartTakenBack,
)
# A contact that was closed a moment ago may still be on somebody's screen.
STILL_ON_SCREEN = timedelta(hours=12)

# How a line stands with its provider; nobody's contact in particular.
LINES = "all:lines"
_ON_THE_FLOOR = {event.kind for event in (*ABOUT_INTERACTIONS, *ABOUT_AGENTS)}


def tell_pages(events: Sequence[EventRow]) -> None:
    """Nudge whoever may show what these events changed: the contact, its lines and teams, its people, the floor."""
    by_kind: dict[str, list[EventRow]] = defaultdict(list)
    for event in events:
        by_kind[event.kind].append(event)
    if by_kind.pop(LineChanged.kind, None):
        nudge(LINES, what=LineChanged.kind)
    for kind, rows in by_kind.items():
        is_on_the_floor = kind in _ON_THE_FLOOR
        interactions = {row.interaction_id for row in rows if row.interaction_id is not None}
        topics = _of_interactions(interactions) if is_on_the_floor else _of_owners(rows)
        people = {pk for row in rows for pk in (row.agent_id, row.actor_id) if pk is not None}
        nudge(*topics, *_of_people(people, with_team=kind == PresenceChanged.kind), what=kind)
        if is_on_the_floor:
            nudge(DESK, what=kind)


def _of_interactions(ids: Collection[int]) -> Iterable[str]:
    """The contacts, and the lines, teams and people that have or had them: whoever lost one wants to know as well.

    The other contacts of their cases on somebody's screen show them too: a case is one conversation.
    """
    rows = Interaction.objects.filter(pk__in=ids).values_list("public_id", "case_id", "queue_id", "team_id", "agent_id")
    places: set[tuple[int | None, int | None, int | None]] = set()
    cases: set[Any] = set()
    for public_id, case_id, *place in rows:
        yield interaction_topic(public_id)
        places.add((place[0], place[1], place[2]))
        cases.add(case_id)
    beside = Interaction.objects.filter(_on_screen(), case_id__in=cases - {None}).exclude(pk__in=ids)
    yield from map(interaction_topic, beside.values_list("public_id", flat=True))
    stretches = Segment.objects.filter(interaction_id__in=ids)
    places.update(stretches.values_list("queue_id", "team_id", "agent_id"))
    queues, teams, people = ({pk for place in places if (pk := place[column]) is not None} for column in range(3))
    yield from map(queue_topic, Queue.objects.filter(pk__in=queues).values_list("public_id", flat=True))
    yield from map(team_topic, Team.objects.filter(pk__in=teams).values_list("public_id", flat=True))
    yield from _of_people(people, with_team=False)


def _of_owners(rows: Sequence[EventRow]) -> Iterable[str]:
    """Contacts on somebody's desk of the customers and cases that changed."""
    customers = {row.customer_id for row in rows if row.customer_id is not None}
    cases = {row.case_id for row in rows if row.case_id is not None}
    concerned = Interaction.objects.filter(_on_screen(), Q(customer_id__in=customers) | Q(case_id__in=cases))
    return map(interaction_topic, concerned.values_list("public_id", flat=True))


def _on_screen() -> Q:
    return ~Q(status=InteractionStatus.CLOSED) | Q(closed_at__gte=timezone.now() - STILL_ON_SCREEN)


def _of_people(ids: Collection[int], *, with_team: bool) -> Iterable[str]:
    for public_id, team in User.objects.filter(pk__in=ids).values_list("public_id", "team__public_id"):
        yield user_topic(public_id)
        if with_team and team is not None:
            yield team_topic(team)


LIVE = Reader(
    name="live",
    handle=tell_pages,
    kinds=frozenset(event.kind for event in (*ABOUT_INTERACTIONS, *ABOUT_AGENTS, *ABOUT_WHOSE, *ABOUT_LINES)),
    batch_size=500,
    from_beginning=False,
)
