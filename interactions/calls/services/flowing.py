"""A caller on their way through the menu, into a queue, onto the voicemail, or out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from interactions.calls import flows
from interactions.calls.flows import Place, Way
from interactions.calls.models import Call, CallState
from interactions.calls.services.callbacks import ask_callback
from interactions.calls.services.folding import remember
from interactions.calls.services.hearing import conclude, queue_named
from interactions.channels.models import Inbox
from interactions.channels.voice.told import Told
from interactions.handling.services import enqueue_interaction
from interactions.routing.hours import is_open
from interactions.routing.models import BusinessHours, Queue
from interactions.routing.selectors import hours_of


@dataclass(frozen=True)
class Heard:
    """What a caller hears now, and the call as it stands then."""

    call: Call
    way: Way


@transaction.atomic
def start_flow(*, inbox: Inbox, leg: str, now: datetime) -> Heard | None:
    """What a caller hears first: the flow of the line, else its queue. None: nobody calls by this leg."""
    call = _locked(inbox, provider_id=leg)
    if call is None or call.interaction_id is None:
        return None
    flow = inbox.flow
    if flow is None:
        place = Place(step="", language=_language(call))
        return Heard(call, Way(instructions=_into_the_lines_queue(call, now), place=place))
    way = flows.begin(flow.definition, language=_language(call), is_open=lambda _step: _is_open(call, now))
    return Heard(call, _walk(call, way, now))


@transaction.atomic
def answer_step(*, inbox: Inbox, call_id: UUID, place: Place, digits: str, now: datetime) -> Heard | None:
    """What a caller hears who keyed in something, or nothing, at a step of the flow. None: no such call."""
    call = _locked(inbox, public_id=call_id)
    if call is None:
        return None
    flow = inbox.flow
    if flow is None or place.step not in flow.definition.get("steps", {}):
        return Heard(call, Way(instructions=_into_the_lines_queue(call, now), place=place))
    way = flows.answer(flow.definition, place, digits[:40], is_open=lambda _step: _is_open(call, now))
    return Heard(call, _walk(call, way, now))


@transaction.atomic
def take_callback(*, inbox: Inbox, call_id: UUID, now: datetime) -> bool:
    """A caller in a queue wants to be called back; whether they will be."""
    call = _locked(inbox, public_id=call_id)
    return (
        call is not None and ask_callback(call=call, now=now) is not None and conclude(call=call, now=now) is not None
    )


@transaction.atomic
def end_flow(*, inbox: Inbox, call_id: UUID, now: datetime, is_resolved: bool = False) -> None:
    """We let the caller go, not they us."""
    call = _locked(inbox, public_id=call_id)
    if call is not None:
        _end(call, now, is_resolved=is_resolved)


@transaction.atomic
def note_alive(*, call_id: int, now: datetime) -> None:
    """The provider asked something about a call: it is still there."""
    Call.objects.filter(pk=call_id, ended_at__isnull=True).update(heard_at=now)


def _locked(inbox: Inbox, **known: object) -> Call | None:
    calls = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("interaction")
    call = calls.filter(inbox=inbox, **known).first()
    if call is not None:
        call.inbox = inbox
    return call


def _language(call: Call) -> str:
    told = call.answers.get("_language")
    if told:
        return str(told)
    return call.inbox.flow.language if call.inbox.flow is not None else str(call.inbox.settings.get("language", "en"))


def _is_open(call: Call, now: datetime) -> bool:
    """By the hours of the line, else of its queue; a line without hours is always open."""
    queue = call.inbox.default_queue
    hours: BusinessHours | None = call.inbox.business_hours or (queue.business_hours if queue is not None else None)
    return hours is None or is_open(hours_of(hours), now)


def _walk(call: Call, way: Way, now: datetime) -> Way:
    """Write down where the caller is, and what that does to the contact."""
    call.step, call.steps_taken = way.place.step[:60], min(way.place.taken, 32767)
    answers: dict[str, Any] = {**call.answers, **way.answers, "_language": way.place.language}
    call.answers = answers
    call.save(update_fields=["step", "steps_taken", "answers"])
    last = way.instructions[-1] if way.instructions else flows.HangUp()
    if isinstance(last, flows.EnterQueue):
        queue = queue_named(last.queue) or call.inbox.default_queue
        if queue is None:
            _end(call, now, is_resolved=False)
            return Way(instructions=(*way.instructions[:-1], flows.HangUp()), place=way.place, answers=way.answers)
        _enqueue(call, queue, now)
    elif isinstance(last, flows.TakeMessage):
        call.queue = queue_named(last.queue) or call.queue or call.inbox.default_queue
        call.save(update_fields=["queue"])
        remember(call=call, kind=Told.VOICEMAIL, key=f"voicemail:{last.step}", arrived_at=now)
        conclude(call=call, now=now)
    elif isinstance(last, flows.KeepPlace):
        kept = ask_callback(call=call, now=now, queue=queue_named(last.queue))
        if kept is None:
            return Way(instructions=_into_the_lines_queue(call, now), place=way.place, answers=way.answers)
        conclude(call=call, now=now)
    elif isinstance(last, flows.HangUp):
        _end(call, now, is_resolved=last.is_resolved)
    elif isinstance(last, flows.CallElsewhere):
        _end(call, now, is_resolved=False)
    return way


def _into_the_lines_queue(call: Call, now: datetime) -> tuple[flows.Instruction, ...]:
    queue = call.inbox.default_queue
    if queue is None:
        _end(call, now, is_resolved=False)
        return (flows.HangUp(),)
    _enqueue(call, queue, now)
    return (flows.EnterQueue(step="", queue=str(queue.public_id), language=_language(call)),)


def _enqueue(call: Call, queue: Queue, now: datetime) -> None:
    interaction = call.interaction
    if interaction is None or (call.queue_id == queue.pk and call.state == CallState.QUEUED):
        return
    waited_in_menu = call.state == CallState.FLOW and interaction.queue_id is None
    call.queue, call.state = queue, CallState.QUEUED
    call.save(update_fields=["queue", "state"])
    if not remember(call=call, kind=Told.QUEUED, key=f"queued:{queue.pk}", arrived_at=now, queue=queue):
        return
    if not interaction.is_closed and interaction.agent_id is None:
        enqueue_interaction(interaction_id=interaction.pk, queue=queue, at=now, by=None)
    if not waited_in_menu:
        # Out of the menu the contact stands already as the call would be folded, and somebody waits on the line.
        conclude(call=call, now=now)


def _end(call: Call, now: datetime, *, is_resolved: bool) -> None:
    remember(call=call, kind=Told.FLOW_ENDED, key="flow ended", arrived_at=now, data={"is_resolved": is_resolved})
