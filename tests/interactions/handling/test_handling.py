"""The moves of an interaction, the stretches they leave, and what they mean for the case."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from ccx.kernel.events.models import EventRow
from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome, SegmentEnd, SegmentKind
from interactions.customers.choices import Assurance
from interactions.handling import services
from interactions.handling.errors import (
    AnotherAgentHasItError,
    AnotherCustomersCaseError,
    CaseCannotFollowItselfError,
    CustomerIsOnTheLineError,
    InteractionIsClosedError,
    MomentIsTooEarlyError,
    MoveIsNotAllowedError,
    TransferNeedsOneTargetError,
)
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.intake.services import receive
from interactions.models import Case, ContactReason, Disposition, Interaction, Queue, Segment
from tests.factories.contacts import START, Centre, after, claim, contact, make_centre


def arrive(centre: Centre, external_id: str = "c1", **fields: Any) -> int:
    values = {"identity": claim()} | fields
    number = receive(contact=contact(centre.voice, external_id, **values), by_id=None).interaction_id
    assert number is not None
    return number


def stretches(interaction_id: int) -> list[tuple[Any, ...]]:
    rows = Segment.objects.filter(interaction_id=interaction_id).order_by("started_at", "id")
    return [
        (
            row.kind,
            row.agent_id,
            (row.started_at - START).seconds,
            row.ended_at and (row.ended_at - START).seconds,
            row.ended_by,
        )
        for row in rows
    ]


def kinds() -> list[str]:
    return list(EventRow.objects.order_by("id").values_list("kind", flat=True))


def test_a_call_from_the_queue_to_the_end_leaves_its_stretches(centre: Centre) -> None:
    number, alice = arrive(centre), centre.alice
    told = {"interaction_id": number, "by": alice}
    services.accept_interaction(agent=alice, at=after(seconds=10), **told)
    services.hold_interaction(at=after(seconds=20), **told)
    services.hold_interaction(at=after(seconds=21), **told)
    services.resume_interaction(at=after(seconds=30), **told)
    services.wrap_up_interaction(at=after(seconds=40), **told)
    closed = services.close_interaction(at=after(seconds=50), reason=centre.reason, **told)

    done = SegmentEnd.DONE
    assert stretches(number) == [
        (SegmentKind.QUEUE, None, 0, 10, done),
        (SegmentKind.TALK, alice.pk, 10, 20, done),
        (SegmentKind.HOLD, alice.pk, 20, 30, done),
        (SegmentKind.TALK, alice.pk, 30, 40, done),
        (SegmentKind.WRAP_UP, alice.pk, 40, 50, done),
    ]
    assert (closed.status, closed.outcome, closed.first_answered_at) == ("closed", Outcome.HANDLED, after(seconds=10))
    case = Case.objects.get()
    assert (case.status, case.resolved_at, case.reason) == (CaseStatus.RESOLVED, after(seconds=50), centre.reason)
    assert kinds()[3:] == ["interaction_changed"] * 4 + ["interaction_closed", "case_resolved"]


def test_a_transfer_to_a_queue_waits_there_and_names_who_ended_the_talk(centre: Centre) -> None:
    number = arrive(centre)
    second = Queue.objects.create(name="Second line")
    services.accept_interaction(interaction_id=number, agent=centre.alice, at=START, by=centre.alice)

    services.transfer_interaction(interaction_id=number, to_queue=second, at=after(seconds=5), by=centre.alice)
    services.accept_interaction(interaction_id=number, agent=centre.bob, at=after(seconds=9), by=centre.bob)

    assert stretches(number)[1:] == [
        (SegmentKind.TALK, centre.alice.pk, 0, 5, SegmentEnd.TRANSFER_QUEUE),
        (SegmentKind.QUEUE, None, 5, 9, SegmentEnd.DONE),
        (SegmentKind.TALK, centre.bob.pk, 9, None, None),
    ]
    interaction = Interaction.objects.get(pk=number)
    assert (interaction.queue, interaction.agent, interaction.first_answered_at) == (second, centre.bob, START)


def test_what_is_transferred_to_an_agent_only_that_agent_can_answer(centre: Centre) -> None:
    number = arrive(centre)
    services.accept_interaction(interaction_id=number, agent=centre.alice, at=START, by=None)
    services.transfer_interaction(interaction_id=number, to_agent=centre.bob, at=after(seconds=5), by=None)

    with pytest.raises(AnotherAgentHasItError):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)

    assert services.accept_interaction(interaction_id=number, agent=centre.bob, by=None).agent == centre.bob


def test_a_transfer_has_one_target(centre: Centre) -> None:
    number = arrive(centre)

    with pytest.raises(TransferNeedsOneTargetError):
        services.transfer_interaction(interaction_id=number, by=None)


def test_moves_that_make_no_sense_are_refused_and_change_nothing(centre: Centre) -> None:
    number = arrive(centre)
    before = stretches(number)

    for refused in (
        lambda: services.hold_interaction(interaction_id=number, by=None),
        lambda: services.wrap_up_interaction(interaction_id=number, by=None),
        lambda: services.snooze_interaction(interaction_id=number, until=after(hours=1), at=START, by=None),
        lambda: services.close_interaction(interaction_id=number, by=None),
    ):
        with pytest.raises((MoveIsNotAllowedError, CustomerIsOnTheLineError)):
            refused()
    with pytest.raises(MomentIsTooEarlyError):
        services.accept_interaction(interaction_id=number, agent=centre.alice, at=after(seconds=-1), by=None)

    assert stretches(number) == before
    assert Interaction.objects.get().status == InteractionStatus.WAITING


def test_a_closed_interaction_never_moves_again(centre: Centre) -> None:
    number = arrive(centre)
    services.abandon_interaction(interaction_id=number, by=None)

    with pytest.raises(InteractionIsClosedError):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)
    with pytest.raises(InteractionIsClosedError):
        services.close_interaction(interaction_id=number, by=None)


@pytest.mark.parametrize(
    ("assurance", "keeps"), [(Assurance.ATTESTED, True), (Assurance.CLAIMED, False)], ids=["known", "unknown"]
)
def test_who_hangs_up_keeps_an_open_case_only_when_known(centre: Centre, assurance: int, keeps: bool) -> None:
    number = arrive(centre, identity=claim(assurance=assurance))

    services.abandon_interaction(interaction_id=number, at=after(seconds=9), by=None)

    interaction = Interaction.objects.get(pk=number)
    assert (interaction.outcome, interaction.case is not None) == (Outcome.ABANDONED, keeps)
    assert Case.objects.get().status == (CaseStatus.OPEN if keeps else CaseStatus.RESOLVED)
    assert stretches(number) == [(SegmentKind.QUEUE, None, 0, 9, SegmentEnd.CUSTOMER_LEFT)]


@pytest.mark.parametrize(
    ("said", "means", "resolved"), [(None, None, True), (None, False, False), (False, True, False), (True, False, True)]
)
def test_the_agent_and_then_the_disposition_say_whether_it_is_resolved(
    centre: Centre, said: bool | None, means: bool | None, resolved: bool
) -> None:
    number = arrive(centre)
    disposition = Disposition.objects.create(code="d", name="D", is_resolved=means)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)

    services.close_interaction(interaction_id=number, is_resolved=said, disposition=disposition, by=None)

    assert (Case.objects.get().status == CaseStatus.RESOLVED) is resolved


def test_a_case_is_not_resolved_while_another_interaction_runs_on_it(centre: Centre) -> None:
    first, second = arrive(centre, "c1"), arrive(centre, "c2")
    for number in (first, second):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)

    services.close_interaction(interaction_id=first, by=None)
    assert Case.objects.get().status == CaseStatus.OPEN

    services.close_interaction(interaction_id=second, by=None)
    assert Case.objects.get().status == CaseStatus.RESOLVED


def test_a_corrected_reason_is_told_with_both(centre: Centre) -> None:
    number = arrive(centre, reason_id=centre.reason.pk)
    other = ContactReason.objects.create(code="parcel", name="Parcel")

    services.correct_reason(interaction_id=number, reason=other, by=centre.alice)

    assert Interaction.objects.get().reason == other
    assert Case.objects.get().reason == other
    event = EventRow.objects.get(kind="reason_corrected")
    assert event.data == {"from_reason_id": centre.reason.pk, "to_reason_id": other.pk}


def test_a_split_gives_an_interaction_a_case_of_its_own(centre: Centre) -> None:
    first = arrive(centre, "c1")
    second = arrive(centre, "c2", occurred_at=after(hours=1))
    shared = Interaction.objects.get(pk=first).case_id

    moved = services.move_interaction(interaction_id=second, by=centre.alice)

    assert moved.case is not None
    assert moved.case_id != shared
    assert (moved.is_case_assumed, moved.case.opened_at) == (False, after(hours=1))
    assert EventRow.objects.get(kind="interaction_moved").data == {"from_case_id": shared}


def test_a_case_that_is_left_empty_is_over_and_the_earlier_start_moves_along(centre: Centre) -> None:
    early = arrive(centre, "c1", identity=claim(assurance=1))
    late = arrive(centre, "c2", identity=claim(assurance=1), occurred_at=after(hours=1))
    left, into = (Interaction.objects.get(pk=number).case_id for number in (early, late))

    services.move_interaction(interaction_id=early, to_case_id=into, by=None)

    assert Case.objects.get(pk=left).status == CaseStatus.RESOLVED
    assert Case.objects.get(pk=into).opened_at == START


def test_an_interaction_does_not_move_into_another_customers_case(centre: Centre) -> None:
    ours = arrive(centre, "c1")
    theirs = arrive(centre, "c2", identity=claim("bea@example.test"))
    case_id = Interaction.objects.get(pk=theirs).case_id

    with pytest.raises(AnotherCustomersCaseError):
        services.move_interaction(interaction_id=ours, to_case_id=case_id, by=None)


def test_cases_are_linked_and_unlinked_but_never_in_a_circle(centre: Centre) -> None:
    one, two = (
        Interaction.objects.get(pk=arrive(centre, name, identity=claim(assurance=1))).case_id for name in ("c1", "c2")
    )
    assert one is not None
    assert two is not None
    services.link_cases(case_id=two, follows_id=one, by=None)

    with pytest.raises(CaseCannotFollowItselfError):
        services.link_cases(case_id=one, follows_id=two, by=None)
    with pytest.raises(CaseCannotFollowItselfError):
        services.link_cases(case_id=one, follows_id=one, by=None)

    services.link_cases(case_id=two, follows_id=None, by=None)
    linked = EventRow.objects.filter(kind="case_linked").order_by("id").values_list("data", flat=True)
    assert list(linked) == [{"follows_id": one, "before_id": None}, {"follows_id": None, "before_id": one}]


def test_presence_is_one_state_at_a_time(centre: Centre) -> None:
    told = {"agent": centre.alice, "by": centre.alice}
    services.set_presence(state=PresenceState.AVAILABLE, at=START, **told)
    services.set_presence(state=PresenceState.AVAILABLE, at=after(hours=1), **told)
    services.set_presence(state=PresenceState.BREAK, reason_code="lunch", at=after(hours=2), **told)

    with pytest.raises(MomentIsTooEarlyError):
        services.set_presence(state=PresenceState.AVAILABLE, at=after(hours=1), **told)

    spans = PresenceSpan.objects.order_by("started_at").values_list("state", "started_at", "ended_at")
    assert list(spans) == [("available", START, after(hours=2)), ("break", after(hours=2), None)]
    assert kinds() == ["presence_changed"] * 2


def test_of_two_agents_who_answer_at_once_one_gets_it(transactional_db: None) -> None:
    centre = make_centre()
    number = arrive(centre)

    def answer(agent: Any) -> bool:
        try:
            services.accept_interaction(interaction_id=number, agent=agent, by=agent)
        except AnotherAgentHasItError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(answer, [centre.alice, centre.bob]))

    assert sorted(answers) == [False, True]
    assert Segment.objects.filter(kind=SegmentKind.TALK).count() == 1
