"""What follows from how a call stands: who has it, whether it waits again, how its contact ends."""

from datetime import datetime, timedelta

from ccx.kernel.models import User
from interactions.calls.models import Call, CallLeg, Recording
from interactions.calls.segments import Folded
from interactions.calls.services.callbacks import note_attempt
from interactions.calls.services.ordering import DOING, OWED, PREFIX, order, takes_orders
from interactions.cases.choices import Direction, InteractionStatus, Outcome
from interactions.cases.models import Interaction
from interactions.channels.voice.told import Told
from interactions.handling.services import (
    CallEnd,
    accept_interaction,
    end_call,
    enqueue_interaction,
    hand_over,
    return_to_queue,
    transfer_interaction,
)
from interactions.routing.models import Queue

# Ends of a leg after which it may still be told that somebody talked in it.
MAY_HAVE_TALKED = frozenset({"completed", ""})
LOST_AFTER = timedelta(seconds=3)


def settle(*, call: Call, found: Folded, now: datetime, is_final: bool) -> bool:
    """Bring the contact to where its call is; False: it is over, and how is not sure yet."""
    if call.interaction_id is None:
        return True
    interaction = Interaction.objects.get(pk=call.interaction_id)
    if interaction.is_closed:
        return True
    if found.ended_at is not None:
        return _end(call, interaction, found, is_final=is_final)
    if takes_orders(call):
        _bring_back_the_lost(call, interaction, found, now)
    else:
        _follow_the_telephone(call, interaction, found, now)
    return True


def _end(call: Call, interaction: Interaction, found: Folded, *, is_final: bool) -> bool:
    answered = found.answered_at is not None
    may_have_been = found.end_reason in MAY_HAVE_TALKED and _somebody_was_dialled(call)
    if interaction.status == InteractionStatus.ACTIVE and not answered and not is_final and may_have_been:
        return False
    if found.place == Told.VOICEMAIL and not is_final and not call.recordings.exists():
        return False
    outcome, is_resolved = _outcome(call)
    end = CallEnd(
        at=found.ended_at or call.heard_at,
        was_answered=answered,
        leaves_work=_left_a_message(call),
        queue=call.queue or call.inbox.default_queue,
        outcome=outcome,
        is_resolved=is_resolved,
    )
    if not answered and interaction.status == InteractionStatus.ACTIVE and end.leaves_work:
        return True
    end_call(interaction_id=interaction.pk, end=end)
    note_attempt(call=call, was_reached=answered, now=found.ended_at or call.heard_at)
    for leg in call.legs.filter(ended_at__isnull=True, kind=CallLeg.Kind.AGENT):
        order(call, "end_leg", key=f"over:{leg.provider_id}", leg=leg.provider_id)
    return True


def _somebody_was_dialled(call: Call) -> bool:
    return call.events.filter(kind=f"{PREFIX}dial_agent").exists() or call.legs.filter(kind=CallLeg.Kind.AGENT).exists()


def _left_a_message(call: Call) -> bool:
    return call.recordings.filter(kind=Recording.Kind.VOICEMAIL).exclude(state=Recording.State.LOST).exists()


def _outcome(call: Call) -> tuple[Outcome, bool | None]:
    """What the menu says of a caller whom nobody answered; else they hung up."""
    ended = call.events.filter(kind=Told.FLOW_ENDED).order_by("pk").first()
    if ended is None:
        return Outcome.ABANDONED, None
    if ended.data.get("is_resolved"):
        return Outcome.SELF_SERVED, True
    return Outcome.FLOW_OUT, None


def _bring_back_the_lost(call: Call, interaction: Interaction, found: Folded, now: datetime) -> None:
    """An agent whose leg is gone has no customer any more: a lost browser must not lose them."""
    if interaction.status != InteractionStatus.ACTIVE or found.is_talking or found.agents or found.ringing:
        return
    if call.events.filter(kind__startswith=PREFIX, data__state__in=[OWED, DOING]).exists():
        return
    legs = call.legs.filter(kind=CallLeg.Kind.AGENT, agent=interaction.agent)
    if not legs.exists() or legs.filter(ended_at__isnull=True).exists():
        return
    # The customer may have hung up in the same moment, and that is told next.
    if call.heard_at > now - LOST_AFTER:
        return
    if call.direction == Direction.OUTBOUND:
        order(call, "end_all", key="agent lost")
        return
    return_to_queue(interaction_id=interaction.pk, at=now)


def _follow_the_telephone(call: Call, interaction: Interaction, found: Folded, now: datetime) -> None:
    """Where the telephone says who does what, the desk follows."""
    if found.is_talking and len(found.agents) == 1:
        (agent_id,) = found.agents
        if interaction.status == InteractionStatus.WAITING and interaction.agent_id in {None, agent_id}:
            agent = User.objects.get(pk=agent_id)
            accept_interaction(interaction_id=interaction.pk, agent=agent, by=None, at=now)
        elif interaction.status == InteractionStatus.ACTIVE and interaction.agent_id != agent_id:
            agent = User.objects.get(pk=agent_id)
            hand_over(interaction_id=interaction.pk, to_agent=agent, at=now, by=None)
        return
    if not found.agents and not found.is_talking:
        _wait_where_told(call, interaction, found, now)


def _wait_where_told(call: Call, interaction: Interaction, found: Folded, now: datetime) -> None:
    last = call.events.filter(kind__in=[Told.QUEUED, Told.TRANSFERRED]).order_by("-arrived_at", "-pk").first()
    queue_id = last.data.get("queue_id") if last is not None else None
    if last is None or queue_id is None:
        return
    queue = Queue.objects.get(pk=queue_id)
    if interaction.status == InteractionStatus.WAITING:
        enqueue_interaction(interaction_id=interaction.pk, queue=queue, at=now, by=None)
    elif interaction.status == InteractionStatus.ACTIVE and last.kind == Told.TRANSFERRED:
        transfer_interaction(interaction_id=interaction.pk, to_queue=queue, at=None, by=None)
