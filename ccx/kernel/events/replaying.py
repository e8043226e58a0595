"""Reading the log again: a reader is set back, and its outside effects stay done unless told otherwise."""

from django.db import connection, transaction

from ccx.kernel.audit.services import record_deed
from ccx.kernel.events.errors import BeyondTheHeadError
from ccx.kernel.events.lag import head_position
from ccx.kernel.events.locks import lock_name, wait_for_lock
from ccx.kernel.events.models import ReaderEffect, ReaderPosition
from ccx.kernel.events.readers import reader_named
from ccx.kernel.events.running import ensure_place

FORGET_EFFECTS = """
DELETE FROM kernel_readereffect AS effect USING kernel_event AS event
 WHERE (effect.reader = %(reader)s OR starts_with(effect.reader, %(reader)s || ':'))
   AND effect.state IN %(states)s
   AND event.id = effect.event_id AND event.position >= %(start)s
"""
SETTLED = (ReaderEffect.State.DONE.value, ReaderEffect.State.FAILED.value, ReaderEffect.State.UNKNOWN.value)


@transaction.atomic
def replay_reader(*, name: str, start: int = 1, effects: bool = False) -> int:
    """Let the reader read again from position `start` on; how many positions it goes back.

    With `effects` it also forgets what it sent for those events, so that it sends again. What is still queued or
    being sent is left alone. The audit log remembers it.
    """
    reader = reader_named(name)
    ensure_place(reader)
    wait_for_lock(lock_name(name))
    place = ReaderPosition.objects.select_for_update().get(name=name)
    if not 1 <= start <= head_position() + 1:
        raise BeyondTheHeadError(start=start)
    back = place.position - (start - 1)
    if effects:
        with connection.cursor() as cursor:
            cursor.execute(FORGET_EFFECTS, {"reader": name, "states": SETTLED, "start": start})
    place.position = start - 1
    place.failures, place.last_error, place.retry_at = 0, "", None
    place.save()
    record_deed(object_kind="reader", details={"name": name, "from": start, "back": back, "effects": effects})
    return back
