"""What nobody tells: calls that went silent or lack a beginning, customers left alone, recordings to be fetched."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.calls.models import Call, CallLeg, Recording
from interactions.calls.outgoing import is_over_now, look_again
from interactions.calls.services import conclude, keep_recording, make_contact, note_fetch_failure
from interactions.calls.services.settling import LOST_AFTER
from interactions.cases.choices import InteractionStatus
from interactions.channels.contract import CannotAskError
from interactions.channels.registry import adapter_of, line_of
from interactions.channels.voice.control import ControlledVoiceAdapter
from interactions.channels.voice.told import Told

logger = structlog.get_logger(__name__)

SILENT_AFTER: Final = timedelta(seconds=60)
# A telephone that cannot be asked is believed for a working day.
FORGOTTEN_AFTER: Final = timedelta(hours=8)
# What is told in the wrong order has come by then.
STRAGGLERS: Final = timedelta(seconds=15)
LARGEST_RECORDING: Final = 200 * 1024 * 1024


def look_after_the_silent(now: datetime | None = None, *, limit: int = 100) -> int:
    """Ask the provider about running calls that nothing was heard of; how many were over.

    A telephone that cannot be asked is believed for FORGOTTEN_AFTER.
    """
    moment = now or timezone.now()
    silent = Call.objects.filter(ended_at__isnull=True, heard_at__lt=moment - SILENT_AFTER)
    ended = 0
    for call in silent.select_related("inbox").order_by("heard_at")[:limit]:
        try:
            ended += int(_look_up(call, moment))
        except (TemporaryEffectError, RefusedEffectError, CannotAskError) as error:
            logger.warning("call_not_looked_up", call=call.pk, error=type(error).__name__)
    _settle_the_open(moment)
    return ended


def _look_up(call: Call, now: datetime) -> bool:
    adapter = adapter_of(call.inbox)
    if not isinstance(adapter, ControlledVoiceAdapter) or call.provider_id.startswith("dial:"):
        limit = STRAGGLERS * 8 if call.provider_id.startswith("dial:") else FORGOTTEN_AFTER
        if call.heard_at < now - limit:
            is_over_now(call, call.heard_at)
            return True
        return False
    found = adapter.leg_now(line_of(call.inbox), call.provider_id)
    if found is not None and found.state == "running":
        Call.objects.filter(pk=call.pk).update(heard_at=now)
        return False
    is_over_now(call, call.heard_at, told=found.ended_at if found is not None else None)
    return True


def _settle_the_open(now: datetime) -> None:
    """Calls that are over and were left open for stragglers."""
    unsure = Call.objects.filter(ended_at__isnull=True, heard_at__lt=now - STRAGGLERS).filter(
        Q(events__kind=Told.LEG_ENDED), events__leg_id_told__isnull=False
    )
    for number in list(unsure.order_by("pk").values_list("pk", flat=True).distinct()[:100]):
        look_again(number, is_final=True)


def fetch_recordings(now: datetime | None = None, *, limit: int = 20) -> int:
    """Bring recordings that are complete to our own storage; how many came."""
    moment = now or timezone.now()
    due = Recording.objects.filter(state=Recording.State.PENDING, due_at__lte=moment).order_by("due_at")
    brought = 0
    for recording in due.select_related("call__inbox")[:limit]:
        # First worker wins: who moves the moment has it.
        claimed = Recording.objects.filter(pk=recording.pk, due_at=recording.due_at).update(
            due_at=moment + timedelta(minutes=5)
        )
        brought += int(bool(claimed) and _fetch(recording))
    return brought


def _fetch(recording: Recording) -> bool:
    adapter = adapter_of(recording.call.inbox)
    if adapter is None:
        note_fetch_failure(recording_id=recording.pk, error="no such line", is_final=True)
        return False
    try:
        file = adapter.fetch(line_of(recording.call.inbox), recording.remote, max_bytes=LARGEST_RECORDING)
    except (RefusedEffectError, CannotAskError) as error:
        # Right after a call the provider may not have it yet.
        note_fetch_failure(recording_id=recording.pk, error=str(error), is_final=recording.attempts >= 3)
        return False
    except Exception as error:
        wait = getattr(error, "retry_after", None)
        note_fetch_failure(recording_id=recording.pk, error=str(error), is_final=False, wait=wait)
        return False
    keep_recording(recording_id=recording.pk, file=file)
    return True


def bring_back_the_lost() -> int:
    """Calls in which the customer is alone since the agent's leg ended; how many were looked at.

    They go back to the queue, unless the customer's own end was told meanwhile.
    """
    legs = CallLeg.objects.filter(call=OuterRef("pk"), kind=CallLeg.Kind.AGENT)
    alone = Call.objects.filter(
        Exists(legs),
        ~Exists(legs.filter(ended_at__isnull=True)),
        ended_at__isnull=True,
        interaction__status=InteractionStatus.ACTIVE,
        heard_at__lt=timezone.now() - LOST_AFTER,
    )
    numbers = list(alone.order_by("pk").values_list("pk", flat=True)[:100])
    for number in numbers:
        look_again(number)
    return len(numbers)


def begin_the_nameless(now: datetime | None = None) -> int:
    """Calls of which everything was told but that they began: they become contacts of nobody known."""
    moment = now or timezone.now()
    nameless = Call.objects.filter(interaction__isnull=True, heard_at__lt=moment - STRAGGLERS, ended_at__isnull=True)
    numbers = list(nameless.order_by("pk").values_list("pk", flat=True)[:100])
    for number in numbers:
        _begin(number)
    return len(numbers)


@transaction.atomic
def _begin(call_id: int) -> None:
    call = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox").get(pk=call_id)
    if call.interaction_id is None:
        make_contact(call=call, at=call.started_at)
        call.refresh_from_db()
        conclude(call=call, now=timezone.now(), is_final=True)
