"""One contact in the making: its stretches one after the other, then the whole as intake takes it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ccx.demo.people import KIND_OF_CHANNEL
from ccx.demo.rota import Rota, Worker
from ccx.demo.talk import Issue
from interactions.cases.choices import SegmentEnd, SegmentKind
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.contact import IdentityClaim, PastSegment
from interactions.customers.choices import Assurance
from interactions.models import Queue

SOURCES = {
    Channel.VOICE: (Assurance.ATTESTED, "carrier"),
    Channel.CHAT: (Assurance.PROVEN, "shop sign-in"),
    Channel.EMAIL: (Assurance.ATTESTED, "dmarc"),
    Channel.SMS: (Assurance.ATTESTED, "carrier"),
    Channel.WHATSAPP: (Assurance.ATTESTED, "platform"),
    Channel.WEB_FORM: (Assurance.CLAIMED, "web form"),
}


@dataclass(order=True)
class Plan:
    """A contact that is going to happen."""

    at: datetime
    number: int
    issue: Issue = field(compare=False)
    channel: Channel = field(compare=False)
    is_outbound: bool = field(default=False, compare=False)


@dataclass
class Draft:
    """Stretches of one contact. `cursor` is where the last one ended."""

    cursor: datetime
    queue: Queue
    segments: list[PastSegment] = field(default_factory=list)
    worked: list[tuple[Worker, datetime, datetime]] = field(default_factory=list)
    answered_at: datetime | None = None
    workers: list[Worker] = field(default_factory=list)

    def stretch(
        self, kind: SegmentKind, seconds: float, *, worker: Worker | None = None, ended_by: SegmentEnd | None = None
    ) -> None:
        """The next stretch, right after the last one."""
        start, self.cursor = self.cursor, self.cursor + timedelta(seconds=max(round(seconds), 0))
        if kind == SegmentKind.TALK:
            self.answered_at = self.answered_at or start
        self.segments.append(
            PastSegment(
                kind=kind,
                started_at=start,
                ended_at=self.cursor,
                queue_id=self.queue.pk,
                team_id=self.queue.team_id,
                agent_id=worker.user.pk if worker else None,
                ended_by=ended_by,
            )
        )
        if worker is not None:
            self.worked.append((worker, start, self.cursor))
            if worker not in self.workers:
                self.workers.append(worker)

    def wait_until(self, moment: datetime, *, ended_by: SegmentEnd = SegmentEnd.DONE) -> None:
        """Wait in the queue up to a moment."""
        self.stretch(SegmentKind.QUEUE, (moment - self.cursor).total_seconds(), ended_by=ended_by)

    def count_work(self, rota: Rota, channel: Channel) -> None:
        """Tell the rota who was busy."""
        is_live = channel in LIVE_CHANNELS
        for worker in self.workers:
            work = [(start, end) for who, start, end in self.worked if who is worker]
            rota.note(worker, work, is_live=is_live, is_undivided=channel == Channel.VOICE)


def claim(plan: Plan, *, is_vague: bool) -> IdentityClaim | None:
    """Who a contact says it is from, as sure as its channel makes us."""
    person = plan.issue.person
    if person is None:
        return None
    kind = KIND_OF_CHANNEL[plan.channel]
    assurance, source = SOURCES[plan.channel]
    if is_vague and plan.channel == Channel.EMAIL:
        assurance, source = Assurance.CLAIMED, "sender line"
    return IdentityClaim(kind=kind.value, value=person.identities[kind], assurance=assurance, source=source)
