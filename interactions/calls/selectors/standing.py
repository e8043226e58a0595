"""How a call stands for the agent who is in it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from ccx.kernel.models import User
from interactions.calls.models import Call, CallLeg, CallState, Recording
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of
from interactions.channels.voice.control import ControlledVoiceAdapter
from interactions.routing.models import Queue


@dataclass(frozen=True, kw_only=True)
class CallView:
    """A call as its agent sees it. `consulted`: who was brought in, by name or number; None: nobody."""

    call: Call
    state: str
    since: datetime
    is_running: bool
    is_held: bool
    is_recording: bool
    is_recording_paused: bool
    may_record: bool
    can_control: bool
    consulted: str | None
    is_consulted_there: bool
    legs: tuple[CallLeg, ...]
    queue: Queue | None


def call_of(interaction: Interaction) -> Call | None:
    """The running call of a contact, else its last."""
    calls = interaction.calls.select_related("inbox", "queue")
    return calls.filter(ended_at__isnull=True).order_by("-pk").first() or calls.order_by("-pk").first()


def call_by_leg(inbox: Inbox, leg: str) -> Call | None:
    """The call of a line by the provider's id of the customer's leg; for the provider, who has proved who it is."""
    return _known_on(inbox, Call.objects.filter(provider_id=leg)) if leg else None


def call_by_id(inbox: Inbox, told: str) -> Call | None:
    """The same by our own id, which an address of ours names."""
    try:
        return _known_on(inbox, Call.objects.filter(public_id=UUID(told)))
    except ValueError:
        return None


def _known_on(inbox: Inbox, calls: QuerySet[Call]) -> Call | None:
    call = calls.filter(inbox=inbox).select_related("queue", "interaction").first()
    if call is not None:
        call.inbox = inbox
    return call


def standing(call: Call) -> CallView:
    """How it stands now."""
    legs = tuple(call.legs.select_related("agent").order_by("started_at", "pk"))
    running = [leg for leg in legs if leg.ended_at is None]
    owner_id = call.interaction.agent_id if call.interaction is not None else None
    others = [leg for leg in running if leg.kind != CallLeg.Kind.CUSTOMER and leg.agent_id != owner_id]
    recordings = list(call.recordings.filter(kind=Recording.Kind.CALL).order_by("-pk")[:1])
    recorded = recordings[0].state if recordings else ""
    other = others[-1] if others else None
    return CallView(
        call=call,
        state=call.state,
        since=call.answered_at or call.started_at,
        is_running=call.state != CallState.ENDED,
        is_held=any(leg.is_held for leg in running if leg.kind == CallLeg.Kind.CUSTOMER),
        is_recording=recorded in {Recording.State.RUNNING, Recording.State.PAUSED},
        is_recording_paused=recorded == Recording.State.PAUSED,
        may_record=line_consents(call.inbox) and call.inbox.settings.get("recording", "off") != "off",
        can_control=isinstance(adapter_of(call.inbox), ControlledVoiceAdapter),
        consulted=(str(other.agent) if other.agent is not None else other.number or "?") if other else None,
        is_consulted_there=other is not None and other.answered_at is not None,
        legs=legs,
        queue=call.queue,
    )


def line_consents(inbox: Inbox) -> bool:
    """Whether callers of the line are told that it records: without that nothing is recorded."""
    return bool(consent_words(inbox, "en"))


def consent_words(inbox: Inbox, language: str) -> str:
    """What they are told; empty: the line never records."""
    if inbox.settings.get("recording", "off") == "off":
        return ""
    told = inbox.settings.get("consent") or ""
    if isinstance(told, dict):
        return str(told.get(language) or told.get("en") or next(iter(told.values()), "")).strip()
    return str(told).strip()


def softphone_lines(agent: User) -> list[Inbox]:
    """The lines whose calls an agent's browser may take."""
    lines = Inbox.objects.visible_to(agent).filter(channel=Channel.VOICE, is_active=True).order_by("pk")
    return [
        inbox
        for inbox in lines
        if isinstance(adapter_of(inbox), ControlledVoiceAdapter) and inbox.settings.get("api_key_sid")
    ]
