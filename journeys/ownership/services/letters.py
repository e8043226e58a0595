"""Weekly letters to owners: one row an owner and week, claimed by one worker, sent, settled. Never twice.

A worker that dies in between leaves "perhaps sent", and nobody sends that letter again: next week brings another.
"""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.trouble import describe
from ccx.kernel.mail import deliver
from journeys.ownership.letters import Letter, week_before, written_for
from journeys.ownership.models import OwnerLetter
from journeys.ownership.services.access import owned_reasons

logger = structlog.get_logger(__name__)

State = OwnerLetter.State
HOUR: Final = 7
DEAD_AFTER: Final = timedelta(minutes=5)
TRY_AGAIN_AFTER: Final = timedelta(minutes=15)
MAX_ATTEMPTS: Final = 12


def queue_letters(*, week: date) -> int:
    """A letter about this week for everyone who answers for a reason, unless it is there already; how many are new."""
    before = OwnerLetter.objects.filter(week=week).count()
    rows = [OwnerLetter(owner_id=owner_id, week=week) for owner_id in sorted(owned_reasons())]
    OwnerLetter.objects.bulk_create(rows, ignore_conflicts=True)
    return OwnerLetter.objects.filter(week=week).count() - before


def queue_letters_when_due(now: datetime | None = None) -> int:
    """On Mondays from seven on, where the centre is, the letters about the week before. A late scheduler has a day."""
    local = (now or timezone.now()).astimezone(ZoneInfo(settings.TIME_ZONE))
    monday = (local - timedelta(hours=HOUR)).date()
    return queue_letters(week=week_before(monday)) if monday.weekday() == 0 else 0


def send_due_letters(limit: int = 100) -> int:
    """Send what is queued; how many were tried. Any number of workers may do so at once."""
    settle_silent_letters()
    due = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - TRY_AGAIN_AFTER)
    tried = 0
    for pk in OwnerLetter.objects.filter(due, state=State.QUEUED).order_by("pk").values_list("pk", flat=True)[:limit]:
        moment = timezone.now()
        # "First worker wins": who changes the row has it.
        if OwnerLetter.objects.filter(pk=pk, state=State.QUEUED).update(
            state=State.SENDING, claimed_at=moment, attempts=F("attempts") + 1
        ):
            _carry_out(OwnerLetter.objects.select_related("owner").get(pk=pk))
            tried += 1
    return tried


def settle_silent_letters(now: datetime | None = None) -> int:
    """Letters whose worker died while sending: perhaps sent, and never sent again."""
    silent = OwnerLetter.objects.filter(state=State.SENDING, claimed_at__lt=(now or timezone.now()) - DEAD_AFTER)
    return silent.update(state=State.UNKNOWN, last_error="the worker died while sending")


def _carry_out(row: OwnerLetter) -> None:
    reasons = owned_reasons().get(row.owner_id)
    if not reasons:
        _settle(row, State.FAILED, error="answers for nothing any more")
        return
    try:
        letter = written_for(row.owner, week=row.week, reason_ids=frozenset(reasons))
    except Exception as error:  # nothing has left yet: it may be written again
        _try_later(row, error)
        return
    failpoints.reach("owner_letter.before_send")
    _send(row, letter)


def _send(row: OwnerLetter, letter: Letter) -> None:
    try:
        deliver(
            to=row.owner.email,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=letter.language,
            key=f"owner-letter:{row.owner.public_id}:{row.week}",
        )
    except RefusedEffectError as error:
        _settle(row, State.FAILED, error=describe(error))
    except TemporaryEffectError as error:
        _try_later(row, error)
    except Exception as error:  # nobody knows what became of it
        _settle(row, State.UNKNOWN, error=describe(error))
    else:
        failpoints.reach("owner_letter.after_send")
        _settle(row, State.SENT)


def _try_later(row: OwnerLetter, error: Exception) -> None:
    _settle(row, State.QUEUED if row.attempts < MAX_ATTEMPTS else State.FAILED, error=describe(error))


def _settle(row: OwnerLetter, state: State, *, error: str = "") -> None:
    """Move it on, unless the claim has been settled by somebody else since."""
    if state in {State.FAILED, State.UNKNOWN}:
        logger.warning("owner_letter_not_sent", letter_id=row.pk, state=state, error=error)
    held = OwnerLetter.objects.filter(pk=row.pk, state=State.SENDING, claimed_at=row.claimed_at)
    held.update(state=state, last_error=error[:300], sent_at=timezone.now() if state == State.SENT else None)
