"""What the desk did with a contact whose call runs, followed from the log: the telephone is told to do the same."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from ccx.kernel.errors import DomainError
from ccx.kernel.events.models import EventRow
from ccx.kernel.models import User
from interactions.calls.models import Call, CallLeg
from interactions.calls.segments import Folded
from interactions.calls.services.callbacks import note_closed, put_back
from interactions.calls.services.calling import call_for_callback
from interactions.calls.services.folding import folded, remember
from interactions.calls.services.hearing import conclude
from interactions.calls.services.ordering import PREFIX, order, takes_orders
from interactions.cases.choices import InteractionStatus
from interactions.cases.events import InteractionClosed
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.voice.told import Told

logger = structlog.get_logger(__name__)


def follow_desk(events: Sequence[EventRow]) -> None:
    """Let the telephone do what the desk did. Safe to be told twice: each order bears the event's number."""
    told = {event.interaction_id for event in events if event.interaction_id is not None}
    voice = set(Interaction.objects.filter(pk__in=told, channel=Channel.VOICE).values_list("pk", flat=True))
    for event in events:
        if event.interaction_id in voice:
            _follow(event)


def _follow(event: EventRow) -> None:
    what = "closed" if event.kind == InteractionClosed.kind else str(event.data.get("what", ""))
    if what not in FOLLOWED or event.interaction_id is None:
        return
    calls = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox", "interaction__queue")
    call = calls.filter(interaction=event.interaction_id, ended_at__isnull=True).order_by("-pk").first()
    if call is None:
        if what == "answered" and event.agent_id is not None:
            _call_back(event.interaction_id, event.agent_id, event.occurred_at)
        elif what == "closed":
            note_closed(interaction_id=event.interaction_id)
        return
    if not takes_orders(call):
        if what == "closed":
            conclude(call=call, now=event.occurred_at)
        return
    FOLLOWED[what](call, event, folded(call))
    conclude(call=call, now=event.occurred_at)


def _call_back(interaction_id: int, agent_id: int, now: datetime) -> None:
    """Somebody took a callback. If it cannot be made it waits again; other calls do not wait for it."""
    try:
        call_for_callback(interaction_id=interaction_id, agent=User.objects.get(pk=agent_id))
    except DomainError as refused:
        logger.warning("callback_put_back", interaction_id=interaction_id, why=refused.code)
        put_back(interaction_id=interaction_id, now=now)


def _answered(call: Call, event: EventRow, found: Folded) -> None:
    """Bring the agent and the customer into one room."""
    if found.ended_at is not None or event.agent_id is None or event.agent_id in found.agents | found.ringing:
        return
    interaction = call.interaction
    if interaction is None or interaction.status != InteractionStatus.ACTIVE:
        return
    order(call, "to_room", key=f"log:{event.pk}")
    order(call, "dial_agent", key=f"log:{event.pk}", agent_id=event.agent_id, role="agent")


def _transferred(call: Call, event: EventRow, found: Folded) -> None:
    """Away from who had the customer; they wait, in the queue or for the colleague chosen."""
    interaction = call.interaction
    if interaction is None or interaction.status != InteractionStatus.WAITING:
        return
    key, at = f"log:{event.pk}", event.occurred_at
    kind = Told.TRANSFERRED if found.agents or found.is_talking else Told.QUEUED
    if event.agent_id is not None:
        kind = Told.TRANSFERRED if kind == Told.TRANSFERRED else Told.RINGS_FOR
        remember(call=call, kind=kind, key=key, arrived_at=at, agent_id=event.agent_id, is_ours=True)
    else:
        remember(call=call, kind=kind, key=key, arrived_at=at, queue=interaction.queue, is_ours=True)
    call.queue = interaction.queue
    call.save(update_fields=["queue"])
    _send_back(call, key, found)


def _returned(call: Call, event: EventRow, found: Folded) -> None:
    """Nobody took it, or who did is gone: it waits for anybody."""
    interaction = call.interaction
    if interaction is None or interaction.status != InteractionStatus.WAITING:
        return
    key, at = f"log:{event.pk}", event.occurred_at
    remember(call=call, kind=Told.QUEUED, key=key, arrived_at=at, queue=interaction.queue, is_ours=True)
    _send_back(call, key, found)


def _held(call: Call, event: EventRow, found: Folded) -> None:
    key = f"log:{event.pk}"
    remember(call=call, kind=Told.DESK_HELD, key=key, arrived_at=event.occurred_at, is_ours=True)
    order(call, "hold", key=key)


def _resumed(call: Call, event: EventRow, found: Folded) -> None:
    key = f"log:{event.pk}"
    remember(call=call, kind=Told.DESK_RESUMED, key=key, arrived_at=event.occurred_at, is_ours=True)
    order(call, "resume", key=key)


def _over(call: Call, event: EventRow, found: Folded) -> None:
    """Who wraps up, or closes the contact, has hung up."""
    if found.ended_at is not None or call.events.filter(kind=Told.CALLBACK).exists():
        return
    if not call.ended_by:
        call.ended_by = "agent"
        call.save(update_fields=["ended_by"])
    order(call, "end_all", key="desk")


def _send_back(call: Call, key: str, found: Folded) -> None:
    """The customer into the queue, where they were brought out of it; everybody else out of the call."""
    if found.is_in_room or call.events.filter(kind=f"{PREFIX}to_room").exists():
        order(call, "to_queue", key=key)
    for leg in call.legs.exclude(kind=CallLeg.Kind.CUSTOMER).filter(ended_at__isnull=True):
        order(call, "end_leg", key=f"{key}:{leg.provider_id}", leg=leg.provider_id)


FOLLOWED = {
    "answered": _answered,
    "transferred": _transferred,
    "returned": _returned,
    "held": _held,
    "resumed": _resumed,
    "wrapping_up": _over,
    "closed": _over,
}
