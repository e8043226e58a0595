"""Callers who would rather be called back: once per number, at the place they had, a few tries, and not for ever."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.calls.errors import CallbackIsOverError, NoVoiceLineError, NumberIsNotAllowedError
from interactions.calls.models import Call, Callback
from interactions.calls.selectors.dialling import allowed_number, line_to_call_from
from interactions.calls.services.folding import remember
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.cases.models import Interaction
from interactions.channels.voice.told import Told
from interactions.handling.services import Outbound, close_for_callback, close_interaction, start_outbound
from interactions.routing.models import Queue

OPEN = (Callback.State.WAITING, Callback.State.CALLING)
MOST_TRIES = 3
BETWEEN_TRIES = timedelta(minutes=15)
LASTS = timedelta(days=3)


@transaction.atomic
def ask_callback(*, call: Call, now: datetime, queue: Queue | None = None) -> Callback | None:
    """The caller of a locked call wants to be called back. None: there is no queue or no number to do it with, or it
    is one that the line may not call: the number a caller shows is anybody's claim, and we would pay for it.

    Asked again, on the same number and queue, it is the first one, with the better of both places.
    """
    interaction = call.interaction
    queue = queue or (interaction.queue if interaction is not None else None) or call.inbox.default_queue
    if interaction is None or queue is None or not call.from_number.startswith("+"):
        return None
    try:
        allowed_number(call.inbox, call.from_number)
    except NumberIsNotAllowedError:
        return None
    callback, is_new = Callback.objects.select_for_update(of=("self",)).get_or_create(
        queue=queue,
        number=call.from_number,
        state__in=OPEN,
        defaults={
            "asked_in": interaction,
            "place_at": interaction.started_at,
            "asked_at": now,
            "state": Callback.State.WAITING,
            "next_try_at": now,
            "expires_at": now + LASTS,
        },
    )
    if not is_new and callback.place_at > interaction.started_at:
        callback.place_at = interaction.started_at
        callback.save(update_fields=["place_at"])
    remember(call=call, kind=Told.CALLBACK, key="callback", arrived_at=now)
    if interaction.queue_id is None:
        Interaction.objects.filter(pk=interaction.pk).update(queue=queue, team=queue.team)
    close_for_callback(interaction_id=interaction.pk, at=now)
    return callback


def start_due_callbacks(now: datetime | None = None, *, limit: int = 100) -> int:
    """Let those whose time has come wait in their queue, each at its place; give up those that are too old."""
    moment = now or timezone.now()
    due = Callback.objects.filter(state=Callback.State.WAITING, next_try_at__lte=moment).order_by("place_at")
    return sum(_start(number, moment) for number in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _start(callback_id: int, now: datetime) -> bool:
    callback = (
        Callback.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("asked_in__inbox", "asked_in__identity", "queue")
        .filter(pk=callback_id, state=Callback.State.WAITING, next_try_at__lte=now)
        .first()
    )
    if callback is None:
        return False
    if callback.expires_at <= now:
        _give_up(callback, now)
        callback.save(update_fields=["state", "next_try_at"])
        return False
    asked = callback.asked_in
    try:
        line_to_call_from(asked.inbox_id)
    except NoVoiceLineError:
        # Nobody could make the call that an agent would be offered.
        callback.next_try_at = now + BETWEEN_TRIES
        callback.save(update_fields=["next_try_at"])
        return False
    told = Outbound(
        inbox=asked.inbox,
        identity=asked.identity,
        of=asked,
        since=callback.place_at,
        queue=callback.queue,
        waits_from=max(callback.asked_at, callback.next_try_at),
    )
    callback.interaction = start_outbound(told=told, by=None)
    callback.state = Callback.State.CALLING
    callback.save(update_fields=["interaction", "state"])
    return True


@transaction.atomic
def call_back(*, callback_id: int, by: User) -> Callback:
    """Do not wait for its time: it waits in its queue now, also if it had been given up. Raises NoVoiceLineError."""
    callback = Callback.objects.visible_to(by).select_for_update(of=("self",)).get(pk=callback_id)
    if callback.state not in {*OPEN, Callback.State.GIVEN_UP}:
        raise CallbackIsOverError
    if callback.state == Callback.State.CALLING:
        return callback
    now = timezone.now()
    if callback.state == Callback.State.GIVEN_UP or callback.expires_at <= now:
        callback.state, callback.attempts, callback.expires_at = Callback.State.WAITING, 0, now + LASTS
    callback.next_try_at = now
    try:
        with transaction.atomic():
            callback.save(update_fields=["state", "attempts", "expires_at", "next_try_at"])
    except IntegrityError:
        # The number has asked again since.
        raise CallbackIsOverError from None
    if not _start(callback.pk, now):
        raise NoVoiceLineError
    callback.refresh_from_db()
    return callback


@transaction.atomic
def cancel_callback(*, callback_id: int, by: User) -> Callback:
    """Nobody needs to call any more, or asks for it after it was given up. Cancelling twice is a no-op."""
    callback = Callback.objects.visible_to(by).select_for_update(of=("self",)).get(pk=callback_id)
    if callback.state == Callback.State.CANCELLED:
        return callback
    if callback.state not in {*OPEN, Callback.State.GIVEN_UP}:
        raise CallbackIsOverError
    return _cancel(callback, by=by)


@transaction.atomic
def note_closed(*, interaction_id: int) -> None:
    """The contact of a callback was closed and nobody had called: it is over, and the number may ask anew."""
    calling = Callback.objects.select_for_update(of=("self",)).filter(state=Callback.State.CALLING)
    callback = calling.filter(interaction=interaction_id, interaction__calls=None).first()
    if callback is not None:
        callback.state = Callback.State.CANCELLED
        callback.save(update_fields=["state"])


@transaction.atomic
def put_back(*, interaction_id: int, now: datetime) -> None:
    """The call could not be made: its contact is none, and the callback waits for its next time, at its place."""
    calling = Callback.objects.select_for_update(of=("self",)).filter(state=Callback.State.CALLING)
    callback = calling.filter(interaction=interaction_id, interaction__calls=None).first()
    if callback is None:
        return
    callback.state, callback.next_try_at = Callback.State.WAITING, now + BETWEEN_TRIES
    callback.save(update_fields=["state", "next_try_at"])
    close_interaction(interaction_id=interaction_id, outcome=Outcome.NOT_A_CONTACT, by=None)


def _give_up(callback: Callback, now: datetime) -> None:
    """There is no next try; its time says from then on when it was given up."""
    callback.state, callback.next_try_at = Callback.State.GIVEN_UP, now


def _cancel(callback: Callback, *, by: User | None) -> Callback:
    interaction = callback.interaction
    if interaction is not None and interaction.status == InteractionStatus.WAITING:
        close_interaction(interaction_id=interaction.pk, outcome=Outcome.NOT_A_CONTACT, by=by)
    callback.state = Callback.State.CANCELLED
    callback.save(update_fields=["state"])
    return callback


def note_attempt(*, call: Call, was_reached: bool, now: datetime) -> None:
    """A call is over. One that called back either reached the customer, or is tried again after a while; who called
    by themselves and got through need not be called back."""
    found = Callback.objects.select_for_update(of=("self",)).filter(interaction=call.interaction_id).first()
    if found is None:
        if was_reached and call.from_number:
            waiting = Callback.objects.filter(number=call.from_number, state=Callback.State.WAITING)
            for callback in waiting.select_for_update(of=("self",)):
                _cancel(callback, by=None)
        return
    if found.state != Callback.State.CALLING:
        return
    found.attempts += 1
    if was_reached:
        found.state = Callback.State.REACHED
    elif found.attempts >= MOST_TRIES or now + BETWEEN_TRIES >= found.expires_at:
        _give_up(found, now)
    else:
        found.state, found.next_try_at = Callback.State.WAITING, now + BETWEEN_TRIES
    found.save(update_fields=["attempts", "state", "next_try_at"])
