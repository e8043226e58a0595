"""What is told of calls is kept, folded, and drawn consequences from, whatever its order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from ccx.kernel.models import User
from interactions.calls.models import Call, CallEvent, CallLeg
from interactions.calls.segments import CUSTOMER, Folded
from interactions.calls.selectors import line_consents
from interactions.calls.selectors.dialling import pairs_of
from interactions.calls.services.beginning import begin_call
from interactions.calls.services.folding import refold, remember, state_of
from interactions.calls.services.ordering import order
from interactions.calls.services.recordings import hear_recording, tell_pages
from interactions.calls.services.settling import settle
from interactions.cases.choices import Direction
from interactions.channels.models import Inbox
from interactions.channels.voice.told import CallTold, Told
from interactions.routing.models import Queue

AGENT = "agent-"


@transaction.atomic
def hear(*, inbox: Inbox, told: Iterable[CallTold], arrived_at: datetime) -> list[Call]:
    """Take in what was told; the calls it was about. Told again it changes nothing."""
    calls: dict[int, Call] = {}
    changed: set[int] = set()
    for one in told:
        call = _call_of(inbox, one, arrived_at)
        if call is None:
            continue
        calls[call.pk] = call
        if _keep(call, one, arrived_at):
            _note(call, one, arrived_at)
            if not _is_as_intake_left_it(call, one):
                changed.add(call.pk)
    for call in calls.values():
        if call.pk in changed:
            conclude(call=call, now=arrived_at)
    return list(calls.values())


def _is_as_intake_left_it(call: Call, told: CallTold) -> bool:
    """A call that begins in a menu stands already as it would be folded; somebody is on the line and waits."""
    begins = told.kind == Told.BEGAN and call.inbox.flow_id is not None and call.direction == Direction.INBOUND
    return begins and not call.events.exclude(key=told.key[:200]).exists()


@transaction.atomic
def hear_event(*, inbox: Inbox, told: CallTold, arrived_at: datetime) -> Call | None:
    """The same for one thing."""
    calls = hear(inbox=inbox, told=[told], arrived_at=arrived_at)
    return calls[0] if calls else None


def conclude(*, call: Call, now: datetime, is_final: bool = False) -> Folded:
    """Fold a locked call anew and let what follows from that follow. `is_final`: nothing more is waited for."""
    found = refold(call=call)
    fields: dict[str, Any] = {"state": state_of(found), "ended_at": found.ended_at, "answered_at": found.answered_at}
    fields["ended_by"] = found.ended_by or call.ended_by
    if found.started_at is not None:
        fields["started_at"] = found.started_at
    is_settled = settle(call=call, found=found, now=now, is_final=is_final)
    if not is_settled and found.ended_at is not None:
        # Whoever answered may still be told of: it stays open until then, or until the sweep.
        fields |= {"state": call.state, "ended_at": None}
    for name, value in fields.items():
        setattr(call, name, value)
    call.save(update_fields=list(fields))
    tell_pages(call)
    return found


def _call_of(inbox: Inbox, told: CallTold, arrived_at: datetime) -> Call | None:
    if told.call:
        try:
            public_id = UUID(told.call)
        except ValueError:
            return None
        calls = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox")
        return calls.filter(inbox=inbox, public_id=public_id).first()
    if not told.call_id:
        return None
    return begin_call(inbox=inbox, told=told, arrived_at=arrived_at)


def _keep(call: Call, told: CallTold, arrived_at: datetime) -> bool:
    agent = agent_named(call.inbox, told.agent) if told.agent else None
    data: dict[str, Any] = {name: value for name, value in told.data.items() if value not in {"", None}}
    queue = queue_named(str(told.data.get("queue") or ""))
    if queue is not None:
        data["queue_id"] = queue.pk
    if told.agent and agent is None:
        data["named"] = told.agent[:120]
    _event, is_new = CallEvent.objects.get_or_create(
        call=call,
        key=told.key[:200],
        defaults={
            "kind": told.kind.value,
            "leg_id_told": told.leg[:120],
            "agent": agent,
            "number": told.number,
            "provider_at": told.at,
            "arrived_at": arrived_at,
            "data": data,
        },
    )
    if arrived_at > call.heard_at:
        call.heard_at = arrived_at
        call.save(update_fields=["heard_at"])
    if is_new and told.kind == Told.BEGAN and call.interaction_id is not None and call.inbox.flow_id is None:
        queue = queue or call.queue
        if queue is not None:
            moment = told.at or arrived_at
            _queued(call, queue, moment, told.at)
    return is_new


def _queued(call: Call, queue: Queue, arrived_at: datetime, provider_at: datetime | None) -> None:
    if remember(call=call, kind=Told.QUEUED, key="queued:began", arrived_at=arrived_at, queue=queue):
        CallEvent.objects.filter(call=call, key="queued:began").update(provider_at=provider_at)


def _note(call: Call, told: CallTold, arrived_at: datetime) -> None:
    """What a thing told says beside the times: rooms, legs, recordings."""
    if told.kind == Told.RECORDING:
        hear_recording(call=call, told=told, now=arrived_at)
        return
    room = str(told.data.get("room", ""))
    if room and call.conference != room:
        call.conference = room[:120]
        call.save(update_fields=["conference"])
    if told.leg:
        _note_leg(call, told, arrived_at)
    if told.kind == Told.JOINED:
        _begin_together(call, told)


def _begin_together(call: Call, told: CallTold) -> None:
    """With the agent there the customer is called, where we call; and what is always recorded is recorded."""
    is_agents = told.leg != call.provider_id and told.data.get("role") != CUSTOMER
    if not is_agents:
        return
    if call.answers.get("_dial"):
        order(call, "dial_customer", key="once", number=call.answers["_dial"])
    elif call.inbox.settings.get("recording") == "always" and line_consents(call.inbox):
        order(call, "record", key="always")


def _note_leg(call: Call, told: CallTold, arrived_at: datetime) -> None:
    is_customer = told.leg == call.provider_id or told.data.get("role") == CUSTOMER
    agent = agent_named(call.inbox, told.agent) if told.agent else None
    moment = told.at or arrived_at
    leg, is_new = CallLeg.objects.get_or_create(
        call=call,
        provider_id=told.leg[:120],
        defaults={
            "kind": CallLeg.Kind.CUSTOMER if is_customer
            else CallLeg.Kind.AGENT if told.agent or told.data.get("role") == "agent" else CallLeg.Kind.OTHER,
            "agent": agent,
            "started_at": moment,
        },
    )  # fmt: skip
    if is_new and told.kind in {Told.BEGAN, Told.DIALLED}:
        return
    if told.kind in {Told.ANSWERED, Told.JOINED}:
        leg.answered_at = min(leg.answered_at or moment, moment)
    if told.kind in {Told.HELD, Told.RESUMED}:
        leg.is_held = told.kind == Told.HELD
    if told.kind == Told.LEG_ENDED:
        leg.ended_at, leg.end_reason = moment, str(told.data.get("reason", ""))[:20]
    leg.started_at = min(leg.started_at, moment)
    leg.save(update_fields=["answered_at", "is_held", "ended_at", "end_reason", "started_at"])


def agent_named(inbox: Inbox, name: str) -> User | None:
    """An agent by our own id of them, by e-mail, or by an extension that the line's settings know."""
    if name.startswith(AGENT):
        try:
            return User.objects.filter(public_id=UUID(name.removeprefix(AGENT))).first()
        except ValueError:
            return None
    email = pairs_of(inbox.settings.get("extensions")).get(name, name)
    return User.objects.filter(email__iexact=email, is_active=True).first()


def queue_named(name: str) -> Queue | None:
    """A queue by its public id or its name."""
    if not name:
        return None
    try:
        return Queue.objects.filter(public_id=UUID(name), is_active=True).first()
    except ValueError:
        return Queue.objects.filter(name__iexact=name, is_active=True).first()
