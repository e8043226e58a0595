"""Calls folded into their contact: from all that was told, every time anything is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from interactions.calls.models import Call, CallEvent, CallState
from interactions.calls.segments import CUSTOMER, Folded, Heard, fold
from interactions.cases.choices import Direction, SegmentClock
from interactions.channels.voice.told import Told
from interactions.handling.services import Span, refold_segments
from interactions.routing.models import Queue

KINDS = frozenset(kind.value for kind in Told)
# What we know by ourselves: nobody told us, we did it.
OURS = frozenset({Told.DESK_HELD, Told.DESK_RESUMED, Told.TRANSFERRED, Told.RINGS_FOR})


def heard_of(call: Call, events: Iterable[CallEvent]) -> list[Heard]:
    """What was told of a call, as the fold takes it."""
    return [_heard(call, event) for event in events if event.kind in KINDS]


def _heard(call: Call, event: CallEvent) -> Heard:
    is_customer = event.data.get("role") == CUSTOMER or (
        event.leg_id_told == call.provider_id and bool(event.leg_id_told)
    )
    clock = SegmentClock.PROVIDER if event.provider_at is not None else SegmentClock.ARRIVAL
    if event.data.get("clock") == "ours":
        clock = SegmentClock.OURS
    return Heard(
        kind=Told(event.kind),
        key=event.key,
        at=event.provider_at or event.arrived_at,
        clock=clock,
        leg=CUSTOMER if is_customer else event.leg_id_told,
        number=event.number or 0,
        agent_id=event.agent_id,
        queue_id=event.data.get("queue_id"),
        reason=str(event.data.get("reason", "")),
    )


def folded(call: Call) -> Folded:
    """How one call stands."""
    return fold(heard_of(call, call.events.all()), is_outbound=call.direction == Direction.OUTBOUND)


@transaction.atomic(savepoint=False)
def refold(*, call: Call) -> Folded:
    """Compute the stretches of a call's contact anew, over all its calls; how this call stands."""
    if call.interaction_id is None:
        return folded(call)
    now: Folded = Folded()
    spans: list[Span] = []
    calls = Call.objects.filter(interaction=call.interaction_id).order_by("started_at", "pk")
    for one in calls.prefetch_related("events"):
        found = fold(heard_of(one, one.events.all()), is_outbound=one.direction == Direction.OUTBOUND)
        if one.pk == call.pk:
            now = found
        if found.started_at is not None:
            spans.append(
                Span(
                    started_at=found.started_at,
                    ended_at=found.ended_at,
                    stretches=found.stretches,
                    answered_at=found.answered_at,
                )
            )
    refold_segments(interaction_id=call.interaction_id, spans=_one_after_the_other(spans))
    return now


def _one_after_the_other(spans: list[Span]) -> list[Span]:
    """A call that was never told to be over was, at the latest, when the contact's next one began."""
    following: list[datetime | None] = [*(span.started_at for span in spans[1:]), None]
    return [
        _cut(span, until) if span.ended_at is None and until is not None else span
        for span, until in zip(spans, following, strict=True)
    ]


def _cut(span: Span, until: datetime) -> Span:
    stretches = tuple(
        replace(one, ended_at=until) if one.ended_at is None else one
        for one in span.stretches
        if one.started_at < until
    )
    return replace(span, ended_at=until, stretches=stretches)


def state_of(found: Folded) -> CallState:
    """The word for how a call stands."""
    if found.ended_at is not None:
        return CallState.ENDED
    if found.is_talking:
        return CallState.TALKING
    if found.place == Told.VOICEMAIL:
        return CallState.VOICEMAIL
    if found.ringing:
        return CallState.RINGING
    return CallState.QUEUED if found.place in {Told.QUEUED, Told.RINGS_FOR} else CallState.FLOW


def remember(  # noqa: PLR0913 - what is known, each by name
    *,
    call: Call,
    kind: Told,
    key: str,
    arrived_at: datetime,
    agent_id: int | None = None,
    queue: Queue | None = None,
    leg: str = "",
    is_ours: bool = False,
    data: dict[str, object] | None = None,
) -> bool:
    """Keep something that we ourselves know of a call; whether it is new."""
    told = dict(data or {})
    if queue is not None:
        told["queue_id"] = queue.pk
    if is_ours:
        told["clock"] = "ours"
    _event, is_new = CallEvent.objects.get_or_create(
        call=call,
        key=key[:200],
        defaults={
            "kind": kind.value,
            "leg_id_told": leg,
            "agent_id": agent_id,
            "arrived_at": arrived_at,
            "data": told,
        },
    )
    return is_new
