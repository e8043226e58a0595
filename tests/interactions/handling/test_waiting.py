"""Pending, snoozed, wrapped up: what comes back to its agent, when, and what the server ends by itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.pumping import pump
from ccx.kernel.events.running import run_reader
from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome, SegmentKind
from interactions.handling import services
from interactions.handling.errors import (
    ContactHasNoCaseError,
    MomentIsOverError,
    MoveIsNotAllowedError,
    WrapUpWasFinishedError,
)
from interactions.handling.readers import COMING_BACK, OFFERS
from interactions.handling.services import After
from interactions.models import Case, Disposition, Interaction, Message, Offer, Promise, Segment
from tests.factories.contacts import Centre
from tests.factories.desks import arrive, pretend_mail, reply, sit_down, soon


@pytest.fixture(autouse=True)
def senders() -> Iterator[None]:
    with pretend_mail():
        yield


def the(number: int) -> Interaction:
    return Interaction.objects.get(pk=number)


def running(number: int) -> list[int]:
    return list(Segment.objects.filter(interaction_id=number, ended_at=None).values_list("kind", flat=True))


def a_pending_one(centre: Centre) -> int:
    number = arrive(centre.email, thread_token="t")
    reply(number, centre.alice, then=After.WAIT)
    return number


def test_a_customer_who_writes_gets_their_agent_back(centre: Centre) -> None:
    sit_down(centre.alice)
    number = a_pending_one(centre)
    assert (the(number).status, running(number)) == (InteractionStatus.PENDING, [])

    assert arrive(centre.email, "c2", thread_token="t") == number
    pump(readers=[COMING_BACK, OFFERS])

    assert (the(number).status, the(number).agent) == (InteractionStatus.WAITING, centre.alice)
    assert running(number) == [SegmentKind.QUEUE]
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    assert running(number) == [SegmentKind.TALK]


def test_a_pending_thread_goes_on_behind_a_later_one_that_is_over(centre: Centre) -> None:
    pending = a_pending_one(centre)
    later = Interaction.objects.create(
        inbox=centre.email,
        channel=centre.email.channel,
        thread_token="t",
        status="closed",
        outcome=Outcome.HANDLED,
        started_at=soon(minutes=1),
        closed_at=soon(minutes=2),
    )

    assert arrive(centre.email, "c3", thread_token="t") == pending != later.pk


def test_what_was_heard_already_and_answered_does_not_come_back_again(centre: Centre) -> None:
    number = a_pending_one(centre)
    arrive(centre.email, "c2", thread_token="t")
    heard = Message.objects.latest("pk").pk
    assert services.hear_customer(interaction_id=number, message_id=heard)
    reply(number, centre.alice, then=After.WAIT)

    assert not services.hear_customer(interaction_id=number, message_id=heard)
    assert the(number).status == InteractionStatus.PENDING


def test_a_reply_taken_back_does_not_count_as_the_answer(centre: Centre) -> None:
    number = a_pending_one(centre)
    arrive(centre.email, "c2", thread_token="t")
    heard = Message.objects.latest("pk").pk
    said = reply(number, centre.alice)
    services.take_back(message_id=said.message.pk, by=centre.alice)
    services.wait_for_customer(interaction_id=number, by=centre.alice)

    assert services.hear_customer(interaction_id=number, message_id=heard)


def test_a_snoozed_contact_comes_back_at_its_moment_and_not_before(centre: Centre) -> None:
    number = a_pending_one(centre)
    with pytest.raises(MomentIsOverError):
        services.snooze_interaction(interaction_id=number, until=timezone.now(), by=centre.alice)
    services.snooze_interaction(interaction_id=number, until=soon(hours=2), by=centre.alice)

    assert services.wake_snoozed(soon(hours=1)) == 0
    assert services.wake_snoozed(soon(hours=3)) == 1

    found = the(number)
    assert (found.status, found.agent, found.snoozed_until) == ("waiting", centre.alice, None)
    assert Segment.objects.get(interaction_id=number, ended_at=None).started_at < soon(hours=2, minutes=1)
    assert services.wake_snoozed(soon(hours=3)) == 0


def test_a_wrap_up_ends_by_the_clock_and_is_marked_so(centre: Centre) -> None:
    centre.queue.wrap_up_seconds = 30
    centre.queue.save()
    number = arrive(centre.email, reason_id=centre.reason.pk)
    reply(number, centre.alice, then=After.WRAP_UP)
    due = the(number).wrap_up_ends_at
    assert due is not None

    assert services.end_overdue_wrap_ups(due - timedelta(seconds=1)) == 0
    assert services.end_overdue_wrap_ups(due + timedelta(minutes=5)) == 1

    found = the(number)
    assert (found.outcome, found.is_wrap_up_default, found.reason) == (Outcome.HANDLED, True, centre.reason)
    assert (found.closed_at, found.wrap_up_ends_at) == (due, None)
    assert Segment.objects.get(kind=SegmentKind.WRAP_UP).ended_at == due
    assert EventRow.objects.get(kind="interaction_closed").actor_id is None


def test_an_agent_who_takes_it_up_again_stops_the_clock(centre: Centre) -> None:
    number = arrive(centre.email)
    reply(number, centre.alice, then=After.WRAP_UP)

    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)

    assert services.end_overdue_wrap_ups(soon(hours=1)) == 0
    assert (the(number).status, the(number).wrap_up_ends_at) == (InteractionStatus.ACTIVE, None)


def test_what_there_was_no_time_to_say_can_be_said_once(centre: Centre) -> None:
    number = arrive(centre.email)
    reply(number, centre.alice, then=After.WRAP_UP)
    services.end_overdue_wrap_ups(soon(hours=1))
    assert Case.objects.get().status == CaseStatus.RESOLVED
    unsolved = Disposition.objects.create(code="u", name="Unsolved", is_resolved=False)
    told = {"interaction_id": number, "by": centre.alice}

    services.finish_wrap_up(disposition=unsolved, reason=centre.reason, was_avoidable=True, **told)

    found = the(number)
    assert (found.is_resolved, found.reason, found.was_avoidable) == (False, centre.reason, True)
    assert (found.is_wrap_up_default, Case.objects.get().status) == (False, CaseStatus.OPEN)
    with pytest.raises(WrapUpWasFinishedError):
        services.finish_wrap_up(is_resolved=True, **told)


def test_a_pending_contact_can_be_handed_over_and_counts_as_transferred(centre: Centre) -> None:
    number = a_pending_one(centre)

    services.transfer_interaction(interaction_id=number, to_queue=centre.queue, by=centre.alice)

    assert (the(number).status, the(number).agent, running(number)) == ("waiting", None, [SegmentKind.QUEUE])
    assert Segment.objects.filter(ended_by=3).count() == 1
    with pytest.raises(MoveIsNotAllowedError):
        services.wrap_up_interaction(interaction_id=number, by=centre.alice)


def test_events_of_the_log_make_offers_at_once(centre: Centre) -> None:
    run_reader(OFFERS)
    sit_down(centre.alice)
    arrive(centre.email)

    pump(readers=[OFFERS])

    assert Offer.objects.ringing().get().agent == centre.alice


def test_a_promise_is_made_in_a_case_and_kept_once(centre: Centre) -> None:
    number = arrive(centre.email)
    told = {"interaction_id": number, "by": centre.alice}
    with pytest.raises(MomentIsOverError):
        services.make_promise(body="Call back", due_at=soon(hours=-1), **told)

    promise = services.make_promise(body="Call back", due_at=soon(hours=1), **told)
    services.keep_promise(promise_id=promise.pk, by=centre.bob)
    kept = services.keep_promise(promise_id=promise.pk, by=centre.bob).kept_at

    assert (Promise.objects.get().kept_at, promise.case) == (kept, the(number).case)
    assert EventRow.objects.filter(kind="promise_kept").count() == 1
    Interaction.objects.update(case=None)
    with pytest.raises(ContactHasNoCaseError):
        services.make_promise(body="Call back", due_at=soon(hours=1), **told)
