"""Our messages on their way out: claimed by one worker, handed to their line's provider at most once by itself."""

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import DEAD_AFTER, RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.locks import holding_one_of
from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.channels.contract import Adapter, CannotAskError, Capabilities, Line, Outgoing
from interactions.channels.models import NEVER, Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.handling.letters import invited, outgoing_of
from interactions.handling.lines import has_room, may_send_now, note_failure, note_well, rests
from interactions.handling.models import Sending, SendingState
from interactions.handling.settling import Settling, settle_attempt, settle_sending, why

logger = structlog.get_logger(__name__)

MOST_ATTEMPTS: Final = 12
LONGEST_WAIT: Final = timedelta(hours=6)
# Where nobody knows what became of a message, the provider is asked so long after, and then a person decides.
LOOK_UPS: Final = (30, 120, 600, 1800)
BATCH: Final = 50
# Then others have their turn, and what is left comes with the next sweep.
LONGEST_TURN: Final = 10.0


def lines_with_due_messages(now: datetime | None = None) -> list[int]:
    """The lines that have something to send now."""
    moment = now or timezone.now()
    due = Sending.objects.filter(state=SendingState.QUEUED, due_at__lte=moment, inbox__is_active=True)
    lines = due.order_by().values_list("inbox_id", "inbox__health__retry_at").distinct()
    return sorted({number for number, until in lines if until != NEVER and not rests(until, moment)})


def send_due_messages(limit: int = BATCH) -> int:
    """Send what is due on every line, one line after the other; how many were tried."""
    return sum(send_line(inbox_id=inbox_id, limit=limit) for inbox_id in lines_with_due_messages())


def send_line(*, inbox_id: int, limit: int = BATCH) -> int:
    """Send what is due on one line, oldest first; how many were tried.

    Few workers do so at once, and none for long: a receiver that takes its time holds up no other line.
    """
    places = [f"line:{inbox_id}:{number}" for number in range(settings.CCX_LINE_SENDERS)]
    with holding_one_of(places) as has_place:
        return _send_line(inbox_id, limit) if has_place else 0


def _send_line(inbox_id: int, limit: int) -> int:
    inbox = Inbox.objects.get(pk=inbox_id)
    if not inbox.is_active:
        return 0
    until = time.monotonic() + LONGEST_TURN
    may, is_probe = may_send_now(inbox_id, timezone.now())
    if not may:
        return 0
    adapter = adapter_of(inbox)
    try:
        line = line_of(inbox)
    except SecretIsUnreadableError as error:
        note_failure(inbox, TemporaryEffectError(str(error), retry_after=60))
        return 0
    if adapter is None:
        return _refuse_all(inbox_id, limit)
    tried = 0
    capabilities = adapter.capabilities(line)
    for pk in _due(inbox_id).order_by("due_at", "pk").values_list("pk", flat=True)[: 1 if is_probe else limit]:
        if (tried and time.monotonic() > until) or not has_room(inbox_id, capabilities):
            break
        sending = claim(pk)
        if sending is None:
            continue
        tried += 1
        if not _carry_out(sending, adapter, line, capabilities):
            break
    return tried


def settle_the_silent(now: datetime | None = None) -> int:
    """Messages whose worker died while sending: perhaps sent. They are in doubt from then on; how many."""
    moment = now or timezone.now()
    silent = Sending.objects.filter(state=SendingState.SENDING, claimed_at__lt=moment - DEAD_AFTER)
    rows = silent.select_related("message__interaction").order_by("claimed_at")[:1000]
    return sum(settle_attempt(row, _in_doubt("the worker died while sending", row, moment)) for row in rows)


def look_up_the_doubtful(now: datetime | None = None, *, limit: int = 20) -> int:
    """Ask providers what became of messages whose answer was lost; how many are in doubt no more."""
    moment = now or timezone.now()
    doubtful = Sending.objects.filter(state=SendingState.UNKNOWN, look_up_at__lte=moment).order_by("look_up_at")
    rows = doubtful.select_related("message__interaction", "message__author", "inbox")
    return sum(_look_up(sending, moment) for sending in rows[:limit])


def claim(pk: int) -> Sending | None:
    """ "First worker wins": who changes the row has it; who takes the message back meanwhile has it too."""
    now = timezone.now()
    if not Sending.objects.filter(pk=pk, state=SendingState.QUEUED, due_at__lte=now).update(
        state=SendingState.SENDING, claimed_at=now, attempts=F("attempts") + 1
    ):
        return None
    return Sending.objects.select_related("message__interaction", "message__author", "inbox").get(pk=pk)


def _due(inbox_id: int) -> QuerySet[Sending]:
    """What is due, but nothing before what was written earlier to the same customer has left."""
    now = timezone.now()
    earlier = Sending.objects.filter(message__interaction=OuterRef("message__interaction"), pk__lt=OuterRef("pk"))
    holds_up = Q(state=SendingState.SENDING) | Q(state=SendingState.QUEUED, due_at__lte=now)
    holds_up |= Q(state=SendingState.QUEUED, attempts__gt=0)
    due = Sending.objects.filter(inbox_id=inbox_id, state=SendingState.QUEUED, due_at__lte=now)
    # Of one contact only the first that is due goes in a round; the next one follows in the next.
    return due.filter(~Exists(earlier.filter(holds_up)))


def _carry_out(sending: Sending, adapter: Adapter, line: Line, capabilities: Capabilities) -> bool:
    """Hand it over; whether the line may go on with the next."""
    outgoing = outgoing_of(sending)
    if problem := _too_late(sending, outgoing, capabilities):
        settle_attempt(sending, Settling(state=SendingState.FAILED, error=problem, error_code="window"))
        return True
    failpoints.reach("message.before_send")
    try:
        handed = adapter.send(line, invited(outgoing, sending.message))
    except RefusedEffectError as error:
        code = str(getattr(error, "code", "") or "")
        settle_attempt(sending, Settling(state=SendingState.FAILED, error=why(error), error_code=code))
        return True
    except TemporaryEffectError as error:
        rests_until = note_failure(sending.inbox, error)
        settle_attempt(sending, _later(sending, error, rests_until))
        return rests_until is None
    except Exception as error:
        settle_attempt(sending, _in_doubt(why(error), sending, timezone.now()))
        return True
    failpoints.reach("message.after_send")
    told = Settling(state=SendingState(handed.state), provider_id=handed.provider_id[:250], error=handed.note)
    settle_attempt(sending, told)
    note_well(sending.inbox)
    return True


def _too_late(sending: Sending, outgoing: Outgoing, capabilities: Capabilities) -> str:
    """Free words whose time is over are not sent late: their author hears of it instead."""
    window, heard = capabilities.reply_window, outgoing.last_heard_at
    if window is None or outgoing.template or not capabilities.templates:
        return ""
    if heard is not None and timezone.now() - heard <= window:
        return ""
    return _("The time in which this channel takes free words is over. Use a template, or another channel.")


def _later(sending: Sending, error: TemporaryEffectError, rests_until: datetime | None) -> Settling:
    """Again after a while, longer each time. While the whole line rests nothing of it has failed."""
    if rests_until is None and sending.attempts >= MOST_ATTEMPTS:
        return Settling(state=SendingState.FAILED, error=why(error))
    seconds = min(5.0 * 2.0 ** min(sending.attempts - 1, 16), LONGEST_WAIT.total_seconds())
    wait = timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
    due_at = rests_until if rests_until is not None else timezone.now() + wait
    if due_at == NEVER:
        due_at = timezone.now()  # the line keeps it back, and it goes with all others once somebody says so
    return Settling(state=SendingState.QUEUED, error=why(error), due_at=due_at)


def _in_doubt(error: str, sending: Sending, now: datetime) -> Settling:
    first = now + timedelta(seconds=LOOK_UPS[0])
    return Settling(state=SendingState.UNKNOWN, error=error, look_up_at=first)


def _look_up(sending: Sending, now: datetime) -> bool:
    adapter = adapter_of(sending.inbox)
    since = sending.claimed_at or now
    report = None
    try:
        if adapter is not None:
            asked = invited(outgoing_of(sending), sending.message)
            report = adapter.look_up(line_of(sending.inbox), asked, since=since)
    except CannotAskError:
        Sending.objects.filter(pk=sending.pk, state=SendingState.UNKNOWN).update(look_up_at=None)
        return False
    except Exception as error:
        logger.warning("message_not_looked_up", message_id=sending.message_id, error=why(error))
    if report is not None and settle_sending(
        message_id=sending.message_id,
        state=SendingState(report.state),
        error=report.error,
        error_code=report.error_code,
        provider_id=report.provider_id,
        at=report.at,
    ):
        return True
    waited = (now - since).total_seconds()
    following = next((step for step in LOOK_UPS if step > waited), None)
    again = since + timedelta(seconds=following) if following is not None else None
    Sending.objects.filter(pk=sending.pk, state=SendingState.UNKNOWN).update(look_up_at=again)
    return False


def _refuse_all(inbox_id: int, limit: int) -> int:
    def claimed() -> Iterator[Sending]:
        for pk in _due(inbox_id).values_list("pk", flat=True)[:limit]:
            if (sending := claim(pk)) is not None:
                yield sending

    for sending in claimed():
        settle_attempt(sending, Settling(state=SendingState.FAILED, error=_("This line cannot send.")))
    return 0
