"""The reader that keeps facts and roll-ups true to the log. An event only says which facts to compute again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db.models import Q

from analytics.facts.agent_days import days_of_agents, days_of_interactions, refresh_agent_days
from analytics.rollups.refresh import refresh_facts
from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from ccx.kernel.people.events import AccessChanged
from feedback.surveys.events import CustomerInvited, SurveyAnswered
from interactions.cases.events import (
    CaseLinked,
    CaseReopened,
    InteractionChanged,
    InteractionClosed,
    InteractionMoved,
    InteractionStarted,
    ReasonChanged,
    ReasonCorrected,
)
from interactions.channels.events import CalendarChanged
from interactions.customers.events import CustomerErased, CustomersMerged, IdentityAttested, MergeUndone
from interactions.handling.events import PresenceChanged
from interactions.models import Interaction
from interactions.routing.events import TargetChanged
from journeys.ownership.events import CostRateChanged

OF_INTERACTIONS: Final = (
    InteractionStarted,
    InteractionChanged,
    InteractionClosed,
    InteractionMoved,
    ReasonCorrected,
    CustomerInvited,
    SurveyAnswered,
)
OF_CUSTOMERS: Final = (CustomersMerged, MergeUndone, CustomerErased, IdentityAttested)
OF_CASES: Final = (CaseLinked, CaseReopened)
# Contacts stay what they were and are measured otherwise; agents' days know nothing of that.
OF_MEASURING: Final = (CostRateChanged, TargetChanged, CalendarChanged)
OF_PEOPLE: Final = (PresenceChanged, AccessChanged)
KINDS: Final = frozenset(
    event.kind for event in (*OF_INTERACTIONS, *OF_CUSTOMERS, *OF_CASES, ReasonChanged, *OF_PEOPLE, *OF_MEASURING)
)
CUSTOMER_KINDS: Final = frozenset(event.kind for event in OF_CUSTOMERS)
CASE_KINDS: Final = frozenset(event.kind for event in OF_CASES)

AT_ONCE: Final = 20_000


def refresh_from_events(events: Sequence[EventRow]) -> None:
    """Bring the facts that these events touch up to date. Safe to run twice."""
    ids = {event.interaction_id for event in events if event.interaction_id}
    wanted = Q()
    customers = {
        customer
        for event in events
        if event.kind in CUSTOMER_KINDS
        for customer in (event.customer_id, event.data.get("merged_id"))
        if customer
    }
    cases = {
        case
        for event in events
        if event.kind in CASE_KINDS
        for case in (event.case_id, event.data.get("follows_id"), event.data.get("before_id"))
        if case
    }
    reasons = {event.data["reason_id"] for event in events if event.kind == ReasonChanged.kind}
    if customers:
        wanted |= Q(customer_id__in=customers)
    if cases:
        wanted |= Q(case_id__in=cases)
    if reasons:
        wanted |= Q(reason_id__in=reasons) | Q(reason__parent_id__in=reasons)
    if wanted:
        ids.update(Interaction.objects.filter(wanted).values_list("pk", flat=True))
    _refresh_in_portions(ids | _measured_otherwise(events))
    _refresh_days(events, sorted(ids))


def _measured_otherwise(events: Sequence[EventRow]) -> set[int]:
    """The contacts since a rate or a target that changed, and those of lines whose calendar did."""
    wanted = Q()
    for event in events:
        if event.kind in {CostRateChanged.kind, TargetChanged.kind}:
            names = {"channel": event.data["channel"], "queue": event.data.get("queue_id")}
            arrived = Q(started_at__gte=datetime.fromtimestamp(event.data["since"], UTC))
            wanted |= arrived & Q(**{name: value for name, value in names.items() if value})
        elif event.kind == CalendarChanged.kind:
            wanted |= Q(inbox=event.data["inbox_id"])
    return set(Interaction.objects.filter(wanted).values_list("pk", flat=True)) if wanted else set()


def _refresh_in_portions(ids: set[int]) -> None:
    """A reason or a rate may touch the whole history: the tables on the way stay small."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        refresh_facts(ordered[start : start + AT_ONCE])


def _refresh_days(events: Sequence[EventRow], interaction_ids: list[int]) -> None:
    pairs = days_of_interactions(interaction_ids)
    moved = [event for event in events if event.kind == PresenceChanged.kind and event.agent_id]
    if moved:
        since = min(event.occurred_at for event in moved).date() - timedelta(days=1)
        pairs += days_of_agents(sorted({event.agent_id for event in moved if event.agent_id}), since)
    # Days without work belong to the team of today.
    elsewhere = sorted({event.agent_id for event in events if event.kind == AccessChanged.kind and event.agent_id})
    if elsewhere:
        pairs += days_of_agents(elsewhere, date.min)
    refresh_agent_days(pairs)


FACTS: Final = Reader(name="facts", handle=refresh_from_events, kinds=KINDS, history=True, batch_size=2000)
