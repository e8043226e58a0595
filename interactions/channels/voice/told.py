"""What any telephone tells of a call, in one vocabulary; the fold of a call into segments knows only this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Told(StrEnum):
    """Kinds of things told. What a desk did is told in the same way, so that one fold knows everything."""

    BEGAN = "began"
    # Where the caller is while no agent is with them.
    QUEUED = "queued"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    RINGS_FOR = "rings_for"  # handed to an agent who has not taken it yet
    FLOW_ENDED = "flow_ended"
    TRANSFERRED = "transferred"
    # Legs.
    DIALLED = "dialled"
    ANSWERED = "answered"
    JOINED = "joined"
    LEFT = "left"
    HELD = "held"
    RESUMED = "resumed"
    LEG_ENDED = "leg_ended"
    ROOM_BEGAN = "room_began"
    ROOM_ENDED = "room_ended"
    # What the desk asked for; counts only where the telephone itself does not tell.
    DESK_HELD = "desk_held"
    DESK_RESUMED = "desk_resumed"
    RECORDING = "recording"


@dataclass(frozen=True, kw_only=True)
class CallTold:
    """One thing told of a call.

    `call_id` is the provider's id of the customer's leg, `call` our own id of the call where the provider gives it
    back; one of them finds it. `key` is the same when the same thing is told again. `at` is the provider's own time,
    if it signed one. `agent` is an e-mail address, an extension or our own id of an agent.
    """

    kind: Told
    key: str
    call_id: str = ""
    call: str = ""
    leg: str = ""
    agent: str = ""
    at: datetime | None = None
    number: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
