"""Sixty days of contacts, one after the other in time: who waits, who gives up, who is helped and who comes back."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from ccx.demo.centre import QUEUES, Centre
from ccx.demo.demand import HOURS_OF, IMPROVED_DAYS, TROUBLED, Demand
from ccx.demo.drafts import Draft, Plan, claim
from ccx.demo.rota import Rota, Worker
from ccx.demo.talk import Issue, Scene, Talk
from interactions.cases.choices import AuthorKind, Direction, Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact, Past, PastMessage
from interactions.models import Queue

# Seconds of talk of a usual contact; of written ones, the time of writing.
TALK_SECONDS = {
    Channel.VOICE: 330, Channel.CHAT: 520, Channel.EMAIL: 400, Channel.SMS: 150, Channel.WHATSAPP: 260,
    Channel.WEB_FORM: 380,
}  # fmt: skip
# Minutes until somebody looks at what was written, on a usual day.
LOOK_MINUTES = {Channel.EMAIL: 75, Channel.WEB_FORM: 80, Channel.SMS: 12, Channel.WHATSAPP: 9}
TOLD_BY_THE_MENU = frozenset({"delivery.where_is_my_order", "returns.status"})
AUTO_REPLY = "Automatic reply: I am out of the office until {later} and read my mail after that."
FOLLOW_UP = "Hello {first}, {agent} from Fernwood. I promised to look at {order} again: it is settled now, {item} is sorted out. Thank you for your patience."  # noqa: E501


@dataclass(frozen=True)
class Ending:
    """What the agent says about the end, and whether the customer comes back."""

    is_resolved: bool | None
    disposition: str
    comes_back: bool


@dataclass(frozen=True)
class Memory:
    """What a customer will remember when asked how it was."""

    ended_at: datetime
    annoyance: float
    is_solved: bool
    agent: str


class Story:
    """Plays the sixty days. Afterwards `contacts` are over and `unfinished` are not."""

    def __init__(self, centre: Centre, demand: Demand, rota: Rota, rng: random.Random) -> None:
        self.centre, self.demand, self.rota, self.rng = centre, demand, rota, rng
        self.now = demand.now
        self.talk = Talk(rng)
        self.plans: list[Plan] = []
        self.numbers = count(1)
        self.contacts: list[InboundContact] = []
        self.memories: dict[str, Memory] = {}
        self.unfinished: list[Plan] = []

    def play(self, wanted: int) -> None:
        """Let it all happen, in the order of time."""
        for start in self.demand.starts(wanted):
            issue = self.talk.issue(start.person, start.reason, start.at)
            self.plan(start.at, issue, start.channel)
        while self.plans:
            plan = heappop(self.plans)
            if plan.at >= self.now:
                continue
            if plan.is_outbound:
                self._follow_up(plan)
            elif plan.channel in HOURS_OF:
                self._live(plan)
            else:
                self._written(plan)

    def plan(self, at: datetime, issue: Issue, channel: Channel, *, is_outbound: bool = False) -> None:
        """Something is going to happen; calls and chats wait until the line is open."""
        while channel in HOURS_OF and not self.demand.is_open(at):
            at = self.demand.moment(at.date() + timedelta(days=1), channel)
        heappush(self.plans, Plan(at.replace(microsecond=0), next(self.numbers), issue, channel, is_outbound))

    # Calls and chats

    def _live(self, plan: Plan) -> None:
        rng, draft = self.rng, Draft(plan.at, self._queue_of(plan))
        if plan.channel == Channel.VOICE and self._ends_in_the_menu(plan, draft):
            return
        draft.stretch(SegmentKind.IVR, rng.uniform(12, 55) if plan.channel == Channel.VOICE else rng.uniform(8, 25))
        load = max(self.demand.load(plan.at), 0.3)
        wait = rng.uniform(1, 7) if rng.random() < 0.35 else rng.expovariate(1 / (11 * load**2.1)) + 3
        patience = 4 + rng.expovariate(1 / 210)
        asked_at = draft.cursor
        found = self.rota.pick(_team_of(draft.queue), asked_at + timedelta(seconds=wait), is_live=True)
        if found is None or found[1] - asked_at > timedelta(seconds=patience):
            self._lose(plan, draft, asked_at + timedelta(seconds=min(patience, 900)))
            return
        worker, begins = found
        draft.wait_until(begins)
        if plan.channel == Channel.VOICE:
            draft.stretch(SegmentKind.RING, rng.uniform(2, 8), worker=worker)
        self._talk_through(plan, draft, worker)
        self._finish(plan, draft, waited=(begins - asked_at).total_seconds())

    def _ends_in_the_menu(self, plan: Plan, draft: Draft) -> bool:
        """The voice menu tells where a parcel is; some lines are dead from the start."""
        chance = self.rng.random()
        if chance < 0.015:
            draft.stretch(SegmentKind.IVR, self.rng.uniform(1, 4), ended_by=SegmentEnd.CUSTOMER_LEFT)
            self._record(plan, draft, Past(outcome=Outcome.NOT_A_CONTACT, closed_at=draft.cursor))
            return True
        if plan.issue.reason in TOLD_BY_THE_MENU and chance < 0.2:
            draft.stretch(SegmentKind.IVR, self.rng.uniform(50, 140), ended_by=SegmentEnd.DONE)
            self._record(
                plan, draft, Past(outcome=Outcome.SELF_SERVED, closed_at=draft.cursor, segments=tuple(draft.segments))
            )
            return True
        return False

    def _lose(self, plan: Plan, draft: Draft, gone_at: datetime) -> None:
        """The customer hangs up; half of them try again, not long after."""
        if gone_at > self.now:
            self.unfinished.append(plan)
            return
        draft.wait_until(gone_at, ended_by=SegmentEnd.CUSTOMER_LEFT)
        scene = Scene(plan.channel, plan.at, None, draft.cursor)
        past = Past(
            outcome=Outcome.ABANDONED,
            closed_at=draft.cursor,
            segments=tuple(draft.segments),
            messages=self.talk.lost(plan.issue, scene),
        )
        self._record(plan, draft, past)
        if self.rng.random() < 0.5 and plan.issue.calls_lost < 3:
            plan.issue.calls_lost += 1
            self.plan(draft.cursor + timedelta(minutes=self.rng.uniform(6, 70)), plan.issue, plan.channel)

    def _talk_through(self, plan: Plan, draft: Draft, worker: Worker) -> None:
        """Talk, perhaps a hold, perhaps another team, and the work after it."""
        rng, seconds = self.rng, self._work_seconds(plan)
        moves_on = rng.random() < (0.11 + 0.06 * min(plan.issue.attempts, 2)) and worker.team != "Escalations"
        next_queue = "Billing" if plan.issue.leaf["group"] == "billing" and worker.team != "Billing" else "Escalations"
        found = self.rota.pick(
            _team_of(self.centre.queues[next_queue]), draft.cursor + timedelta(seconds=seconds / 2), is_live=True
        )
        if moves_on and found is not None and found[1] - draft.cursor < timedelta(seconds=seconds / 2 + 420):
            draft.stretch(SegmentKind.TALK, seconds / 2, worker=worker, ended_by=SegmentEnd.TRANSFER_QUEUE)
            draft.queue = self.centre.queues[next_queue]
            draft.wait_until(max(found[1], draft.cursor) + timedelta(seconds=rng.randint(5, 50)))
            worker, seconds = found[0], seconds * 0.8
        elif plan.channel == Channel.VOICE and rng.random() < 0.24:
            draft.stretch(SegmentKind.TALK, seconds * 0.55, worker=worker)
            draft.stretch(SegmentKind.HOLD, rng.uniform(20, 190), worker=worker)
            seconds *= 0.45
        draft.stretch(SegmentKind.TALK, seconds, worker=worker, ended_by=SegmentEnd.DONE)
        draft.stretch(SegmentKind.WRAP_UP, rng.lognormvariate(3.7, 0.5), worker=worker)

    def _work_seconds(self, plan: Plan) -> float:
        usual = (
            TALK_SECONDS[plan.channel] * float(plan.issue.leaf["handle"]) * (1.0 + 0.18 * min(plan.issue.attempts, 3))
        )
        if plan.issue.reason in TROUBLED and self.demand.trouble(plan.at.date()) > 1:
            usual *= 1.2
        return max(25.0, usual * self.rng.lognormvariate(-0.1, 0.45))

    # What is written

    def _written(self, plan: Plan) -> None:
        rng, draft = self.rng, Draft(plan.at, self._queue_of(plan))
        if plan.channel == Channel.EMAIL and rng.random() < 0.035:
            body = AUTO_REPLY.format_map(plan.issue.details)
            said = PastMessage(author_kind=AuthorKind.CUSTOMER, body=body, sent_at=plan.at)
            self._record(plan, draft, Past(outcome=Outcome.NOT_A_CONTACT, closed_at=plan.at, messages=(said,)))
            return
        trouble = self.demand.trouble(plan.at.date())
        looked = timedelta(minutes=rng.expovariate(1 / LOOK_MINUTES[plan.channel]) * max(trouble, 1) ** 0.6)
        found = self.rota.pick(_team_of(draft.queue), plan.at + looked, is_live=False)
        if found is None:
            self.unfinished.append(plan)
            return
        worker, begins = found
        if begins.date() != plan.at.date():
            begins += timedelta(minutes=rng.uniform(0, 50))  # the morning's pile
        draft.wait_until(max(begins, plan.at))
        if rng.random() < 0.04:
            self._talk_through(plan, draft, worker)
        else:
            self._write_back(plan, draft, worker)
        self._finish(plan, draft, waited=(begins - plan.at).total_seconds() / 240)

    def _write_back(self, plan: Plan, draft: Draft, worker: Worker) -> None:
        seconds = self._work_seconds(plan)
        draft.stretch(SegmentKind.TALK, seconds, worker=worker)
        if self.rng.random() < 0.35:
            draft.cursor += timedelta(minutes=round(self.rng.uniform(4, 45)))
            draft.stretch(SegmentKind.TALK, seconds * 0.4, worker=worker)
        draft.stretch(SegmentKind.WRAP_UP, self.rng.lognormvariate(3.2, 0.5), worker=worker)

    # The end of a contact

    def _finish(self, plan: Plan, draft: Draft, *, waited: float) -> None:
        """It is over, unless it still runs now."""
        if draft.cursor >= self.now or draft.answered_at is None:
            self.unfinished.append(plan)
            return
        draft.count_work(self.rota, plan.channel)
        ending = self._ending(plan)
        last_talk = max(part.ended_at for part in draft.segments if part.kind == SegmentKind.TALK)
        agents = [worker.user for worker in draft.workers]
        scene = Scene(
            plan.channel, plan.at, self._said_at(plan, draft), last_talk, agents, is_long=self.rng.random() < 0.05
        )
        messages = self.talk.messages(plan.issue, scene)
        past = Past(
            outcome=Outcome.HANDLED,
            closed_at=draft.cursor,
            first_answered_at=scene.answered_at,
            is_resolved=ending.is_resolved,
            disposition_id=self.centre.dispositions[ending.disposition].pk,
            segments=tuple(draft.segments),
            messages=messages,
        )
        key = self._record(plan, draft, past)
        annoyance = plan.issue.attempts * 0.9 + (0.7 if ending.comes_back else 0) + min(waited / 150, 1.2)
        annoyance += (draft.cursor - scene.ended_at).total_seconds() / 900 + max(len(agents) - 1, 0) * 0.5
        annoyance += self._work_so_far(draft) / 1500
        agent = agents[-1].name.split()[0]
        self.memories[key] = Memory(draft.cursor, annoyance, not ending.comes_back, agent)
        self._go_on(plan, draft.cursor, ending)

    @staticmethod
    def _work_so_far(draft: Draft) -> float:
        return sum((end - start).total_seconds() for _, start, end in draft.worked)

    @staticmethod
    def _said_at(plan: Plan, draft: Draft) -> datetime | None:
        """When the first answer reached the customer: at once on live channels, when written on the others."""
        if plan.channel in HOURS_OF:
            return draft.answered_at
        return next(part.ended_at for part in draft.segments if part.kind == SegmentKind.TALK)

    def _ending(self, plan: Plan) -> Ending:
        issue, rng = plan.issue, self.rng
        chance = issue.leaf["repeat"] * 0.8**issue.attempts
        if issue.reason in TROUBLED:
            chance *= 1.5 if self.demand.trouble(plan.at.date()) > 1 else 1.0
            chance *= 0.6 if self.demand.days_ago(plan.at.date()) < IMPROVED_DAYS else 1.0
        comes_back = issue.person is not None and rng.random() < chance
        is_resolved: bool | None = rng.choices([True, None, False], [24, 16, 60] if comes_back else [66, 29, 5])[0]
        if is_resolved is False:
            return Ending(is_resolved, rng.choice(["waiting_for_others", "not_solved"]), comes_back)
        if is_resolved is None:
            return Ending(is_resolved, "follow_up", comes_back)
        return Ending(is_resolved, rng.choice(["solved", "solved", "answered", "refunded"]), comes_back)

    def _go_on(self, plan: Plan, ended_at: datetime, ending: Ending) -> None:
        """The customer comes back, often elsewhere; or we owe an answer and give it."""
        issue, rng = plan.issue, self.rng
        issue.attempts += 1
        issue.last_at, issue.last_channel = ended_at, plan.channel
        if ending.comes_back and issue.person is not None:
            day = (ended_at + timedelta(days=rng.triangular(0.1, 6.5, 1.2))).date()
            switches = rng.random() < 0.42
            channel = self.demand.channel(issue.person, day, but=plan.channel) if switches else plan.channel
            self.plan(self.demand.moment(day, channel, after=ended_at), issue, channel)
        elif ending.is_resolved is False and rng.random() < 0.85 and issue.person is not None:
            self.plan(ended_at + timedelta(hours=rng.uniform(14, 60)), issue, Channel.EMAIL, is_outbound=True)

    def _follow_up(self, plan: Plan) -> None:
        """We write by ourselves, as promised."""
        draft = Draft(plan.at, self.centre.queues["E-mail and forms"])
        found = self.rota.pick("E-mail desk", plan.at, is_live=False)
        if found is None:
            return
        draft.cursor = found[1]
        begins = draft.cursor
        draft.stretch(SegmentKind.TALK, self.rng.uniform(90, 300), worker=found[0])
        if draft.cursor >= self.now:
            return
        draft.count_work(self.rota, plan.channel)
        plan.issue.details["agent"] = found[0].user.name.split()[0]
        said = PastMessage(
            author_kind=AuthorKind.AGENT,
            body=FOLLOW_UP.format_map(plan.issue.details),
            sent_at=draft.cursor,
            author_id=found[0].user.pk,
        )
        past = Past(
            outcome=Outcome.HANDLED,
            closed_at=draft.cursor,
            first_answered_at=begins,
            is_resolved=True,
            disposition_id=self.centre.dispositions["solved"].pk,
            segments=tuple(draft.segments),
            messages=(said,),
        )
        plan.at = begins
        self._record(plan, draft, past)

    # Telling

    def _queue_of(self, plan: Plan) -> Queue:
        """The queue of the inbox; calls about money and whoever comes for the third time go to specialists."""
        is_open = 8 <= plan.at.hour < 17 and plan.at.weekday() < 5
        if plan.issue.leaf.get("queue") == "Billing" and plan.channel != Channel.CHAT and is_open:
            return self.centre.queues["Billing"]
        if plan.issue.attempts >= 2 and is_open and plan.channel != Channel.CHAT:
            return self.centre.queues["Escalations"]
        queue = self.centre.inboxes[plan.channel].default_queue
        return queue or self.centre.queues["Phone"]

    def _record(self, plan: Plan, draft: Draft, past: Past) -> str:
        contact = self.contact(plan, past=past)
        is_spam = past.outcome == Outcome.NOT_A_CONTACT
        agent_id = draft.workers[-1].user.pk if draft.workers else None
        changes = {
            "queue_id": draft.queue.pk,
            "team_id": draft.queue.team_id,
            "agent_id": agent_id,
            "reason_id": None if is_spam or self._is_left_open(past) else contact.reason_id,
        }
        self.contacts.append(InboundContact(**(vars(contact) | changes)))
        return contact.external_id

    def _is_left_open(self, past: Past) -> bool:
        """Nobody knows what those wanted who hung up; now and then an agent forgets to say."""
        return past.outcome == Outcome.ABANDONED or self.rng.random() < 0.03

    def contact(self, plan: Plan, *, past: Past | None = None, body: str = "") -> InboundContact:
        """A contact as its door would tell it."""
        issue, person = plan.issue, plan.issue.person
        if plan.channel == Channel.EMAIL and not issue.thread:
            issue.thread = f"<{issue.details['order'].lower()}.{plan.number}@mail.example>"
        has_subject = plan.channel in {Channel.EMAIL, Channel.WEB_FORM}
        return InboundContact(
            inbox_id=self.centre.inboxes[plan.channel].pk,
            channel=plan.channel,
            external_id=f"demo-{plan.number}",
            occurred_at=plan.at,
            identity=claim(plan, is_vague=plan.number % 11 == 0),
            customer_name=person.name if person else "",
            language=person.language if person else "",
            subject=self.talk.subject(issue) if has_subject else "",
            body=body,
            thread_token=issue.thread if plan.channel == Channel.EMAIL else "",
            reason_id=self.centre.reasons[issue.reason].pk,
            priority=min(issue.attempts, 2),
            direction=Direction.OUTBOUND if plan.is_outbound else Direction.INBOUND,
            past=past,
        )


def _team_of(queue: Queue) -> str:
    return QUEUES[queue.name][0]
