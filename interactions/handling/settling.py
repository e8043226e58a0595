"""How a message of ours moves on its way: the one place that writes a sending's state once it has left its author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.locks import wait_for_lock
from ccx.kernel.events.log import announce
from ccx.kernel.events.trouble import describe
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import Channel
from interactions.handling.events import MessageSettled
from interactions.handling.models import SENDING_ORDER, EarlyReport, Sending, SendingState
from interactions.handling.services.moves import lock_interaction
from interactions.handling.services.waiting import bring_back

logger = structlog.get_logger(__name__)

# A failure that comes back later (a bounce) tells of what was sent, or perhaps was.
MAY_FAIL = (SendingState.SENDING, SendingState.SENT, SendingState.UNKNOWN)
# Marks of a message that went on by mail: when, and in the one after which the mail is named the others in it.
MAILED_AT, CARRIES = "mailed_at", "carries"


@dataclass(frozen=True, kw_only=True)
class Settling:
    """How one attempt ended, or what was told of it later."""

    state: SendingState
    error: str = ""
    error_code: str = ""
    at: datetime | None = None
    due_at: datetime | None = None
    provider_id: str = ""
    look_up_at: datetime | None = None


@transaction.atomic
def settle_attempt(sending: Sending, settling: Settling) -> bool:
    """Move a claimed message on, unless the claim has been settled by someone else since; whether it moved."""
    if settling.state in {SendingState.FAILED, SendingState.UNKNOWN}:
        logger.error("message_not_sent", message_id=sending.message_id, state=settling.state, error=settling.error)
    lock_interaction_of(sending.message_id)
    if settling.provider_id:
        hold_name(sending.inbox_id, settling.provider_id)
    now = timezone.now()
    claimed = Sending.objects.filter(pk=sending.pk, state=SendingState.SENDING, claimed_at=sending.claimed_at)
    changed = claimed.update(
        state=settling.state,
        last_error=settling.error[:300],
        error_code=settling.error_code[:40],
        due_at=settling.due_at or sending.due_at,
        provider_id=settling.provider_id or sending.provider_id,
        look_up_at=settling.look_up_at,
        sent_at=now if settling.state in SENDING_ORDER else None,
        delivered_at=now if settling.state == SendingState.DELIVERED else None,
    )
    if not changed:
        return False
    tell_settled(sending, settling.state)
    if settling.provider_id:
        _hear_the_early(sending.message_id, sending.inbox_id, settling.provider_id)
    return True


@transaction.atomic
def settle_sending(
    *,
    message_id: int,
    state: SendingState,
    error: str = "",
    error_code: str = "",
    provider_id: str = "",
    at: datetime | None = None,
) -> bool:
    """What the channel told later: delivered, read, or come back. A message's way is one way; whether it moved.

    What is told of a mail is told of every message in it.
    """
    lock_interaction_of(message_id)
    found = Sending.objects.select_for_update(of=("self",)).select_related("message__interaction")
    sending = found.filter(message_id=message_id).first()
    if sending is None:
        return False
    for other_id in sending.message.meta.get(CARRIES, ()):
        settle_sending(message_id=other_id, state=state, error=error, error_code=error_code, at=at)
    told = Settling(state=state, error=error, error_code=error_code, provider_id=provider_id, at=at)
    return _move(sending, told)


@transaction.atomic
def note_mailed(*, message_ids: Sequence[int], line_id: int, provider_id: str) -> None:
    """Messages that had been sent went on by mail, all in one that is named after the last of them."""
    *others, last = message_ids
    lock_interaction_of(last)
    hold_name(line_id, provider_id)
    for message in Message.objects.select_for_update().filter(pk__in=message_ids):
        message.meta |= {MAILED_AT: timezone.now().isoformat()} | ({CARRIES: others} if message.pk == last else {})
        message.save(update_fields=["meta"])
    if provider_id:
        Sending.objects.filter(message_id=last).update(provider_id=provider_id[:250])
        _hear_the_early(last, line_id, provider_id)


def hold_name(inbox_id: int, provider_id: str) -> None:
    """Reports and the answer to sending may come at once: who reads or writes a provider's name waits in line."""
    wait_for_lock(f"sending:{inbox_id}:{provider_id}")


def lock_interaction_of(message_id: int) -> None:
    """First, as everywhere: who takes the message back comes the same way."""
    number = Message.objects.filter(pk=message_id).values_list("interaction_id", flat=True).first()
    if number is not None:
        lock_interaction(number)


def tell_settled(sending: Sending, state: SendingState) -> None:
    """Announce it. What did not reach the customer is the agent's turn again, so a pending contact comes back."""
    now = timezone.now()
    interaction = sending.message.interaction
    event = MessageSettled(
        message_id=sending.message_id,
        state=state.value,
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=sending.message.author_id,
    )
    announce(event, at=now)
    if state in {SendingState.FAILED, SendingState.UNKNOWN}:
        locked = Interaction.objects.get(pk=interaction.pk)
        if locked.status == InteractionStatus.PENDING:
            bring_back(locked, "not_sent", by=None, at=now)


def _move(sending: Sending, settling: Settling) -> bool:
    state, moment = settling.state, settling.at or timezone.now()
    if not is_forward(SendingState(sending.state), state) and not _comes_back(sending, state, moment):
        return False
    sending.state, sending.look_up_at = state, None
    sending.last_error, sending.error_code = settling.error[:300], settling.error_code[:40]
    sending.provider_id = sending.provider_id or settling.provider_id
    sending.sent_at = (sending.sent_at or moment) if state in SENDING_ORDER else None
    if state == SendingState.FAILED:
        sending.delivered_at = None
    if state in {SendingState.DELIVERED, SendingState.READ}:
        sending.delivered_at = sending.delivered_at or moment
    if state == SendingState.READ:
        sending.read_at = moment
    sending.save(
        update_fields=[
            *("state", "look_up_at", "last_error", "error_code", "provider_id", "sent_at", "delivered_at", "read_at")
        ]
    )
    tell_settled(sending, state)
    return True


def why(error: Exception) -> str:
    """What an agent is told: what adapters and servers say was wrong; of anything else only its kind."""
    if isinstance(error, TemporaryEffectError | RefusedEffectError | OutcomeIsUnknownError) and str(error):
        return str(error)[:300]
    return describe(error)


def is_forward(before: SendingState, after: SendingState) -> bool:
    """Whether a report may move a message so: on, or to failed where that is still to be believed."""
    if after == SendingState.FAILED:
        return before in MAY_FAIL
    if after not in SENDING_ORDER or before in {SendingState.QUEUED, SendingState.CANCELLED}:
        return False
    return SENDING_ORDER.get(before, 0) < SENDING_ORDER[after]


def _comes_back(sending: Sending, state: SendingState, moment: datetime) -> bool:
    """A mail may bounce after a server took it; nothing that was seen does, and what is older news is none."""
    is_mail = sending.channel == Channel.EMAIL or MAILED_AT in sending.message.meta
    if not is_mail or state != SendingState.FAILED or sending.state != SendingState.DELIVERED:
        return False
    return sending.delivered_at is None or moment >= sending.delivered_at


def _hear_the_early(message_id: int, inbox_id: int, provider_id: str) -> None:
    """What was said of it before we knew its name."""
    early = EarlyReport.objects.filter(inbox_id=inbox_id, provider_id=provider_id)
    for report in early.order_by("at", "pk"):
        settle_sending(
            message_id=message_id,
            state=SendingState(report.state),
            error=report.error,
            error_code=report.error_code,
            at=report.at,
        )
    early.delete()
