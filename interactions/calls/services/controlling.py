"""What an agent does with a call: hold, pass on, bring somebody in, hang up. The contact changes at once, the
telephone as soon as a worker has told it."""

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.calls.errors import CannotBeControlledError, NobodyToConsultError, NoCallError
from interactions.calls.models import Call, CallLeg
from interactions.calls.selectors import dialling
from interactions.calls.services.folding import remember
from interactions.calls.services.ordering import order, takes_orders
from interactions.channels.voice.told import Told
from interactions.handling.services import (
    hand_over,
    hold_interaction,
    resume_interaction,
    transfer_interaction,
)
from interactions.routing.models import Queue


def the_call(*, interaction_id: int) -> Call:
    """The running call of a contact, locked. Raises NoCallError or CannotBeControlledError."""
    calls = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox")
    call = calls.filter(interaction=interaction_id, ended_at__isnull=True).order_by("-started_at", "-pk").first()
    if call is None:
        raise NoCallError(interaction_id=interaction_id)
    if not takes_orders(call):
        raise CannotBeControlledError(interaction_id=interaction_id)
    return call


@transaction.atomic
def hold_call(*, interaction_id: int, by: User) -> Call:
    """The customer hears music. Holding twice is a no-op."""
    call = the_call(interaction_id=interaction_id)
    hold_interaction(interaction_id=interaction_id, by=by)
    return call


@transaction.atomic
def resume_call(*, interaction_id: int, by: User) -> Call:
    """The customer is back. Resuming what is not held is a no-op."""
    call = the_call(interaction_id=interaction_id)
    resume_interaction(interaction_id=interaction_id, by=by)
    return call


@transaction.atomic
def hang_up(*, interaction_id: int, by: User) -> Call:
    """End the call for everybody in it."""
    call = the_call(interaction_id=interaction_id)
    call.ended_by = "agent"
    call.save(update_fields=["ended_by"])
    order(call, "end_all", key="hang up")
    return call


@transaction.atomic
def transfer_call(
    *, interaction_id: int, by: User, to_queue: Queue | None = None, to_agent: User | None = None, note: str = ""
) -> Call:
    """Pass the customer on without a word to who takes them: to a queue, or to one colleague."""
    call = the_call(interaction_id=interaction_id)
    transfer_interaction(interaction_id=interaction_id, to_queue=to_queue, to_agent=to_agent, note=note, by=by)
    return call


@transaction.atomic
def consult(*, interaction_id: int, by: User, agent: User | None = None, number: str = "") -> Call:
    """Ask somebody before passing on: the customer is held, and a colleague or a number is called into the room."""
    call = the_call(interaction_id=interaction_id)
    if (agent is None) == (not number):
        raise NobodyToConsultError
    stamp = timezone.now().isoformat()
    if agent is not None:
        if agent.pk == by.pk or call.legs.filter(agent=agent, ended_at__isnull=True).exists():
            raise NobodyToConsultError
        hold_interaction(interaction_id=interaction_id, by=by)
        order(call, "dial_agent", key=f"consult:{agent.pk}:{stamp}", agent_id=agent.pk, role="agent")
        return call
    allowed = dialling.allowed_number(call.inbox, number)
    hold_interaction(interaction_id=interaction_id, by=by)
    order(call, "dial_number", key=f"consult:{stamp}", number=allowed)
    return call


@transaction.atomic
def complete_transfer(*, interaction_id: int, by: User) -> Call:
    """The colleague who was asked goes on alone with the customer."""
    call = the_call(interaction_id=interaction_id)
    other = _asked(call, by)
    if other.agent is None:
        raise NobodyToConsultError
    resume_interaction(interaction_id=interaction_id, by=by)
    now = timezone.now()
    remember(
        call=call, kind=Told.TRANSFERRED, key=f"handed over:{other.provider_id}", arrived_at=now,
        agent_id=other.agent.pk, is_ours=True,
    )  # fmt: skip
    hand_over(interaction_id=interaction_id, to_agent=other.agent, at=now, by=by)
    for leg in call.legs.filter(agent=by, ended_at__isnull=True):
        order(call, "end_leg", key=f"handed over:{leg.provider_id}", leg=leg.provider_id)
    return call


@transaction.atomic
def cancel_consult(*, interaction_id: int, by: User) -> Call:
    """Back to the customer without who was asked."""
    call = the_call(interaction_id=interaction_id)
    others = call.legs.exclude(kind=CallLeg.Kind.CUSTOMER).exclude(agent=by).filter(ended_at__isnull=True)
    for leg in others:
        order(call, "end_leg", key=f"not consulted:{leg.provider_id}", leg=leg.provider_id)
    resume_interaction(interaction_id=interaction_id, by=by)
    return call


@transaction.atomic
def join_all(*, interaction_id: int, by: User) -> Call:
    """The customer, we and who was asked, all in one room."""
    call = the_call(interaction_id=interaction_id)
    _asked(call, by)
    resume_interaction(interaction_id=interaction_id, by=by)
    return call


def _asked(call: Call, by: User) -> CallLeg:
    others = call.legs.exclude(kind=CallLeg.Kind.CUSTOMER).exclude(agent=by).filter(ended_at__isnull=True)
    leg = others.filter(answered_at__isnull=False).order_by("-started_at").first()
    if leg is None:
        raise NobodyToConsultError
    return leg
