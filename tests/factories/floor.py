"""What the people of a small centre do with its contacts, each deed told by two small numbers."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from ccx.kernel.models import User
from interactions.cases.choices import Outcome
from interactions.handling import services as handling
from interactions.handling.models import PresenceState, Sending, SendingState
from interactions.handling.services import After
from interactions.handling.settling import settle_sending
from interactions.models import ContactReason, Interaction, Message, Offer, Queue
from tests.factories.desks import pretend_mail, reply


class Floor:
    """Agents, their queues, and a clock that whoever tells the history moves."""

    now: datetime
    queues: list[Queue]
    agents: list[User]
    boss: User
    reasons: list[ContactReason | None]

    # Who and what.

    def an_interaction(self, about: int) -> int:
        """One of the newest dozen."""
        newest = list(Interaction.objects.order_by("-pk").values_list("pk", flat=True)[:12])
        return newest[about % len(newest)] if newest else 0

    def a_running_one(self, about: int) -> int:
        running = list(Interaction.objects.filter(closed_at=None).order_by("-pk").values_list("pk", flat=True)[:4])
        return running[about % len(running)] if running else 0

    def a_row(self, model: Any, about: int) -> int:
        rows = list(
            (model if isinstance(model, QuerySet) else model.objects.all()).order_by("pk").values_list("pk", flat=True)
        )
        return rows[about % len(rows)] if rows else 0

    def agent(self, how: int) -> User:
        return self.agents[how % len(self.agents)]

    def reason(self, how: int) -> ContactReason | None:
        return self.reasons[how % len(self.reasons)]

    # And are handled.

    def answer(self, about: int, how: int) -> None:
        handling.accept_interaction(
            interaction_id=self.a_running_one(about), agent=self.agent(how), at=self.now, by=self.boss
        )

    def hold(self, about: int, how: int) -> None:
        told = {"interaction_id": self.a_running_one(about), "at": self.now, "by": self.boss}
        if how % 2:
            handling.resume_interaction(**told)
        else:
            handling.hold_interaction(**told)

    def transfer(self, about: int, how: int) -> None:
        to: dict[str, Any] = {"to_agent": self.agent(how)} if how % 2 else {"to_queue": self.queues[how // 2 % 2]}
        handling.transfer_interaction(interaction_id=self.a_running_one(about), at=self.now, by=self.boss, **to)

    def wrap_up(self, about: int, how: int) -> None:
        handling.wrap_up_interaction(interaction_id=self.a_running_one(about), at=self.now, by=self.boss)

    def close(self, about: int, how: int) -> None:
        number = self.a_running_one(about)
        answered = Interaction.objects.filter(pk=number, first_answered_at__isnull=False).exists()
        unanswered = (Outcome.FLOW_OUT, Outcome.CALLBACK, Outcome.SELF_SERVED, Outcome.NOT_A_CONTACT)
        handling.close_interaction(
            interaction_id=number,
            outcome=Outcome.HANDLED if answered else unanswered[how % 4],
            is_resolved=(None, True, False)[how % 3],
            reason=self.reason(how // 3),
            was_avoidable=(None, True, False)[about % 3],
            at=self.now,
            by=self.boss,
        )

    def abandon(self, about: int, how: int) -> None:
        handling.abandon_interaction(interaction_id=self.a_running_one(about), at=self.now, by=self.boss)

    def say(self, about: int, how: int) -> None:
        agent = self.agent(how)
        saying = handling.Saying(author_kind="agent", body="We look into it.", sent_at=self.now)
        handling.add_message(interaction_id=self.a_running_one(about), saying=saying, by=agent)

    def reply(self, about: int, how: int) -> None:
        number, agent = self.a_running_one(about), self.agent(how)
        with pretend_mail():
            reply(number, agent, then=list(After)[how % 3], at=self.now)

    def put_off(self, about: int, how: int) -> None:
        told = {"interaction_id": self.a_running_one(about), "at": self.now, "by": self.boss}
        if how % 2:
            handling.snooze_interaction(until=self.now + timedelta(minutes=1 + how * 7), **told)
        else:
            handling.wait_for_customer(**told)

    def take_back(self, about: int, how: int) -> None:
        message = Message.objects.get(pk=self.a_row(Message.objects.filter(sending__state="queued"), about))
        handling.take_back(message_id=message.pk, by=message.author, at=self.now)

    def fail_to_send(self, about: int, how: int) -> None:
        Sending.objects.filter(state="queued").update(state="sending")
        number = self.a_row(Message.objects.filter(sending__state="sending"), about)
        settle_sending(message_id=number, state=SendingState.FAILED, at=self.now)

    def hear_customers(self, about: int, how: int) -> None:
        """What the reader does with what customers say in contacts that wait for it."""
        for message in Message.objects.filter(author_kind="customer", interaction__status="pending").order_by("pk"):
            handling.hear_customer(interaction_id=message.interaction_id, message_id=message.pk)

    def let_time_pass(self, about: int, how: int) -> None:
        handling.end_overdue_wrap_ups(self.now)
        handling.wake_snoozed(self.now)

    def offer(self, about: int, how: int) -> None:
        handling.hear_agent(agent=self.agent(how), now=self.now)
        handling.set_presence(agent=self.agent(how), state=PresenceState.AVAILABLE, at=self.now, by=self.boss)
        handling.offer_waiting_work(now=self.now)

    def decline(self, about: int, how: int) -> None:
        offer = Offer.objects.ringing().get(pk=self.a_row(Offer.objects.ringing(), about))
        if how % 2:
            handling.decline_offer(offer_id=offer.pk, by=offer.agent, at=self.now)
        else:
            handling.accept_interaction(
                interaction_id=offer.interaction_id, agent=offer.agent, at=self.now, by=offer.agent
            )

    def finish(self, about: int, how: int) -> None:
        """Say afterwards what there was no time to say."""
        handling.finish_wrap_up(
            interaction_id=self.a_row(Interaction.objects.filter(is_wrap_up_default=True), about),
            is_resolved=(None, True, False)[how % 3],
            reason=self.reason(how // 3),
            was_avoidable=(None, True, False)[about % 3],
            by=self.boss,
            at=self.now,
        )

    def presence(self, about: int, how: int) -> None:
        state = list(PresenceState)[how % 4]
        handling.set_presence(agent=self.agent(about), state=state, at=self.now, by=self.boss)
