"""Contacts that are over, told in a line each, and the facts they make."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.facts.models import Fact
from analytics.rollups.reader import FACTS
from ccx.kernel.events.pumping import pump
from ccx.kernel.models import Team, User
from interactions.cases.choices import Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastSegment
from interactions.intake.services import receive_many
from interactions.models import ContactReason, Inbox, Interaction, Queue

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def later(**delta: float) -> datetime:
    """So long after that Monday's nine o'clock."""
    return MONDAY + timedelta(**delta)


@dataclass(frozen=True)
class Stretch:
    """Some seconds of a contact."""

    kind: SegmentKind
    seconds: int
    is_known: bool = True
    ended_by: SegmentEnd | None = SegmentEnd.DONE
    by: int | None = None


@dataclass
class Line:
    """A centre with one line a channel, made as needed, that tells of contacts."""

    team: Team = field(default_factory=lambda: Team.objects.create(name="First line"))
    number: int = 0

    def __post_init__(self) -> None:
        self.queue = Queue.objects.create(name="Service", team=self.team)
        self.agent = User.objects.create(email="alice@example.test", name="Alice", team=self.team)
        self.lines: dict[int, Inbox] = {}

    def inbox(self, channel: int, time_zone: str = "") -> Inbox:
        if channel not in self.lines:
            self.lines[channel] = Inbox.objects.create(
                name=Channel(channel).slug, channel=channel, time_zone=time_zone, default_queue=self.queue
            )
        return self.lines[channel]

    def over(
        self,
        at: datetime = MONDAY,
        *stretches: Stretch,
        who: str | None = "ann",
        channel: int = Channel.VOICE,
        outcome: int = Outcome.HANDLED,
        assurance: int = 2,
        **more: Any,
    ) -> Interaction:
        """A contact that is over; without stretches a minute of talk where it was handled."""
        self.number += 1
        inbox = self.inbox(channel)
        is_handled = outcome == Outcome.HANDLED
        if not stretches and is_handled:
            stretches = (Stretch(SegmentKind.TALK, 60),)
        segments, moment, answered = [], at, None
        for one in stretches:
            begin, moment = moment, moment + timedelta(seconds=one.seconds)
            by = one.by or (self.agent.pk if one.kind >= SegmentKind.TALK else None)
            if one.kind == SegmentKind.TALK and answered is None:
                answered = begin
            segments.append(
                PastSegment(
                    kind=one.kind, started_at=begin, ended_at=moment, agent_id=by, is_duration_known=one.is_known,
                    ended_by=one.ended_by,
                )
            )  # fmt: skip
        past = {name: more.pop(name) for name in ("is_resolved", "source_id", "closed_at") if name in more}
        contact = InboundContact(
            inbox_id=inbox.pk,
            channel=channel,
            external_id=f"told {self.number}",
            occurred_at=at,
            identity=None if who is None else IdentityClaim(
                kind="email", value=f"{who}@example.test", assurance=assurance, source="test"
            ),
            **{"queue_id": self.queue.pk, "agent_id": self.agent.pk if is_handled else None} | more,
            past=Past(outcome=outcome, first_answered_at=answered, segments=tuple(segments),
                      **{"closed_at": moment} | past),
        )  # fmt: skip
        [receipt] = receive_many(contacts=[contact], by_id=None, mode="history")
        return Interaction.objects.get(pk=receipt.interaction_id)

    def left(self, at: datetime = MONDAY, waited: int = 30, **more: Any) -> Interaction:
        """A caller who hung up in the queue."""
        return self.over(at, Stretch(SegmentKind.QUEUE, waited), outcome=Outcome.ABANDONED, **more)


def a_reason_of(code: str, parent: ContactReason | None = None, days: int = 7) -> ContactReason:
    return ContactReason.objects.create(code=code, name=code.title(), parent=parent, resolution_window_days=days)


def fact(interaction: Interaction) -> Fact:
    """Its fact, after the reader took everything."""
    assert pump(readers=[FACTS])
    return Fact.objects.get(pk=interaction.pk)


def measures(interaction: Interaction, *names: str) -> tuple[Any, ...]:
    """Some measures of its fact."""
    found = fact(interaction)
    return tuple(getattr(found, name) for name in names)
