"""One call from the first ring to wrap-up, against our TwiML and REST orders, by the company's own clock."""

import random

import pytest

from analytics.models import Fact
from analytics.rollups.refresh import refresh_facts
from interactions.calls import services as calls
from interactions.calls.minding import fetch_recordings
from interactions.calls.models import Call, CallState, Recording
from interactions.cases.choices import InteractionStatus, Outcome, SegmentClock, SegmentEnd, SegmentKind
from interactions.handling import services as handling
from interactions.models import Interaction, Queue
from tests.factories.contacts import Centre
from tests.factories.telephones import CALLER, FLOW, a_line, stretches, the_call, workers
from tests.stand_ins.phone_company import Leg, Notice, PhoneCompany


def in_the_queue(company: PhoneCompany, centre: Centre, **settings: object) -> Leg:
    """A caller who chose the service after twenty seconds."""
    inbox = a_line(company, centre, flow=FLOW, **settings)
    leg = company.call(CALLER, inbox)
    company.tick(20)
    company.press(leg, "1")
    return leg


def talking(company: PhoneCompany, centre: Centre, *, after: int = 30) -> tuple[Leg, Leg]:
    """Alice took it after so many seconds, and her telephone two more."""
    workers(company)
    company.tick(after)
    interaction = the_call().interaction
    assert interaction is not None
    handling.accept_interaction(interaction_id=interaction.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.tick(2)
    agent = company.ringing("client:agent-")
    company.pick_up(agent)
    workers(company)
    return agent, company.legs[the_call().provider_id]


def reloaded(call: Call) -> Interaction:
    return Interaction.objects.get(pk=call.interaction_id)


def test_a_call_with_hold_transfer_and_recording_is_exact_to_the_second(  # noqa: PLR0915 - a whole story
    centre: Centre, company: PhoneCompany
) -> None:
    leg = in_the_queue(company, centre, recording="always", consent="This call is recorded.")
    billing = Queue.objects.create(name="Billing", team=centre.team)
    # What the caller heard: the announcement before all else, words escaped, then the place in the queue.
    assert leg.heard[:2] == ["This call is recorded.", "Welcome to Fernwood & Sons."]
    assert leg.heard[-2] == "You are number 1 in the queue."
    call = the_call()
    interaction = reloaded(call)
    assert (interaction.status, interaction.queue, call.state) == ("waiting", centre.queue, CallState.QUEUED)
    assert interaction.identity is not None
    assert interaction.identity.value == CALLER

    agent, customer = talking(company, centre)
    assert the_call().state == CallState.TALKING
    recording = Recording.objects.get()
    assert recording.state == Recording.State.RUNNING

    company.tick(60)
    calls.hold_call(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert customer.is_held
    company.tick(25)
    calls.resume_call(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert not customer.is_held

    company.tick(10)
    calls.transfer_call(interaction_id=interaction.pk, to_queue=billing, by=centre.alice, note="about the bill")
    workers(company)
    assert agent.is_over
    assert customer.queue is not None
    assert reloaded(call).queue == billing

    company.tick(40)
    handling.accept_interaction(interaction_id=interaction.pk, agent=centre.bob, by=centre.bob)
    workers(company)
    company.tick(3)
    bob = company.ringing("client:agent-")
    company.pick_up(bob)
    workers(company)
    company.tick(100)
    company.hang_up(customer)
    workers(company)
    assert reloaded(call).status == InteractionStatus.WRAP_UP
    assert bob.is_over
    company.tick(15)
    handling.close_interaction(interaction_id=interaction.pk, is_resolved=True, by=centre.bob)
    workers(company)
    company.finish_recording(recording.provider_id, 200)
    assert fetch_recordings() == 1

    ended = reloaded(call)
    assert stretches(ended) == [
        ("ivr", 20, ""),
        ("queue", 32, ""),
        ("ring", 2, "Alice"),
        ("talk", 60, "Alice"),
        ("hold", 25, "Alice"),
        ("talk", 10, "Alice"),
        ("queue", 43, ""),
        ("ring", 3, "Bob"),
        ("talk", 100, "Bob"),
        ("wrap_up", 15, "Bob"),
    ]
    clocks = {(row.kind, str(row.agent or "")): row.clock for row in ended.segments.select_related("agent")}
    assert clocks[SegmentKind.IVR, ""] == SegmentClock.ARRIVAL
    assert clocks[SegmentKind.TALK, "Bob"] == SegmentClock.PROVIDER
    assert clocks[SegmentKind.HOLD, "Alice"] == SegmentClock.PROVIDER
    assert clocks[SegmentKind.WRAP_UP, "Bob"] == SegmentClock.OURS
    assert ended.segments.get(kind=SegmentKind.TALK, ended_by=SegmentEnd.TRANSFER_QUEUE).agent == centre.alice
    refresh_facts([ended.pk])
    fact = Fact.objects.get(interaction_id=ended.pk)
    assert fact.handle_seconds == 60 + 25 + 10 + 100 + 15
    assert fact.wait_seconds == 32
    assert ended.outcome == Outcome.HANDLED
    call = the_call()
    assert (call.state, call.ended_at) == (CallState.ENDED, ended.segments.get(kind=SegmentKind.WRAP_UP).started_at)
    kept = Recording.objects.get()
    assert kept.state == Recording.State.KEPT
    with kept.file.open() as sound:
        assert sound.read().startswith(b"ID3")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_company_tells_late_twice_and_in_any_order_the_call_is_the_same(
    centre: Centre, company: PhoneCompany, seed: int
) -> None:
    leg = in_the_queue(company, centre)
    agent, customer = talking(company, centre)
    assert leg is customer
    company.delivers_at_once = False
    company.tick(60)
    handling.hold_interaction(interaction_id=the_call().interaction_id or 0, by=centre.alice)
    workers(company)
    company.tick(30)
    handling.resume_interaction(interaction_id=the_call().interaction_id or 0, by=centre.alice)
    workers(company)
    company.tick(45)
    company.hang_up(customer)
    company.hang_up(agent)
    company.tick(5)

    def mixed(notices: list[Notice]) -> list[Notice]:
        told = [*notices, *notices[::2]]
        random.Random(seed).shuffle(told)
        return told

    assert company.deliver(mixed) > 5
    workers(company)
    interaction = reloaded(the_call())
    assert interaction.status == InteractionStatus.WRAP_UP
    assert stretches(interaction)[:-1] == [
        ("ivr", 20, ""),
        ("queue", 32, ""),
        ("ring", 2, "Alice"),
        ("talk", 60, "Alice"),
        ("hold", 30, "Alice"),
        ("talk", 45, "Alice"),
    ]
