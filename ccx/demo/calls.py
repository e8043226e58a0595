"""What a telephone would have told of the last calls: legs, what was pressed, recordings. No provider stands behind."""

import io
import math
import random
import struct
import wave
from typing import Final

from django.core.files.base import ContentFile

from interactions.calls.models import Call, CallLeg, CallState, IvrFlow, Recording
from interactions.cases.choices import Direction
from interactions.channels.choices import Channel
from interactions.models import Inbox, Interaction

FLOW: Final = {
    "start": "menu",
    "steps": {
        "menu": {
            "kind": "menu",
            "text": "For orders press 1, for invoices press 2, for everything else press 3.",
            "choices": {"1": "orders", "2": "invoices", "3": "everything_else"},
            "otherwise": "everything_else",
        },
        **{name: {"kind": "queue", "queue": "Phone"} for name in ("orders", "invoices", "everything_else")},
    },
}
TOLD: Final = 60
RECORDED: Final = 12
TONE: Final = (440, 554, 659)
RATE: Final = 8000


def tell_calls(line: Inbox, rng: random.Random) -> int:
    """Give the newest contacts of the line that are over the calls they came by; how many.

    A running one would be folded anew from what its telephone tells, and here none tells anything.
    """
    flow = IvrFlow.objects.create(name="Service line", definition=FLOW)
    line.flow, line.provider, line.settings = flow, "cti", {**line.settings, "is_demo": True}
    line.save(update_fields=["flow", "provider", "settings"])
    spoken = Interaction.objects.filter(inbox=line, channel=Channel.VOICE, closed_at__isnull=False).order_by(
        "-started_at"
    )
    contacts = list(spoken.select_related("identity", "agent", "queue", "inbox")[:TOLD])
    sound = _sound()
    for place, contact in enumerate(contacts):
        call = _call(contact, {"menu": rng.choice("123")})
        if contact.agent is not None and place < RECORDED * 2:
            _record(call, rng, sound if place < RECORDED else b"")
    return len(contacts)


def tell_call(contact: Interaction, rng: random.Random, *, answers: dict[str, str]) -> Call:
    """Give one contact that is over the call it came by, with its recording."""
    call = _call(contact, answers)
    _record(call, rng, _sound())
    return call


def _call(contact: Interaction, answers: dict[str, str]) -> Call:
    line = contact.inbox
    ended = contact.closed_at or contact.started_at
    call = Call.objects.create(
        inbox=line,
        provider_id=f"demo:{contact.pk}",
        interaction=contact,
        direction=Direction.INBOUND,
        state=CallState.ENDED,
        from_number=contact.identity.value[:64] if contact.identity else "",
        to_number=line.address,
        queue=contact.queue,
        answers=answers,
        started_at=contact.started_at,
        answered_at=contact.first_answered_at,
        ended_at=ended,
        ended_by="customer",
        heard_at=ended,
    )
    times = {"started_at": call.started_at, "answered_at": call.answered_at, "ended_at": call.ended_at}
    CallLeg.objects.create(call=call, provider_id=call.provider_id, kind=CallLeg.Kind.CUSTOMER, **times)
    if contact.agent is not None:
        leg = {"kind": CallLeg.Kind.AGENT, "agent": contact.agent}
        CallLeg.objects.create(call=call, provider_id=f"{call.provider_id}:agent", **leg, **times)
    return call


def _record(call: Call, rng: random.Random, sound: bytes) -> None:
    """A few notes instead of anybody's voice; without a sound it is still on its way."""
    recording = Recording(
        call=call,
        provider_id=f"{call.provider_id}:recording",
        state=Recording.State.KEPT if sound else Recording.State.PENDING,
        seconds=len(TONE) if sound else rng.randrange(60, 400),
        started_at=call.answered_at or call.started_at,
        content_type="audio/wav" if sound else "",
    )
    if sound:
        recording.file.save(f"{recording.public_id}.wav", ContentFile(sound), save=False)
    recording.save()


def _sound() -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for height in TONE:
            steps = (math.sin(2 * math.pi * height * step / RATE) for step in range(RATE))
            file.writeframes(b"".join(struct.pack("<h", int(6000 * value)) for value in steps))
    return kept.getvalue()
