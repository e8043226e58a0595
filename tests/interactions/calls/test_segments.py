"""All that is told of a call, in any order and twice, folds into the same stretches."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from interactions.calls.segments import CUSTOMER, Folded, Heard, fold
from interactions.cases.choices import SegmentClock, SegmentEnd, SegmentKind
from interactions.channels.voice.told import Told

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE, BOB, QUEUE, OTHER_QUEUE = 1, 2, 10, 11
PROVIDER, ARRIVAL, OURS = SegmentClock.PROVIDER, SegmentClock.ARRIVAL, SegmentClock.OURS


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def heard(kind: Told, seconds: float, leg: str = "", clock: SegmentClock = PROVIDER, **more: object) -> Heard:
    key = f"{kind}:{leg}:{seconds}"
    return Heard(kind=kind, key=key, at=at(seconds), clock=clock, leg=leg, **more)  # type: ignore[arg-type]


# A call with everything: menu, queue, a hold, a consultation, a transfer to a queue, somebody else, the end.
CALL = [
    heard(Told.BEGAN, 0, CUSTOMER, ARRIVAL),
    heard(Told.QUEUED, 20, clock=ARRIVAL, queue_id=QUEUE),
    heard(Told.DIALLED, 50, "A", agent_id=ALICE),
    heard(Told.ANSWERED, 53, "A", agent_id=ALICE),
    heard(Told.JOINED, 52, CUSTOMER),
    heard(Told.JOINED, 53, "A", agent_id=ALICE),
    heard(Told.DESK_HELD, 112, clock=OURS),
    heard(Told.HELD, 113, CUSTOMER),
    heard(Told.RESUMED, 143, CUSTOMER),
    heard(Told.TRANSFERRED, 203.6, clock=OURS, queue_id=OTHER_QUEUE),
    heard(Told.LEFT, 203, CUSTOMER),
    heard(Told.LEFT, 204, "A", agent_id=ALICE),
    heard(Told.LEG_ENDED, 204, "A", agent_id=ALICE),
    heard(Told.DIALLED, 220, "B", agent_id=BOB),
    heard(Told.JOINED, 224, CUSTOMER),
    heard(Told.JOINED, 225, "B", agent_id=BOB),
    heard(Told.LEFT, 300, CUSTOMER),
    heard(Told.LEG_ENDED, 300, CUSTOMER, reason="completed"),
    heard(Told.LEFT, 301, "B", agent_id=BOB),
    heard(Told.LEG_ENDED, 301, "B", agent_id=BOB),
]


def told(folded: Folded) -> list[tuple[SegmentKind, float, float | None, int | None]]:
    return [
        (
            one.kind,
            (one.started_at - START).total_seconds(),
            (one.ended_at - START).total_seconds() if one.ended_at else None,
            one.agent_id,
        )
        for one in folded.stretches
    ]


def test_a_whole_call_is_exact_to_the_second() -> None:
    found = fold(CALL)
    assert told(found) == [
        (SegmentKind.IVR, 0, 20, None),
        (SegmentKind.QUEUE, 20, 53, None),
        (SegmentKind.RING, 50, 53, ALICE),
        (SegmentKind.TALK, 53, 113, ALICE),
        (SegmentKind.HOLD, 113, 143, ALICE),
        (SegmentKind.TALK, 143, 203, ALICE),
        (SegmentKind.QUEUE, 203, 225, None),
        (SegmentKind.RING, 220, 225, BOB),
        (SegmentKind.TALK, 225, 300, BOB),
    ]
    assert found.answered_at == at(53)
    assert found.ended_at == at(300)


def test_each_stretch_names_the_clock_that_is_less_to_be_trusted() -> None:
    clocks = {(one.kind, one.started_at): one.clock for one in fold(CALL).stretches}
    assert clocks[SegmentKind.IVR, START] == ARRIVAL
    assert clocks[SegmentKind.QUEUE, at(20)] == ARRIVAL
    assert clocks[SegmentKind.TALK, at(53)] == PROVIDER
    assert clocks[SegmentKind.HOLD, at(113)] == PROVIDER


def test_a_transfer_ends_the_talk_of_who_gave_it_away() -> None:
    ends = {(one.kind, one.started_at): one.ended_by for one in fold(CALL).stretches}
    assert ends[SegmentKind.TALK, at(143)] == SegmentEnd.TRANSFER_QUEUE
    assert ends[SegmentKind.TALK, at(53)] == SegmentEnd.DONE
    assert ends[SegmentKind.TALK, at(225)] == SegmentEnd.DONE


@given(seed=st.integers(), again=st.lists(st.integers(0, len(CALL) - 1), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_order_and_any_repetition_fold_into_the_same(seed: int, again: list[int]) -> None:
    shuffled = [*CALL, *(CALL[number] for number in again)]
    random.Random(seed).shuffle(shuffled)
    assert fold(shuffled) == fold(CALL)


@given(kept=st.sets(st.integers(0, len(CALL) - 1)), skew=st.integers(-900, 900))
@settings(max_examples=200, deadline=None)
def test_no_stretch_is_negative_and_no_agent_in_two_at_once_whatever_is_missing(kept: set[int], skew: int) -> None:
    def skewed(one: Heard) -> Heard:
        if one.clock != PROVIDER:
            return one
        return Heard(**{**one.__dict__, "at": one.at + timedelta(seconds=skew)})

    stretches = fold([skewed(CALL[number]) for number in kept]).stretches
    for one in stretches:
        assert one.ended_at is None or one.ended_at > one.started_at
    for agent in (ALICE, BOB):
        own = [one for one in stretches if one.agent_id == agent]
        for before, after in pairwise(own):
            assert before.ended_at is not None
            assert before.ended_at <= after.started_at


def test_a_hold_of_the_desk_counts_until_the_telephone_tells_of_it() -> None:
    without = [one for one in CALL if one.kind != Told.HELD]
    holds = [one for one in fold(without).stretches if one.kind == SegmentKind.HOLD]
    assert [(one.started_at, one.clock) for one in holds] == [(at(112), OURS)]


def test_who_is_asked_during_a_hold_talks_while_the_owner_holds() -> None:
    found = fold(
        [
            heard(Told.BEGAN, 0, CUSTOMER, ARRIVAL),
            heard(Told.JOINED, 10, CUSTOMER),
            heard(Told.JOINED, 10, "A", agent_id=ALICE),
            heard(Told.HELD, 20, CUSTOMER),
            heard(Told.JOINED, 25, "B", agent_id=BOB),
            heard(Told.TRANSFERRED, 39, clock=OURS, agent_id=BOB),
            heard(Told.RESUMED, 40, CUSTOMER),
            heard(Told.LEFT, 41, "A", agent_id=ALICE),
            heard(Told.HELD, 50, CUSTOMER),
            heard(Told.LEG_ENDED, 60, CUSTOMER),
        ]
    )
    assert told(found) == [
        (SegmentKind.IVR, 0, 10, None),
        (SegmentKind.TALK, 10, 20, ALICE),
        (SegmentKind.HOLD, 20, 40, ALICE),
        (SegmentKind.TALK, 25, 50, BOB),
        (SegmentKind.TALK, 40, 41, ALICE),
        (SegmentKind.HOLD, 50, 60, BOB),
    ]
    ends = [one.ended_by for one in found.stretches if one.agent_id == ALICE]
    assert ends == [SegmentEnd.DONE, SegmentEnd.DONE, SegmentEnd.TRANSFER_AGENT]


def test_who_hangs_up_in_the_queue_has_left_it() -> None:
    found = fold(
        [
            heard(Told.BEGAN, 0, CUSTOMER, ARRIVAL),
            heard(Told.QUEUED, 5, clock=ARRIVAL, queue_id=QUEUE),
            heard(Told.LEG_ENDED, 9, CUSTOMER),
        ]
    )
    assert [(one.kind, one.ended_by) for one in found.stretches] == [
        (SegmentKind.IVR, SegmentEnd.DONE),
        (SegmentKind.QUEUE, SegmentEnd.CUSTOMER_LEFT),
    ]
    assert found.answered_at is None


def test_an_outbound_call_counts_from_when_both_are_there() -> None:
    found = fold(
        [
            heard(Told.BEGAN, 0, clock=OURS),
            heard(Told.DIALLED, 1, "A", agent_id=ALICE),
            heard(Told.JOINED, 4, "A", agent_id=ALICE),
            heard(Told.DIALLED, 5, CUSTOMER),
            heard(Told.JOINED, 15, CUSTOMER),
            heard(Told.LEG_ENDED, 75, CUSTOMER),
        ],
        is_outbound=True,
    )
    assert told(found) == [(SegmentKind.RING, 1, 4, ALICE), (SegmentKind.TALK, 15, 75, ALICE)]
