"""What a telephone is to do: written down in the transaction that wants it, carried out by a worker at once."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from interactions.calls.models import Call, CallEvent
from interactions.channels.registry import adapter_of
from interactions.channels.voice.control import ControlledVoiceAdapter

PREFIX = "order_"
OWED, DOING, DONE, FAILED = "owed", "doing", "done", "failed"


def takes_orders(call: Call) -> bool:
    """Whether the telephone can be told what to do."""
    return isinstance(adapter_of(call.inbox), ControlledVoiceAdapter)


def order(call: Call, what: str, *, key: str, **data: Any) -> bool:
    """Owe the provider one order; owing it again is a no-op. False: known already, or nobody takes orders."""
    if not takes_orders(call):
        return False
    _event, is_new = CallEvent.objects.get_or_create(
        call=call,
        key=f"{PREFIX}{what}:{key}"[:200],
        defaults={"kind": f"{PREFIX}{what}", "arrived_at": timezone.now(), "data": {**data, "state": OWED}},
    )
    if is_new:
        transaction.on_commit(lambda: _wake(call.pk), robust=True)
    return is_new


def _wake(call_id: int) -> None:
    """Have a worker look at the call; without one the sweep does."""
    if settings.CCX_CALLS_WAKE:
        import_string(settings.CCX_CALLS_WAKE)(call_id)
