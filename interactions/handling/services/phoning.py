"""What calls do to contacts: they wait in a queue after the menu, come back when an agent is lost, end on the line.

The stretches of a call are computed elsewhere from what the telephone told; `refold_segments` puts them in the place
of what the desk's clock had guessed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import (
    Direction,
    InteractionStatus,
    Outcome,
    SegmentClock,
    SegmentEnd,
    SegmentKind,
)
from interactions.cases.events import InteractionStarted
from interactions.cases.models import Interaction, Segment
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.customers.models import Identity
from interactions.handling.errors import MoveIsNotAllowedError
from interactions.handling.services.closing import Ending, close
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    no_earlier,
    refuse_unless_active,
    refuse_unless_allowed,
    tell_change,
)
from interactions.handling.services.offers import end_ringing
from interactions.handling.services.talking import begin_wrap_up
from interactions.routing.models import OfferEnd, Queue


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of a call as it is to stand; without an end it still runs."""

    kind: SegmentKind
    started_at: datetime
    ended_at: datetime | None
    clock: SegmentClock
    queue_id: int | None = None
    agent_id: int | None = None
    ended_by: SegmentEnd | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """One call of a contact, from its first moment to its last; stretches of the desk within it are guesses."""

    started_at: datetime
    ended_at: datetime | None
    stretches: tuple[Stretch, ...] = ()
    answered_at: datetime | None = None


Told = tuple[int, datetime, datetime | None, int | None, int | None, int | None, int]


@transaction.atomic(savepoint=False)
def refold_segments(*, interaction_id: int, spans: Sequence[Span], by: User | None = None) -> bool:
    """Let the stretches of these calls stand as they are told, whatever stood there; whether anything changed.

    What the desk did between and after calls stays, and so does wrap-up: it begins where its agent's last stretch
    ended. A contact that was closed as one that nobody answered, and was answered after all, was handled.
    """
    interaction = lock_interaction(interaction_id)
    now = timezone.now()
    teams = _teams(spans)
    before = list(Segment.objects.filter(interaction=interaction).order_by("started_at", "pk"))
    wanted = [_fitting(one, now) for span in spans for one in span.stretches]
    kept = [one for one in before if one.kind == SegmentKind.WRAP_UP or _lies_between(one, spans)]
    replaced = [one for one in before if one not in kept]
    is_changed = _trim(kept, spans)
    if sorted(map(_told, replaced), key=_by_start) != sorted(map(_wanted, wanted), key=_by_start):
        Segment.objects.filter(pk__in=[one.pk for one in replaced]).delete()
        _move_wrap_up(kept, wanted, now)
        Segment.objects.bulk_create(_row(interaction, one, teams) for one in wanted)
        is_changed = True
    is_changed |= _correct(interaction, spans)
    if is_changed:
        tell_change(interaction, "refolded", by=by, at=max(interaction.started_at, now))
    return is_changed


def _by_start(told: Told) -> tuple[datetime, int, int]:
    return told[1], told[0], told[4] or 0


def _told(row: Segment) -> Told:
    return row.kind, row.started_at, row.ended_at, row.queue_id, row.agent_id, row.ended_by, row.clock


def _wanted(one: Stretch) -> Told:
    ended_by = one.ended_by.value if one.ended_by is not None else None
    return one.kind.value, one.started_at, one.ended_at, one.queue_id, one.agent_id, ended_by, one.clock.value


def _fitting(one: Stretch, now: datetime) -> Stretch:
    """A stretch that runs never began in the future, however fast the provider's clock is: else nobody could end it."""
    if one.ended_at is None and one.started_at > now:
        return Stretch(**{**one.__dict__, "started_at": now})
    return one


def _lies_between(row: Segment, spans: Sequence[Span]) -> bool:
    """Whether the desk made it outside of any call."""
    if row.clock != SegmentClock.OURS:
        return False
    return not any(
        span.started_at <= row.started_at and (span.ended_at is None or row.started_at < span.ended_at)
        for span in spans
    )


def _trim(kept: Sequence[Segment], spans: Sequence[Span]) -> bool:
    """What ran when a call began ended then; what an agent does after a call begins when it is over."""
    is_changed = False
    for row in kept:
        following = [span.started_at for span in spans if span.started_at > row.started_at]
        if following and row.kind != SegmentKind.WRAP_UP and (row.ended_at is None or row.ended_at > min(following)):
            row.ended_at, row.ended_by = min(following), SegmentEnd.DONE
            row.save(update_fields=["ended_at", "ended_by"])
            is_changed = True
    return is_changed


def _move_wrap_up(kept: Sequence[Segment], wanted: Sequence[Stretch], now: datetime) -> None:
    """The last wrap-up begins where its agent's last stretch ended."""
    wraps = [row for row in kept if row.kind == SegmentKind.WRAP_UP]
    if not wraps:
        return
    row = wraps[-1]
    ends = [one.ended_at for one in wanted if one.agent_id == row.agent_id and one.ended_at is not None]
    if not ends:
        return
    start = min(max(ends), row.ended_at or now)
    if start != row.started_at:
        row.started_at = start
        row.save(update_fields=["started_at"])


def _teams(spans: Sequence[Span]) -> dict[tuple[str, int], int | None]:
    agents = {one.agent_id for span in spans for one in span.stretches if one.agent_id is not None}
    queues = {one.queue_id for span in spans for one in span.stretches if one.queue_id is not None}
    found: dict[tuple[str, int], int | None] = {}
    found |= {("agent", pk): team for pk, team in User.objects.filter(pk__in=agents).values_list("pk", "team_id")}
    found |= {("queue", pk): team for pk, team in Queue.objects.filter(pk__in=queues).values_list("pk", "team_id")}
    return found


def _row(interaction: Interaction, one: Stretch, teams: dict[tuple[str, int], int | None]) -> Segment:
    team_id = teams.get(("agent", one.agent_id or 0)) or teams.get(("queue", one.queue_id or 0))
    return Segment(
        interaction=interaction,
        kind=one.kind,
        started_at=one.started_at,
        ended_at=one.ended_at,
        clock=one.clock,
        queue_id=one.queue_id,
        agent_id=one.agent_id,
        team_id=team_id or interaction.team_id,
        ended_by=one.ended_by,
    )


def _correct(interaction: Interaction, spans: Sequence[Span]) -> bool:
    """Answered is what somebody talked in, not what somebody pressed; what waits with a voicemail was pressed for."""
    answers = [span.answered_at for span in spans if span.answered_at is not None]
    answered_at = min(answers, default=None)
    if answered_at is not None:
        answered_at = max(answered_at, interaction.started_at)
    elif any(span.ended_at is None for span in spans) or interaction.first_answered_at is None:
        answered_at = None
    elif not any(_is_within(interaction.first_answered_at, span) for span in spans):
        answered_at = interaction.first_answered_at
    changed: list[str] = []
    if interaction.first_answered_at != answered_at:
        interaction.first_answered_at = answered_at
        changed.append("first_answered_at")
    if interaction.outcome == Outcome.ABANDONED and answered_at is not None:
        interaction.outcome = Outcome.HANDLED
        changed.append("outcome")
    if changed:
        interaction.save(update_fields=changed)
    return bool(changed)


def _is_within(moment: datetime, span: Span) -> bool:
    return span.started_at <= moment and (span.ended_at is None or moment <= span.ended_at)


@transaction.atomic
def enqueue_interaction(*, interaction_id: int, queue: Queue, at: datetime, by: User | None) -> Interaction:
    """A caller who was in the menu waits for an agent now. Entering the queue one is in is a no-op."""
    interaction = lock_interaction(interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.WAITING)
    if interaction.status != InteractionStatus.WAITING:
        raise MoveIsNotAllowedError(interaction_id=interaction_id)
    if interaction.queue_id == queue.pk:
        return interaction
    _wait_in(interaction, queue, at=no_earlier(interaction, at), by=by, what="queued")
    return interaction


@transaction.atomic
def return_to_queue(*, interaction_id: int, at: datetime, by: User | None = None) -> bool:
    """The agent who took a call is not in it, and the customer still is; whether it waits for somebody else now."""
    interaction = lock_interaction(interaction_id)
    queue = interaction.queue or interaction.inbox.default_queue
    if interaction.status != InteractionStatus.ACTIVE or queue is None:
        return False
    interaction.status, interaction.agent = InteractionStatus.WAITING, None
    interaction.save(update_fields=["status", "agent"])
    _wait_in(interaction, queue, at=no_earlier(interaction, at), by=by, what="returned")
    return True


def _wait_in(interaction: Interaction, queue: Queue, *, at: datetime, by: User | None, what: str) -> None:
    end_stretches(interaction, at=at)
    interaction.queue, interaction.team_id = queue, queue.team_id or interaction.team_id
    interaction.save(update_fields=["queue", "team"])
    begin_stretch(interaction, SegmentKind.QUEUE, at=at)
    tell_change(interaction, what, by=by, at=at)


@transaction.atomic
def hand_over(*, interaction_id: int, to_agent: User, at: datetime | None = None, by: User | None) -> Interaction:
    """A colleague who is in the call already goes on with it. Handing it to who has it is a no-op."""
    interaction = lock_interaction(interaction_id)
    refuse_unless_active(interaction)
    if interaction.agent_id == to_agent.pk:
        return interaction
    moment = no_earlier(interaction, at or timezone.now())
    running = Segment.objects.filter(interaction=interaction, ended_at__isnull=True)
    running.filter(agent=interaction.agent).update(ended_at=moment, ended_by=SegmentEnd.TRANSFER_AGENT)
    interaction.agent, interaction.team_id = to_agent, to_agent.team_id or interaction.team_id
    interaction.save(update_fields=["agent", "team"])
    if not running.filter(agent=to_agent).exists():
        begin_stretch(interaction, SegmentKind.TALK, at=moment, agent=to_agent)
    tell_change(interaction, "handed_over", by=by, at=moment)
    return interaction


@dataclass(frozen=True, kw_only=True)
class CallEnd:
    """How a call was over. `leaves_work`: a voicemail waits; `outcome`: what the menu says it was."""

    at: datetime
    was_answered: bool
    leaves_work: bool = False
    outcome: Outcome = Outcome.ABANDONED
    is_resolved: bool | None = None
    queue: Queue | None = None


@transaction.atomic
def end_call(*, interaction_id: int, end: CallEnd, by: User | None = None) -> Interaction:
    """The line is dead: an agent who talked wraps up, who never got through has abandoned, a voicemail waits on."""
    interaction = lock_interaction(interaction_id)
    if interaction.is_closed or interaction.status == InteractionStatus.WRAP_UP:
        return interaction
    at = no_earlier(interaction, end.at)
    if end.was_answered and interaction.status == InteractionStatus.ACTIVE and interaction.agent_id is not None:
        begin_wrap_up(interaction, by=by, at=at)
        # Told late, the agent still has the time for it.
        late = timezone.now() - at
        if interaction.wrap_up_ends_at is not None and late > timedelta():
            interaction.wrap_up_ends_at += late
            interaction.save(update_fields=["wrap_up_ends_at"])
    elif end.was_answered:
        close(interaction, Ending(outcome=Outcome.HANDLED, is_resolved=end.is_resolved), by=by, at=at)
    elif end.leaves_work:
        end_stretches(interaction, at=at, ended_by=SegmentEnd.CUSTOMER_LEFT)
        if interaction.queue_id is None and end.queue is not None:
            interaction.queue, interaction.team_id = end.queue, end.queue.team_id or interaction.team_id
            interaction.save(update_fields=["queue", "team"])
        tell_change(interaction, "voicemail", by=by, at=at)
    else:
        outcome = end.outcome
        if interaction.direction == Direction.OUTBOUND and outcome == Outcome.ABANDONED:
            outcome = Outcome.NOT_A_CONTACT
        close(interaction, Ending(outcome=outcome, is_resolved=end.is_resolved), by=by, at=at)
    return interaction


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """A contact that we begin. `since`: since when the customer has waited for it (their place in the queue)."""

    inbox: Inbox
    identity: Identity | None
    of: Interaction | None
    since: datetime
    queue: Queue | None = None
    agent: User | None = None
    waits_from: datetime | None = None


@transaction.atomic
def start_outbound(*, told: Outbound, by: User | None) -> Interaction:
    """Begin a call to a customer as a contact: with an agent at once, or waiting for one in a queue."""
    now = timezone.now()
    of, queue, agent = told.of, told.queue, told.agent
    team_id = queue.team_id if queue is not None else agent.team_id if agent is not None else None
    interaction = Interaction.objects.create(
        inbox=told.inbox,
        channel=Channel.VOICE,
        direction=Direction.OUTBOUND,
        status=InteractionStatus.WAITING if agent is None else InteractionStatus.ACTIVE,
        customer_id=of.customer_id if of is not None else told.identity.customer_id if told.identity else None,
        identity=told.identity,
        assurance=told.identity.assurance if told.identity is not None else 0,
        case_id=of.case_id if of is not None else None,
        queue=queue,
        team_id=team_id or (of.team_id if of is not None else None),
        agent=agent,
        reason_id=of.reason_id if of is not None else None,
        subject=of.subject if of is not None else "",
        started_at=min(told.since, now),
    )
    if agent is None and queue is not None:
        begin_stretch(interaction, SegmentKind.QUEUE, at=min(told.waits_from or now, now))
    event = InteractionStarted(
        interaction_id=interaction.pk, case_id=interaction.case_id, customer_id=interaction.customer_id
    )
    announce(event, by_id=by.pk if by else None, at=interaction.started_at)
    return interaction


@transaction.atomic
def close_for_callback(*, interaction_id: int, at: datetime, by: User | None = None) -> Interaction:
    """The caller leaves the queue and is called back; what rang for it rings no more."""
    interaction = lock_interaction(interaction_id)
    if not interaction.is_closed and interaction.status == InteractionStatus.WAITING:
        moment = no_earlier(interaction, at)
        end_ringing(interaction, OfferEnd.WITHDRAWN, by=by, at=moment)
        close(interaction, Ending(outcome=Outcome.CALLBACK), by=by, at=moment)
    return interaction
