"""How lines stand with their providers, and what that means for what waits to be sent."""

import random
import smtplib
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from ccx.kernel.access.rates import Rate, take
from ccx.kernel.events.effects import CredentialsRefusedError, ReceiverIsGoneError, TemporaryEffectError
from ccx.kernel.events.log import announce
from interactions.channels.contract import Adapter, Capabilities
from interactions.channels.models import NEVER, Inbox, LineHealth, LineState
from interactions.channels.registry import adapter_of
from interactions.handling.events import GIVEN_UP, LineChanged
from interactions.handling.settling import why

# So many failures in a row, and the line is down: its messages wait, and one of them at a time tries again.
DOWN_AFTER: Final = 3
FIRST_WAIT: Final = 15.0
LONGEST_WAIT: Final = 600.0
# Nobody mends a password within seconds, and many tries lock an account.
REFUSED_WAIT: Final = 300.0
WELL_AGAIN: Final = timedelta(minutes=1)
SERVICE_CLOSING: Final = 421


def may_send_now(inbox_id: int, now: datetime) -> tuple[bool, bool]:
    """Whether a line may send now, and whether only one message, to see if it works again."""
    health = LineHealth.objects.filter(pk=inbox_id).first()
    if health is None:
        return True, False
    if health.is_given_up or rests(health.retry_at, now):
        return False, False
    return True, health.state != LineState.WELL


def rests(until: datetime | None, now: datetime) -> bool:
    """Whether a line is left alone until then. No pause is that long if the clock was not set back meanwhile."""
    return until is not None and now < until <= now + timedelta(seconds=LONGEST_WAIT)


def has_room(inbox_id: int, capabilities: Capabilities) -> bool:
    """Count one message against what the provider takes of this line in a second."""
    if capabilities.per_second is None:
        return True
    per_minute = max(1, int(capabilities.per_second * 60))
    rate = Rate(name="line", per_minute=per_minute, burst=max(1, int(capabilities.per_second)))
    return take(bucket=str(inbox_id), rate=rate).is_allowed


@transaction.atomic
def note_well(inbox: Inbox) -> None:
    """The provider did what it was asked."""
    now = timezone.now()
    found = LineHealth.objects.select_for_update().filter(pk=inbox.pk).first()
    if found is None:
        LineHealth.objects.get_or_create(inbox=inbox, defaults={"since": now, "well_at": now})
        return
    if found.state == LineState.WELL and not found.failures and found.well_at and now - found.well_at < WELL_AGAIN:
        return
    was = found.state
    found.state, found.failures, found.retry_at, found.well_at = LineState.WELL, 0, None, now
    if was != LineState.WELL:
        found.since, found.last_error = now, ""
    found.save()
    if was != LineState.WELL:
        _tell(inbox, LineState.WELL)


@transaction.atomic
def note_failure(inbox: Inbox, error: TemporaryEffectError) -> datetime | None:
    """The provider did not do it; until when the line rests, or None if it may go on at once; NEVER: a person decides.

    What the server of one recipient said (a greylist, a full mailbox) is no failure of the line. A provider that names
    a time is left alone for it.
    """
    now = timezone.now()
    if not _is_of_the_line(error):
        return None
    adapter = adapter_of(inbox)
    LineHealth.objects.get_or_create(inbox=inbox, defaults={"since": now})
    found = LineHealth.objects.select_for_update().get(pk=inbox.pk)
    was = found.state
    found.last_error = why(error)
    if isinstance(error, CredentialsRefusedError):
        found.state, found.failures, wait = LineState.REFUSED, found.failures + 1, REFUSED_WAIT
    elif error.retry_after is not None:
        wait = min(max(error.retry_after, 1.0), LONGEST_WAIT)
    else:
        found.failures += 1
        beyond = found.failures - DOWN_AFTER
        if beyond >= 0 and found.state != LineState.REFUSED:
            found.state = LineState.DOWN
        spread = random.uniform(0.7, 1.0)  # noqa: S311 - spreading, not secrecy
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(beyond, 10)) * spread if beyond >= 0 else 0.0
    found.retry_at = now + timedelta(seconds=wait) if wait else None
    if found.state != was:
        found.since = now
    if isinstance(error, ReceiverIsGoneError) or _is_enough(adapter, found, now):
        found.state, found.retry_at = LineState.DOWN, NEVER
    found.save()
    if found.is_given_up:
        _tell(inbox, GIVEN_UP)
    elif found.state != was:
        _tell(inbox, found.state)
    return found.retry_at


def _is_enough(adapter: Adapter | None, health: LineHealth, now: datetime) -> bool:
    longest = adapter.gives_up_after if adapter is not None else None
    return longest is not None and health.state != LineState.WELL and now - health.since >= longest


def _is_of_the_line(error: TemporaryEffectError) -> bool:
    cause = error.__cause__
    if isinstance(error, CredentialsRefusedError):
        return True
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        return False
    return not (isinstance(cause, smtplib.SMTPResponseException) and cause.smtp_code != SERVICE_CLOSING)


def _tell(inbox: Inbox, state: str) -> None:
    announce(LineChanged(inbox_id=inbox.pk, state=str(state)), at=timezone.now())
