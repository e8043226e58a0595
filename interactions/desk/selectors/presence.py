"""How somebody is there, and what they may say instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from ccx.kernel.models import User
from interactions.desk.choices import REASONS_OF, AwayReason
from interactions.desk.selectors.handing_over import CAPACITY
from interactions.handling.choices import CONNECTION_LOST, NO_ANSWER
from interactions.handling.models import PresenceState
from interactions.handling.selectors import presence_of
from interactions.routing.models import AgentDesk

# The icon of each state.
SIGNS = {
    PresenceState.AVAILABLE: "available",
    PresenceState.BUSY: "busy",
    PresenceState.BREAK: "break",
    PresenceState.OFFLINE: "away",
}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_current: bool
    sign: str


@dataclass(frozen=True)
class Presence:
    """The state now, for how many seconds, and what can be chosen; `is_forced`: it was not the person's own doing."""

    state: str
    sign: str
    label: str
    reason: str
    seconds: int | None
    is_forced: bool
    choices: Sequence[tuple[str, str, Sequence[Choice]]]


def is_full(user: User, *, in_hand: int) -> bool:
    """Whether nothing more rings at the desk until one of those in hand ends."""
    capacity = AgentDesk.objects.filter(agent=user).values_list("capacity", flat=True).first()
    return in_hand >= (CAPACITY if capacity is None else capacity)


def presence(user: User) -> Presence:
    """What the control at the foot of the rail shows."""
    span = presence_of(user)
    state = PresenceState(span.state) if span is not None else PresenceState.OFFLINE
    code = span.reason_code if span is not None else ""
    choices = [
        (
            one.value,
            str(one.label),
            [
                Choice(f"{one}:{why}", str(why.label), is_current=(state, code) == (one, why), sign=SIGNS[one])
                for why in REASONS_OF[one]
            ]
            or [Choice(one.value, str(one.label), is_current=state == one, sign=SIGNS[one])],
        )
        for one in PresenceState
    ]
    return Presence(
        state=state.value,
        sign=SIGNS[state],
        label=str(state.label),
        reason=str(AwayReason(code).label) if code in AwayReason.values else "",
        seconds=None if span is None else max(0, int((timezone.now() - span.started_at).total_seconds())),
        is_forced=code in {NO_ANSWER, CONNECTION_LOST},
        choices=choices,
    )
