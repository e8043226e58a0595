"""Orders on their way to the telephone, one after the other for each call; and calls that nobody hears of any more.

A worker claims an order, speaks to the provider outside of any transaction, and settles it. What may have been done
is never done again: a leg that was made tells of itself.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.models import User
from interactions.calls.models import Call, CallEvent, CallLeg, Recording
from interactions.calls.selectors.dialling import pairs_of
from interactions.calls.services import conclude, hear
from interactions.calls.services.ordering import DOING, DONE, FAILED, OWED, PREFIX
from interactions.channels.contract import Line
from interactions.channels.registry import adapter_of, line_of
from interactions.channels.voice.control import ControlledVoiceAdapter, Dial
from interactions.channels.voice.told import CallTold, Told

logger = structlog.get_logger(__name__)

MOST_TRIES: Final = 5
# A worker that was silent for so long with an order is dead.
DEAD_AFTER: Final = timedelta(seconds=60)
RING_SECONDS: Final = 25


def carry_out(call_id: int) -> int:
    """Carry out what a call owes, in the order in which it was asked; how many orders were settled."""
    settled = 0
    while (event := _claim(call_id)) is not None:
        if not _carry_out(event):
            break
        settled += 1
    return settled


def carry_out_all(limit: int = 200) -> int:
    """The same for every call that owes something: a wake-up may have been lost."""
    _release_the_dead()
    owed = CallEvent.objects.filter(kind__startswith=PREFIX, data__state=OWED, call__heard_at__gte=_since())
    numbers = list(owed.values_list("call_id", flat=True).distinct()[:limit])
    return sum(carry_out(number) for number in numbers)


def _since() -> datetime:
    return timezone.now() - timedelta(hours=12)


@transaction.atomic
def _claim(call_id: int) -> CallEvent | None:
    """The oldest order of a call, unless another worker is just carrying out one."""
    Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=call_id)
    orders = CallEvent.objects.filter(call=call_id, kind__startswith=PREFIX)
    if orders.filter(data__state=DOING).exists():
        return None
    event = orders.filter(data__state=OWED).order_by("pk").first()
    if event is not None:
        event.data = {**event.data, "state": DOING, "tries": event.data.get("tries", 0) + 1}
        event.data["claimed"] = timezone.now().isoformat()
        event.save(update_fields=["data"])
    return event


def _carry_out(event: CallEvent) -> bool:
    """Do it; False: it is to be tried again later, and whatever comes after it waits."""
    call = Call.objects.select_related("inbox").get(pk=event.call_id)
    adapter = adapter_of(call.inbox)
    if not isinstance(adapter, ControlledVoiceAdapter):
        _settle(event, FAILED, error="no telephone that takes orders")
        return True
    try:
        done = ORDERS[event.kind.removeprefix(PREFIX)](adapter, line_of(call.inbox), call, event.data)
    except TemporaryEffectError as error:
        if event.data["tries"] < MOST_TRIES:
            _settle(event, OWED, error=str(error))
            return False
        _fail(call, event, error)
    except RefusedEffectError as error:
        _fail(call, event, error)
    except Exception as error:
        logger.warning("order_in_doubt", order=event.kind, call=call.pk, error=type(error).__name__)
        _fail(call, event, error)
    else:
        _settle(event, DONE, **done)
    return True


def _settle(event: CallEvent, state: str, *, error: str = "", **done: Any) -> None:
    event.data = {**event.data, **done, "state": state, "error": error[:300]}
    event.save(update_fields=["data"])


def _fail(call: Call, event: CallEvent, error: Exception) -> None:
    """An order that cannot be carried out; a leg that was not made has ended, as far as the call is concerned."""
    _settle(event, FAILED, error=str(error) or type(error).__name__)
    logger.warning("order_failed", order=event.kind, call=call.pk, error=type(error).__name__)
    what = event.kind.removeprefix(PREFIX)
    now = timezone.now()
    if what == "dial_agent":
        agent = User.objects.filter(pk=event.data.get("agent_id", 0)).first()
        leg = f"none:{event.pk}"
        CallLeg.objects.get_or_create(
            call=call, provider_id=leg,
            defaults={"kind": CallLeg.Kind.AGENT, "agent": agent, "started_at": now, "ended_at": now,
                      "end_reason": "failed"},
        )  # fmt: skip
        look_again(call.pk)
    elif what == "dial_customer":
        told = CallTold(
            kind=Told.LEG_ENDED, key=f"{event.pk}:failed", call=str(call.public_id), leg=call.provider_id,
            data={"reason": "failed", "role": "customer"},
        )  # fmt: skip
        hear(inbox=call.inbox, told=[told], arrived_at=now)


def _release_the_dead() -> None:
    """Orders whose worker died: those that may be given twice are owed again, a leg may have been made."""
    before = (timezone.now() - DEAD_AFTER).isoformat()
    for event in CallEvent.objects.filter(kind__startswith=PREFIX, data__state=DOING, data__claimed__lt=before)[:100]:
        if event.kind.removeprefix(PREFIX).startswith(("dial_", "record")):
            _fail(event.call, event, RuntimeError("the worker died"))
        else:
            _settle(event, OWED, error="the worker died")


@transaction.atomic
def look_again(call_id: int, *, is_final: bool = False) -> None:
    calls = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("inbox")
    conclude(call=calls.get(pk=call_id), now=timezone.now(), is_final=is_final)


def is_over_now(call: Call, at: datetime, *, told: datetime | None = None) -> None:
    end = CallTold(
        kind=Told.LEG_ENDED, key="looked up", call=str(call.public_id), leg=call.provider_id, at=told,
        data={"role": "customer", "reason": "silent"},
    )  # fmt: skip
    hear(inbox=call.inbox, told=[end], arrived_at=at)


# What each order is.


def address(call: Call, path: str, **query: str) -> str:
    """Where the provider asks or tells about a call."""
    told = urlencode({"call": str(call.public_id), **query})
    return f"{line_of(call.inbox).webhook_url}voice/{path}/?{told}"


def _dial_agent(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    agent = User.objects.get(pk=told["agent_id"])
    name = f"agent-{agent.public_id.hex}"
    number = pairs_of(line.settings.get("agent_numbers")).get(agent.email, "")
    interaction_id = str(call.interaction.public_id) if call.interaction is not None else ""
    to = number or f"client:{name}?{urlencode({'call': str(call.public_id), 'interaction': interaction_id})}"
    leg = adapter.dial(
        line,
        Dial(
            to=to,
            caller=line.address or call.from_number,
            url=address(call, "agent", agent=name, asks="yes" if number else ""),
            status_url=address(call, "status", agent=name, role="agent"),
            seconds=RING_SECONDS,
        ),
    )
    _made(call, leg, CallLeg.Kind.AGENT, agent=agent, number=number)
    return {"leg": leg}


def _dial_number(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    dial = Dial(
        to=str(told["number"]),
        caller=line.address,
        url=address(call, "agent", agent="other"),
        status_url=address(call, "status", role="other"),
        seconds=RING_SECONDS,
    )
    leg = adapter.dial(line, dial)
    _made(call, leg, CallLeg.Kind.OTHER, number=str(told["number"]))
    return {"leg": leg}


def _dial_customer(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    dial = Dial(
        to=str(told["number"]),
        caller=line.address,
        url=address(call, "customer"),
        status_url=address(call, "status", role="customer"),
        seconds=RING_SECONDS,
    )
    leg = adapter.dial(line, dial)
    Call.objects.filter(pk=call.pk).update(provider_id=leg)
    _made(call, leg, CallLeg.Kind.CUSTOMER, number=str(told["number"]))
    return {"leg": leg}


def _made(call: Call, leg: str, kind: str, *, agent: User | None = None, number: str = "") -> None:
    now = timezone.now()
    made, is_new = CallLeg.objects.get_or_create(
        call=call, provider_id=leg, defaults={"kind": kind, "agent": agent, "number": number, "started_at": now}
    )
    if not is_new:
        made.kind, made.agent, made.number = kind, agent, number
        made.save(update_fields=["kind", "agent", "number"])


def _to_room(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    adapter.send_to(line, call.provider_id, address(call, "to-room"))
    return {}


def _to_queue(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    adapter.send_to(line, call.provider_id, address(call, "queue"))
    return {}


def _hold(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    adapter.hold(line, call.conference or str(call.public_id), call.provider_id, address(call, "hold"))
    return {}


def _resume(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    adapter.resume(line, call.conference or str(call.public_id), call.provider_id)
    return {}


def _end_leg(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    adapter.end_leg(line, str(told["leg"]))
    return {}


def _end_all(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    running = call.legs.filter(ended_at__isnull=True).exclude(provider_id=call.provider_id)
    legs = [call.provider_id, *running.values_list("provider_id", flat=True)]
    for leg in legs:
        if not leg.startswith("dial:"):
            adapter.end_leg(line, leg)
    if call.provider_id.startswith("dial:"):
        is_over_now(call, timezone.now())
    return {}


def _record(adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]) -> dict[str, Any]:
    recording = adapter.record(line, call.provider_id, address(call, "recording", kind="call"))
    Recording.objects.get_or_create(
        call=call,
        provider_id=recording,
        defaults={
            "started_at": timezone.now(),
            "remote": dict(adapter.recording_reference(line, recording)),
            "state": Recording.State.RUNNING,
        },
    )
    return {"recording": recording}


def _change_recording(
    adapter: ControlledVoiceAdapter, line: Line, call: Call, told: Mapping[str, Any]
) -> dict[str, Any]:
    adapter.change_recording(line, call.provider_id, str(told["recording"]), str(told["to"]))
    return {}


ORDERS: Final[Mapping[str, Callable[[ControlledVoiceAdapter, Line, Call, Mapping[str, Any]], dict[str, Any]]]] = {
    "dial_agent": _dial_agent,
    "dial_number": _dial_number,
    "dial_customer": _dial_customer,
    "to_room": _to_room,
    "to_queue": _to_queue,
    "hold": _hold,
    "resume": _resume,
    "end_leg": _end_leg,
    "end_all": _end_all,
    "record": _record,
    "change_recording": _change_recording,
}
