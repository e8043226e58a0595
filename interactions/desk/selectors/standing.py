"""How one contact stands for the person looking at it: its clocks, who has it, what can be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Interaction, Segment
from interactions.channels.choices import LIVE_CHANNELS
from interactions.desk.selectors.door import workable
from interactions.routing.models import Offer

_CLOCKS = (
    ("wait", {SegmentKind.QUEUE, SegmentKind.RING, SegmentKind.IVR}),
    ("talk", {SegmentKind.TALK}),
    ("hold", {SegmentKind.HOLD}),
    ("wrap_up", {SegmentKind.WRAP_UP}),
)


@dataclass(frozen=True)
class Clock:
    """Seconds spent in one kind of stretch so far, and whether it is running."""

    kind: str
    seconds: int
    is_running: bool


@dataclass(frozen=True)
class Standing:
    """The state of a contact as one person meets it."""

    clocks: Sequence[Clock]
    is_mine: bool
    is_workable: bool
    is_live: bool
    is_held: bool
    may_take_over: bool
    offer: Offer | None
    wrap_up_left: int | None

    interaction: Interaction

    @property
    def status(self) -> str:
        return self.interaction.status

    @property
    def is_closed(self) -> bool:
        return self.interaction.is_closed

    @property
    def can_accept(self) -> bool:
        """It waits for anybody, or for this person."""
        if not self.is_workable:
            return False
        if self.status == InteractionStatus.WAITING:
            return self.interaction.agent_id is None or self.is_mine or self.offer is not None
        return self.is_mine and self.status in {InteractionStatus.PENDING, InteractionStatus.WRAP_UP}

    @property
    def is_active(self) -> bool:
        return self.is_mine and self.status == InteractionStatus.ACTIVE

    @property
    def can_leave(self) -> bool:
        """The customer's turn is over, or comes later: wrap up, snooze, transfer."""
        return self.is_mine and self.status in {InteractionStatus.ACTIVE, InteractionStatus.PENDING}

    @property
    def wrap_up_is_likely(self) -> bool:
        """The other likely move, an answer, is the composer's."""
        return not self.is_held

    @property
    def can_reply(self) -> bool:
        """A reply takes what waits, so it is open to whoever may accept, and to whoever has it."""
        return self.can_accept or self.can_leave

    @property
    def can_note(self) -> bool:
        return self.is_workable and not self.is_closed


def standing(*, interaction: Interaction, user: User) -> Standing:
    """What the header, the composer and the keys go by."""
    now = timezone.now()
    segments = list(Segment.objects.filter(interaction=interaction).order_by("started_at", "pk"))
    running = {segment.kind for segment in segments if segment.ended_at is None}
    offer = Offer.objects.visible_to(user).ringing().filter(interaction=interaction).first()
    is_mine = interaction.agent_id == user.pk
    may_work = user.can(Ability.HANDLE_CONTACTS) and workable(user).filter(pk=interaction.pk).exists()
    is_with_another = interaction.agent_id is not None and not is_mine and not interaction.is_closed
    return Standing(
        clocks=tuple(_clocks(segments, now)),
        is_mine=is_mine,
        is_workable=may_work,
        is_live=interaction.channel in LIVE_CHANNELS,
        is_held=SegmentKind.HOLD in running,
        may_take_over=may_work and is_with_another and user.can(Ability.SUPERVISE),
        offer=offer,
        wrap_up_left=_left(interaction.wrap_up_ends_at, now),
        interaction=interaction,
    )


def _clocks(segments: Sequence[Segment], now: datetime) -> list[Clock]:
    clocks = []
    for name, kinds in _CLOCKS:
        of_kind = [segment for segment in segments if segment.kind in kinds and segment.is_duration_known]
        if not of_kind:
            continue
        seconds = sum(((segment.ended_at or now) - segment.started_at).total_seconds() for segment in of_kind)
        is_running = any(segment.ended_at is None for segment in of_kind)
        clocks.append(Clock(kind=name, seconds=max(0, int(seconds)), is_running=is_running))
    return clocks


def _left(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((moment - now).total_seconds()))
