"""Our messages on their way out: claimed by one worker, handed to the sender of their channel, settled once."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import DEAD_AFTER, RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.log import announce
from ccx.kernel.events.trouble import describe
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import Channel
from interactions.channels.contract import Report
from interactions.channels.models import Inbox
from interactions.handling.events import MessageSettled
from interactions.handling.models import SENDING_ORDER, EarlyReport, Sending, SendingState
from interactions.handling.selectors import message_senders
from interactions.handling.selectors.sending import MessageSender
from interactions.handling.services.moves import lock_interaction
from interactions.handling.services.waiting import bring_back

logger = structlog.get_logger(__name__)

MOST_ATTEMPTS = 12
LONGEST_WAIT = timedelta(hours=6)
# A failure that comes back later (a bounce) tells of what was sent, or perhaps was.
MAY_FAIL = (SendingState.SENDING, SendingState.SENT, SendingState.UNKNOWN)


def send_due_messages(limit: int = 50) -> int:
    """Send what is due, oldest first; how many were tried. Any number of workers may do so at once."""
    settle_the_silent()
    senders = message_senders()
    tried = 0
    for sending in _claim(limit):
        sender = senders.get(Channel(sending.channel))
        if sender is None:
            _settle(sending, SendingState.FAILED, error="no sender")
            continue
        _carry_out(sending, sender)
        tried += 1
    return tried


def settle_the_silent(now: datetime | None = None) -> int:
    """Messages whose worker died while sending: perhaps sent. A person sees them and decides; how many."""
    dead = (now or timezone.now()) - DEAD_AFTER
    silent = Sending.objects.filter(state=SendingState.SENDING, claimed_at__lt=dead).order_by("claimed_at")
    return sum(
        _settle(sending, SendingState.UNKNOWN, error="the worker died while sending") for sending in silent[:1000]
    )


@transaction.atomic
def settle_sending(*, message_id: int, state: SendingState, error: str = "", at: datetime | None = None) -> bool:
    """What the channel told later: delivered, read, or come back. A message's way is one way; whether it moved."""
    moment = at or timezone.now()
    _lock_interaction_of(message_id)
    sending = Sending.objects.select_for_update().filter(message_id=message_id).first()
    if sending is None or not _is_forward(SendingState(sending.state), state):
        return False
    sending.state, sending.last_error = state, error[:300]
    sending.sent_at = (sending.sent_at or moment) if state in SENDING_ORDER else None
    sending.save(update_fields=["state", "last_error", "sent_at"])
    _tell(sending, state)
    return True


@transaction.atomic
def hear_report(*, inbox: Inbox, report: Report) -> bool:
    """What a provider says about a message of ours; kept for a day where we do not know it by that name yet."""
    known = Sending.objects.filter(inbox=inbox)
    if report.recipient and not (report.provider_id or report.reference):
        return _hear_until(known.filter(recipient=report.recipient), report)
    found = known.filter(provider_id=report.provider_id).first() if report.provider_id else None
    if found is None and report.reference:
        found = known.filter(message__public_id=report.reference).first()
    if found is not None:
        state = SendingState(report.state)
        return settle_sending(message_id=found.message_id, state=state, error=report.error, at=report.at)
    EarlyReport.objects.get_or_create(
        inbox=inbox,
        provider_id=report.provider_id,
        state=SendingState(report.state),
        defaults={
            "error": report.error[:300],
            "error_code": report.error_code[:40],
            "at": report.at or timezone.now(),
        },
    )
    return False


def _hear_until(sendings: QuerySet[Sending], report: Report) -> bool:
    """A report of everything that one person was sent until then; whether any of it moved."""
    state, until = SendingState(report.state), report.at or timezone.now()
    before = [one for one, order in SENDING_ORDER.items() if order < SENDING_ORDER.get(state, 0)]
    found = sendings.filter(state__in=before, sent_at__lte=until).order_by("-pk").values_list("message_id", flat=True)
    moved = [settle_sending(message_id=one, state=state, at=until) for one in sorted(found[:100])]
    return any(moved)


def _is_forward(before: SendingState, after: SendingState) -> bool:
    if after == SendingState.FAILED:
        return before in MAY_FAIL
    if after not in SENDING_ORDER or before in {SendingState.QUEUED, SendingState.CANCELLED}:
        return False
    return SENDING_ORDER.get(before, 0) < SENDING_ORDER[after]


def _claim(limit: int) -> Iterator[Sending]:
    due = Sending.objects.filter(state=SendingState.QUEUED, due_at__lte=timezone.now())
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)[:limit]):
        # "First worker wins": who changes the row has it; who takes the message back meanwhile has it too.
        if Sending.objects.filter(pk=pk, state=SendingState.QUEUED, due_at__lte=timezone.now()).update(
            state=SendingState.SENDING, claimed_at=timezone.now(), attempts=F("attempts") + 1
        ):
            yield Sending.objects.select_related("message__interaction", "message__author", "inbox").get(pk=pk)


def _carry_out(sending: Sending, sender: MessageSender) -> None:
    failpoints.reach("message.before_send")
    try:
        sender(sending)
    except RefusedEffectError as error:
        _settle(sending, SendingState.FAILED, error=describe(error))
    except TemporaryEffectError as error:
        _try_later(sending, error)
    except Exception as error:
        _settle(sending, SendingState.UNKNOWN, error=describe(error))
    else:
        failpoints.reach("message.after_send")
        _settle(sending, SendingState.SENT)


def _try_later(sending: Sending, error: Exception) -> None:
    if sending.attempts >= MOST_ATTEMPTS:
        _settle(sending, SendingState.FAILED, error=describe(error))
        return
    seconds = min(5.0 * 2.0 ** min(sending.attempts - 1, 16), LONGEST_WAIT.total_seconds())
    wait = timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
    _settle(sending, SendingState.QUEUED, error=describe(error), due_at=timezone.now() + wait)


@transaction.atomic
def _settle(sending: Sending, state: SendingState, *, error: str = "", due_at: datetime | None = None) -> bool:
    """Move a claimed message on, unless the claim has been settled by someone else since."""
    if state in {SendingState.FAILED, SendingState.UNKNOWN}:
        logger.error("message_not_sent", message_id=sending.message_id, state=state, error=error)
    _lock_interaction_of(sending.message_id)
    claimed = Sending.objects.filter(pk=sending.pk, state=SendingState.SENDING, claimed_at=sending.claimed_at)
    changed = claimed.update(
        state=state,
        last_error=error,
        due_at=due_at or sending.due_at,
        sent_at=timezone.now() if state == SendingState.SENT else None,
    )
    if changed:
        _tell(sending, state)
    return changed == 1


def _lock_interaction_of(message_id: int) -> None:
    """First, as everywhere: who takes the message back comes the same way."""
    number = Message.objects.filter(pk=message_id).values_list("interaction_id", flat=True).first()
    if number is not None:
        lock_interaction(number)


def _tell(sending: Sending, state: SendingState) -> None:
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
