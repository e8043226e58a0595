"""What every change of an interaction has in common: lock, look at the state, end a stretch, begin the next.

Locks are taken as in intake: the interaction first, then cases by id.
"""

from datetime import datetime

from django.db.models import Max, Min

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import ALLOWED_MOVES, CaseStatus, InteractionStatus, SegmentEnd, SegmentKind
from interactions.cases.events import CaseReopened, CaseResolved, InteractionChanged
from interactions.cases.models import Case, Interaction, Segment
from interactions.handling.errors import InteractionIsClosedError, MomentIsTooEarlyError, MoveIsNotAllowedError


def lock_interaction(interaction_id: int) -> Interaction:
    """The interaction, held until the transaction ends; others may still point at it."""
    return Interaction.objects.select_for_update(no_key=True).get(pk=interaction_id)


def lock_cases(*case_ids: int | None) -> dict[int, Case]:
    """Cases by id, locked in the order of their ids."""
    wanted = {case_id for case_id in case_ids if case_id is not None}
    return {case.pk: case for case in Case.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")}


def refuse_unless_allowed(interaction: Interaction, to: InteractionStatus) -> None:
    """Raise where ALLOWED_MOVES has no such move."""
    if interaction.is_closed:
        raise InteractionIsClosedError(interaction_id=interaction.pk)
    if to not in ALLOWED_MOVES[InteractionStatus(interaction.status)]:
        raise MoveIsNotAllowedError(interaction_id=interaction.pk, status=interaction.status, to=to.value)


def refuse_unless_active(interaction: Interaction) -> None:
    """Raise unless an agent is with the customer now."""
    if interaction.is_closed:
        raise InteractionIsClosedError(interaction_id=interaction.pk)
    if interaction.status != InteractionStatus.ACTIVE:
        raise MoveIsNotAllowedError(interaction_id=interaction.pk, status=interaction.status)


def end_stretches(interaction: Interaction, *, at: datetime, ended_by: SegmentEnd = SegmentEnd.DONE) -> None:
    """End what runs. Nothing may end before it began."""
    running = Segment.objects.filter(interaction=interaction, ended_at__isnull=True)
    if at < interaction.started_at or running.filter(started_at__gt=at).exists():
        raise MomentIsTooEarlyError(interaction_id=interaction.pk)
    running.update(ended_at=at, ended_by=ended_by)


def no_earlier(interaction: Interaction, at: datetime) -> datetime:
    """The moment, or the latest one before which nothing may end: for what no person does and no clock may stop."""
    running = Segment.objects.filter(interaction=interaction, ended_at__isnull=True)
    latest = running.aggregate(at=Max("started_at"))["at"]
    return max(at, interaction.started_at, latest or at)


def begin_stretch(interaction: Interaction, kind: SegmentKind, *, at: datetime, agent: User | None = None) -> None:
    """Begin a stretch on the interaction's queue; an agent's time is their team's."""
    team_id = agent.team_id if agent is not None and agent.team_id is not None else interaction.team_id
    Segment.objects.create(
        interaction=interaction, kind=kind, queue_id=interaction.queue_id, team_id=team_id, agent=agent, started_at=at
    )


def tell_change(interaction: Interaction, what: str, *, by: User | None, at: datetime) -> None:
    """Announce that the interaction's measures may have changed."""
    event = InteractionChanged(
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=interaction.agent_id,
        what=what,
    )
    announce(event, by_id=by.pk if by else None, at=at)


def resolve_case(case: Case, *, interaction: Interaction, by: User | None, at: datetime) -> None:
    """Resolve an open case that is locked, unless another interaction still runs on it."""
    running = case.interactions.exclude(status=InteractionStatus.CLOSED).exclude(pk=interaction.pk)
    if case.status != CaseStatus.OPEN or running.exists():
        return
    case.status, case.resolved_at = CaseStatus.RESOLVED, at
    case.save(update_fields=["status", "resolved_at"])
    event = CaseResolved(case_id=case.pk, customer_id=case.customer_id, interaction_id=interaction.pk)
    announce(event, by_id=by.pk if by else None, at=at)


def reopen_case(case: Case, *, interaction: Interaction, by: User | None, at: datetime) -> None:
    """Open a resolved case again, because something runs on it."""
    if case.status == CaseStatus.OPEN:
        return
    case.status, case.resolved_at = CaseStatus.OPEN, None
    case.reopened_count, case.last_reopened_at = case.reopened_count + 1, at
    case.save(update_fields=["status", "resolved_at", "reopened_count", "last_reopened_at"])
    event = CaseReopened(case_id=case.pk, customer_id=case.customer_id, interaction_id=interaction.pk)
    announce(event, by_id=by.pk if by else None, at=at)


def date_case(case: Case) -> None:
    """A case opens with the first of its interactions."""
    first = case.interactions.aggregate(at=Min("started_at"))["at"]
    if first is not None and first != case.opened_at:
        case.opened_at = first
        case.save(update_fields=["opened_at"])
