"""Effects outside the database: owed once per event in the reader's transaction, carried out once by a worker."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from ccx.kernel.audit.services import record_deed
from ccx.kernel.events import failpoints
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.trouble import describe
from ccx.kernel.people.models import User

logger = structlog.get_logger(__name__)

State = ReaderEffect.State
# A sender has timeouts far below this; who is silent for so long is dead.
DEAD_AFTER = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)


class TemporaryEffectError(Exception):
    """Raised by a sender that knows: nothing happened outside, and a later try may succeed.

    `retry_after`: for how many seconds the other side wants to be left alone, if it said so.
    """

    def __init__(self, *args: object, retry_after: float | None = None) -> None:
        super().__init__(*args)
        self.retry_after = retry_after


class CredentialsRefusedError(TemporaryEffectError):
    """Nothing happened, and nothing will until somebody mends the set-up; it goes once the password is right."""


class ReceiverIsGoneError(TemporaryEffectError):
    """Whoever was there says that nobody is any more: nothing more is tried until a person has looked at it."""


class RefusedEffectError(Exception):
    """Raised by a sender that knows: nothing happened outside, and no later try will succeed."""


class OutcomeIsUnknownError(Exception):
    """The line broke after the other side had it all and before it answered. A blind second try may be two."""


@dataclass(frozen=True)
class Sender:
    """Carries out the effects of one reader. `send` must come back within minutes.

    `is_idempotent` promises that sending the same effect again changes nothing outside (it carries a key the other
    side knows); only such a sender is asked again when the outcome is unknown.
    """

    send: Callable[[ReaderEffect], None]
    is_idempotent: bool = False
    max_attempts: int = 12


def all_senders() -> Mapping[str, Sender]:
    """The sender of each reader that has effects outside, as the setting CCX_SENDERS lists them."""
    senders: Mapping[str, Sender] = import_string(settings.CCX_SENDERS)
    return senders


def owe_effect(
    reader: str, event: EventRow, data: dict[str, Any] | None = None, *, due_at: datetime | None = None
) -> None:
    """Owe one effect for one event; owing it again is a no-op. Call it inside the reader's `handle`.

    A reader with several receivers owes under `name:receiver`; the part before the colon finds the sender.
    """
    owed = ReaderEffect(reader=reader, event_id=event.pk, data=data or {}, due_at=due_at or timezone.now())
    ReaderEffect.objects.bulk_create([owed], ignore_conflicts=True)


def send_due_effects(limit: int = 100) -> int:
    """Carry out what is due, oldest first; how many were tried. Any number of workers may do so at once."""
    settle_the_silent()
    senders = all_senders()
    tried = 0
    for effect in _claim(limit):
        sender = senders.get(effect.reader.partition(":")[0])
        if sender is None:
            _settle(effect, State.FAILED, error="no sender")
            continue
        _carry_out(effect, sender)
        tried += 1
    return tried


def effects_are_due() -> bool:
    """Whether a worker has something to send."""
    return ReaderEffect.objects.filter(state=State.QUEUED, due_at__lte=timezone.now()).exists()


def effects_in_doubt(limit: int = 200) -> QuerySet[ReaderEffect]:
    """Effects that failed for good or of which nobody knows the outcome, newest first."""
    return (
        ReaderEffect.objects.filter(state__in=[State.FAILED, State.UNKNOWN])
        .exclude(state=State.DONE)
        .order_by("-pk")[:limit]
    )


@transaction.atomic
def send_again(*, effect_id: int, by: User) -> bool:
    """A person decides that an effect in doubt is to be sent once more; whether it was in doubt."""
    doubtful = ReaderEffect.objects.select_for_update().filter(pk=effect_id, state__in=[State.FAILED, State.UNKNOWN])
    effect = doubtful.first()
    if effect is None:
        return False
    was, effect.state, effect.attempts, effect.due_at = effect.state, State.QUEUED, 0, timezone.now()
    effect.save(update_fields=["state", "attempts", "due_at"])
    told = {"name": effect.reader, "event": effect.event_id, "was": was}
    record_deed(object_kind="effect", details=told, by=by)
    return True


def settle_the_silent(now: datetime | None = None) -> int:
    """Effects whose worker died while sending: asked again if that is harmless, else left to a person as unknown."""
    silent = ReaderEffect.objects.filter(state=State.SENDING, claimed_at__lt=(now or timezone.now()) - DEAD_AFTER)
    senders = all_senders()
    settled = 0
    for effect in silent.order_by("claimed_at")[:1000]:
        sender = senders.get(effect.reader.partition(":")[0])
        state = State.QUEUED if sender is not None and sender.is_idempotent else State.UNKNOWN
        settled += int(_settle(effect, state, error="the worker died while sending"))
    return settled


def _claim(limit: int) -> Iterator[ReaderEffect]:
    due = ReaderEffect.objects.filter(state=State.QUEUED, due_at__lte=timezone.now())
    for pk in due.order_by("due_at").values_list("pk", flat=True)[:limit]:
        moment = timezone.now()
        # "First worker wins": who changes the row has it.
        if ReaderEffect.objects.filter(pk=pk, state=State.QUEUED).update(
            state=State.SENDING, claimed_at=moment, attempts=F("attempts") + 1
        ):
            yield ReaderEffect.objects.get(pk=pk)


def _carry_out(effect: ReaderEffect, sender: Sender) -> None:
    failpoints.reach("effect.before_send")
    try:
        sender.send(effect)
    except RefusedEffectError as error:
        _settle(effect, State.FAILED, error=describe(error))
    except TemporaryEffectError as error:
        _try_later(effect, sender, error)
    except Exception as error:
        if sender.is_idempotent:
            _try_later(effect, sender, error)
        else:
            _settle(effect, State.UNKNOWN, error=describe(error))
    else:
        failpoints.reach("effect.after_send")
        _settle(effect, State.DONE)


def _try_later(effect: ReaderEffect, sender: Sender, error: Exception) -> None:
    if effect.attempts >= sender.max_attempts:
        _settle(effect, State.FAILED, error=describe(error))
        return
    seconds = min(5.0 * 2.0 ** min(effect.attempts - 1, 16), LONGEST_WAIT.total_seconds())
    wait = timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
    _settle(effect, State.QUEUED, error=describe(error), due_at=timezone.now() + wait)


def _settle(effect: ReaderEffect, state: State, *, error: str = "", due_at: datetime | None = None) -> bool:
    """Move the effect on, unless the claim has been settled by someone else since."""
    if state not in {State.DONE, State.QUEUED}:
        logger.error("effect_not_done", reader=effect.reader, event_id=effect.event_id, state=state, error=error)
    changed = ReaderEffect.objects.filter(pk=effect.pk, state=State.SENDING, claimed_at=effect.claimed_at).update(
        state=state,
        last_error=error,
        due_at=due_at or effect.due_at,
        done_at=timezone.now() if state == State.DONE else None,
    )
    return changed == 1
