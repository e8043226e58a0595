"""Histories of a small centre, told step by step through the real services: for tests of what they add up to.

A step is four small numbers: which deed, whom or what it is about, how, and how much later. The same steps tell the
same history; what a service refuses did not happen.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.utils import timezone

from analytics.rollups.audit import count_differing_facts
from analytics.rollups.reader import FACTS
from ccx.kernel.errors import DomainError
from ccx.kernel.events import pumping
from ccx.kernel.events.log import announce
from ccx.kernel.events.models import ReaderPosition
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events
from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import Role
from ccx.kernel.people.services.accounts import change_person
from feedback.models import Invitation, Survey
from feedback.surveys.services import record_response
from interactions.cases.choices import Direction, Outcome, SegmentEnd, SegmentKind
from interactions.cases.events import InteractionChanged
from interactions.cases.services.reasons import save_reason
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastSegment
from interactions.channels.services import save_line
from interactions.customers.services import attest_identity, erase_customer, merge_customers, undo_merge
from interactions.handling import services as handling
from interactions.intake.services import receive, receive_many
from interactions.models import (
    Case,
    ContactReason,
    Customer,
    CustomerMerge,
    HistorySource,
    Identity,
    Inbox,
    Interaction,
    Queue,
    ServiceTarget,
)
from interactions.routing.services import remove_targets, save_target
from journeys.models import CostRate
from journeys.ownership.services.rates import remove_cost_rate, set_cost_rate
from tests.factories.floor import Floor

# Seconds between two deeds: close together, around the edges of folding and switching, and now and then far apart.
GAPS = (0, 1, 7, 19, 40, 90, 300, 600, 899, 901, 3600, 5 * 3600, 23 * 3600, 71 * 3600, 73 * 3600, 8 * 86400)
# Most deeds follow the last one soon.
SOON = 10
HANDLE = (0, 3, 20, 61, 600, 4000, 30 * 3600)


class History(Floor):
    """One centre and its clock. `tell` takes steps; `everyone` of its lists is chosen from by number."""

    def __init__(self, start: datetime | None = None) -> None:
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.now = start or midnight - timedelta(days=70)
        self.number = 0
        self.told: list[InboundContact] = []
        teams = [Team.objects.create(name=name) for name in ("First line", "Second line")]
        self.queues = [Queue.objects.create(name=f"Queue of {team.name}", team=team) for team in teams]
        self.agents = [
            User.objects.create(email=f"agent{n}@example.test", name=f"Agent {n}", team=teams[n % 2]) for n in range(3)
        ]
        self.boss = User.objects.create(email="boss@example.test", name="Boss", role="administrator")
        zones = {Channel.VOICE: "", Channel.CHAT: "America/New_York", Channel.EMAIL: "Asia/Tokyo"}
        self.lines = [
            Inbox.objects.create(name=f"{channel.slug} line", channel=channel, time_zone=zone, default_queue=queue)
            for (channel, zone), queue in zip(zones.items(), [*self.queues, None], strict=True)
        ]
        root = ContactReason.objects.create(code="money", name="Money")
        self.reasons: list[ContactReason | None] = [
            ContactReason.objects.create(code="bill", name="Bill", parent=root, resolution_window_days=30),
            ContactReason.objects.create(code="refund", name="Refund", parent=root, resolution_window_days=3),
            ContactReason.objects.create(code="login", name="Login"),
            root,
            None,
        ]
        self.source = HistorySource.objects.create(
            name="Old system",
            time_zone="UTC",
            covered_from=self.now.date(),
            covered_until=self.now.date() + timedelta(days=60),
        )
        ServiceTarget.objects.create(queue=self.queues[0], valid_from=self.now, answer_within_seconds=30)
        ServiceTarget.objects.create(
            channel=Channel.CHAT, valid_from=self.now + timedelta(days=5), short_abandon_seconds=10
        )
        CostRate.objects.create(valid_from=self.now, per_hour="42.50", per_contact="0.35")
        CostRate.objects.create(
            channel=Channel.VOICE, valid_from=self.now + timedelta(days=3), per_hour="61.20", per_contact="0.80"
        )
        self.inquiry = Survey.objects.create(name="After a contact")
        self.deeds: tuple[Callable[[int, int], object], ...] = (
            self.write_in, self.write_in, self.write_in, self.call_again, self.import_some, self.import_some,
            self.answer, self.answer, self.answer, self.hold, self.abandon, self.transfer, self.wrap_up,
            self.close, self.close, self.close, self.abandon, self.say, self.correct_reason, self.move, self.link,
            self.attest, self.merge, self.undo, self.erase, self.survey, self.survey, self.presence, self.presence,
            self.pump, self.pump, self.replay, self.change_reason, self.change_rate, self.repeat_event,
            self.import_some, self.import_some, self.hold, self.reply, self.reply, self.put_off, self.take_back,
            self.let_time_pass, self.hear_customers, self.offer, self.decline, self.finish, self.fail_to_send,
            self.change_target, self.change_zone, self.change_team,
        )  # fmt: skip

    def tell(self, steps: list[tuple[int, int, int, int]]) -> None:
        """Do these deeds one after another."""
        for deed, about, how, gap in steps:
            self.now += timedelta(seconds=GAPS[gap % len(GAPS) if gap < 2 * len(GAPS) else gap % SOON])
            try:
                self.deeds[deed % len(self.deeds)](about, how)
            except (DomainError, IntegrityError, ObjectDoesNotExist):
                continue

    def _contact(self, about: int, how: int, **more: Any) -> InboundContact:
        self.number += 1
        line = self.lines[about % 3]
        who = (about // 3) % 4
        assurance = 1 + (how % 4 != 0) + (how % 7 == 0)
        claim = IdentityClaim(kind="email", value=f"c{who}@example.test", assurance=assurance, source="test")
        reason = self.reason(how // 3)
        fields: dict[str, Any] = {
            "occurred_at": self.now,
            "identity": claim if who < 3 else None,
            "reason_id": reason.pk if reason else None,
            "thread_token": f"t{who}{how % 2}" if how % 3 == 0 else "",
        }
        return InboundContact(inbox_id=line.pk, channel=line.channel, external_id=f"x{self.number}", **fields | more)

    # Contacts come in.

    def write_in(self, about: int, how: int) -> None:
        late = timedelta(hours=how % 40) if how % 6 == 0 else timedelta()
        contact = self._contact(about, how, occurred_at=self.now - late)
        self.told.append(contact)
        receive(contact=contact, by_id=None)

    def call_again(self, about: int, how: int) -> None:
        """The same delivery once more."""
        if self.told:
            receive(contact=self.told[about % len(self.told)], by_id=None)

    def import_some(self, about: int, how: int) -> None:
        """A few contacts of the past at once, in any order, some of them told before."""
        contacts = [self._a_past_one(about + 5 * n, how + 3 * n) for n in range(1 + how % 4)]
        if how % 5 == 0 and self.told:
            contacts = [one for one in self.told if one.past is not None][-2:] + contacts
        self.told += contacts
        receive_many(contacts=contacts[::-1], by_id=None, mode="history")

    def _a_past_one(self, about: int, how: int) -> InboundContact:
        outcome = list(Outcome)[(about + how) % 9 % 6]
        start = self.now - timedelta(hours=(how * 7) % 300)
        queued = start + timedelta(seconds=HANDLE[how % 6])
        talked = queued + timedelta(seconds=HANDLE[about % 7])
        end = talked + timedelta(seconds=HANDLE[how % 3])
        is_known = how % 8 != 7
        waits = PastSegment(
            kind=SegmentKind.QUEUE, started_at=start, ended_at=queued, is_duration_known=is_known,
            ended_by=SegmentEnd.TRANSFER_QUEUE if how % 5 == 4 else SegmentEnd.DONE,
        )  # fmt: skip
        agent = self.agent(how).pk if about % 4 else None
        talks = PastSegment(
            kind=SegmentKind.TALK, started_at=queued, ended_at=talked, agent_id=agent, is_duration_known=about % 6 != 5
        )
        wraps = PastSegment(kind=SegmentKind.WRAP_UP, started_at=talked, ended_at=end, agent_id=agent)
        is_handled = outcome == Outcome.HANDLED
        past = Past(
            outcome=outcome,
            closed_at=end,
            first_answered_at=queued if is_handled else None,
            is_resolved=(None, True, False)[how % 3],
            segments=(waits, talks, wraps) if is_handled else (waits,),
            source_id=self.source.pk if how % 2 else None,
        )
        return self._contact(
            about, how, occurred_at=start, past=past, agent_id=agent if is_handled else None,
            queue_id=self.queues[how % 2].pk if how % 3 else None,
            direction=Direction.OUTBOUND if how % 11 == 10 else Direction.INBOUND,
            case_key=f"k{how % 4}" if about % 5 == 0 else "",
        )  # fmt: skip

    # People put right what was assumed.

    def correct_reason(self, about: int, how: int) -> None:
        handling.correct_reason(interaction_id=self.an_interaction(about), reason=self.reason(how), by=self.boss)

    def move(self, about: int, how: int) -> None:
        to = self.a_row(Case, how) if how % 3 else None
        handling.move_interaction(interaction_id=self.an_interaction(about), to_case_id=to, at=self.now, by=self.boss)

    def link(self, about: int, how: int) -> None:
        """Two cases of one customer, or no link any more."""
        case = Case.objects.filter(pk=self.a_row(Case, about)).first()
        if case is None:
            return
        others = list(Case.objects.filter(customer_id=case.customer_id).exclude(pk=case.pk).order_by("pk"))
        earlier = others[how % len(others)].pk if others and how % 4 else None
        handling.link_cases(case_id=case.pk, follows_id=earlier, by=self.boss)

    def change_reason(self, about: int, how: int) -> None:
        """Another window or another parent: everything counted by it is counted anew."""
        reason = self.reasons[about % 3]
        assert reason is not None
        reason.resolution_window_days = (1, 3, 7, 30)[how % 4]
        reason.parent = self.reasons[3] if how % 2 else None
        save_reason(reason=reason, by=self.boss)

    def change_rate(self, about: int, how: int) -> None:
        """What contacts cost from a day on that lies before some of them; or no rate of that day any more."""
        channel = (None, Channel.VOICE, Channel.EMAIL)[about % 3]
        if how % 5 == 0:
            remove_cost_rate(rate_id=self.a_row(CostRate, about), is_past_meant=True, by=self.boss)
            return
        amounts = (Decimal(20 + how % 40), Decimal(how % 3) / 2)
        day = (self.now - timedelta(days=how % 9)).date()
        set_cost_rate(channel=channel, from_day=day, amounts=amounts, is_past_meant=True, by=self.boss)

    def change_target(self, about: int, how: int) -> None:
        """Another promise from a moment that lies before some contacts; or that promise never held."""
        target = ServiceTarget.objects.filter(pk=self.a_row(ServiceTarget, about)).first()
        if how % 7 == 0 and target is not None:
            remove_targets(target_ids=[target.pk], by=self.boss)
            return
        if target is None or how % 3 == 0:
            target = ServiceTarget(queue=(None, *self.queues)[about % 3], channel=(None, Channel.VOICE)[how % 2])
        target.valid_from = self.now - timedelta(hours=how % 90)
        target.answer_within_seconds, target.short_abandon_seconds = 1 + how % 60, how % 11
        save_target(target=target, by=self.boss)

    def change_zone(self, about: int, how: int) -> None:
        """A line's clocks stand elsewhere: its days are others."""
        zone = ("", "America/New_York", "Asia/Tokyo", "Pacific/Auckland")[how % 4]
        save_line(inbox_id=self.lines[about % 3].pk, values={"time_zone": zone}, by=self.boss)

    def change_team(self, about: int, how: int) -> None:
        """An agent goes to the other team, or to none."""
        agent = self.agent(about)
        team = (*Team.objects.order_by("pk"), None)[how % 3]
        change_person(user_id=agent.pk, email=agent.email, name=agent.name, role=Role.AGENT, team=team, by=self.boss)

    # Who it was turns out later.

    def attest(self, about: int, how: int) -> None:
        if identity := self.a_row(Identity, about):
            attest_identity(identity_id=identity, assurance=2 + how % 2, source="test", by=self.boss)

    def merge(self, about: int, how: int) -> None:
        if Customer.objects.exists():
            merge_customers(survivor_id=self.a_row(Customer, about), merged_id=self.a_row(Customer, how), by=self.boss)

    def undo(self, about: int, how: int) -> None:
        if merge := self.a_row(CustomerMerge, about):
            undo_merge(merge_id=merge, by=self.boss)

    def erase(self, about: int, how: int) -> None:
        if how % 9 == 0 and Customer.objects.exists():
            erase_customer(customer_id=self.a_row(Customer, about), by=self.boss)

    # Surveys come late.

    def survey(self, about: int, how: int) -> None:
        answers: dict[str, Any] = {
            "csat": 1 + how % 5 if how % 4 else None,
            "ces": 1 + how % 7 if how % 3 else None,
            "nps": how % 11 if how % 5 else None,
            "is_resolved": (True, False, None)[how % 3],
        }
        interaction = Interaction.objects.filter(pk=self.an_interaction(about)).first()
        if interaction is not None and interaction.customer_id and how % 2:
            Invitation.objects.get_or_create(
                interaction=interaction,
                defaults={
                    "survey": self.inquiry,
                    "customer_id": interaction.customer_id,
                    "state": Invitation.State.SENT,
                    "due_at": self.now,
                    "sent_at": self.now,
                },
            )
        if interaction is not None:
            record_response(interaction=interaction, answers=answers, by=None, at=self.now)

    # The readers run when they run.

    def pump(self, about: int, how: int) -> None:
        """Batches of any size; `how` may stop the reader in the middle."""
        reader = replace(FACTS, batch_size=(1, 2, 3, 7, 2000)[about % 5])
        if how % 3:
            assert pumping.pump(readers=[reader], seconds=60)
            # Here and not only at the end: what comes later may put right what was overlooked.
            assert count_differing_facts() == 0
        else:
            number_events()
            run_reader(reader, max_batches=1 + how % 2)

    def replay(self, about: int, how: int) -> None:
        """Set the reader back by a few positions; by more, and what it had overlooked would be put right unseen."""
        place = ReaderPosition.objects.filter(name=FACTS.name).first()
        if place is not None:
            place.position = max(0, place.position - (1, 2, 5, 9)[how % 4])
            place.save()

    def repeat_event(self, about: int, how: int) -> None:
        """The same thing told twice."""
        with transaction.atomic():
            if number := self.an_interaction(about):
                announce(InteractionChanged(interaction_id=number, what="again"))

    def catch_up(self) -> None:
        """Let the reader take everything."""
        assert pumping.pump(readers=[FACTS], seconds=60)
