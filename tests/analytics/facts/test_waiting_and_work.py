"""Waiting, giving up, handling, and the targets that held when a contact arrived."""

import pytest
from django.test import Client

from ccx.kernel.models import User
from ccx.kernel.people.errors import NotAllowedError
from interactions.cases.choices import Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.handling.services import (
    accept_interaction,
    close_interaction,
    hold_interaction,
    resume_interaction,
    transfer_interaction,
    wrap_up_interaction,
)
from interactions.intake.services import receive
from interactions.models import Interaction, Queue, ServiceTarget
from interactions.routing.services import remove_targets, save_target
from tests.factories.contacts import claim, contact
from tests.factories.derived import assert_derived_is_true
from tests.factories.told import Line, Stretch, fact, later, measures

QUEUE, RING, TALK, HOLD, WRAP = (
    SegmentKind.QUEUE, SegmentKind.RING, SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.WRAP_UP,
)  # fmt: skip


def test_a_wait_is_all_queueing_up_to_the_first_transfer(line: Line) -> None:
    call = line.over(
        later(),
        Stretch(SegmentKind.IVR, 50),
        Stretch(QUEUE, 10),
        Stretch(RING, 5, ended_by=SegmentEnd.NOT_ANSWERED),
        Stretch(QUEUE, 20),
        Stretch(TALK, 60, ended_by=SegmentEnd.TRANSFER_QUEUE),
        Stretch(QUEUE, 300),
        Stretch(TALK, 30),
    )

    found = fact(call)
    assert (found.wait_seconds, found.transferred, found.answered_30, found.answered_20) == (30, 1, 1, 0)
    assert (found.talk_s, found.handle_s, found.answered_queued) == (90, 90, 1)


def test_who_never_queued_waited_nothing(line: Line) -> None:
    assert measures(line.over(), "wait_seconds", "answered_queued", "answered_20", "wait_answered_n") == (0, 0, 1, 1)


def test_a_wait_that_the_clock_spoiled_is_unknown_and_not_nothing(line: Line) -> None:
    call = line.over(later(), Stretch(QUEUE, 10, is_known=False), Stretch(TALK, 60))

    names = ("wait_seconds", "wait_answered_n", "live_answered", "answered_20", "answered_queued")
    assert measures(call, *names) == (None, 0, 1, 0, 1)


def test_an_unknown_stretch_of_work_leaves_the_handle_time_unknown(line: Line) -> None:
    call = line.over(later(), Stretch(TALK, 60), Stretch(WRAP, 10, is_known=False))

    assert measures(call, "handle_seconds", "handle_n", "talk_s", "handle_s", "answered") == (None, 0, 0, 0, 1)


@pytest.mark.parametrize(("seconds", "kept"), [(0, 0), (1, 1), (3600, 1), (3601, 0)])
def test_the_truncated_handle_time_keeps_one_second_to_one_hour(line: Line, seconds: int, kept: int) -> None:
    call = line.over(later(), Stretch(TALK, seconds))

    assert measures(call, "handle_n", "handle_s", "handle_cut_n") == (1, seconds, kept)


def test_a_call_told_live_adds_up_talk_hold_and_wrap_up(line: Line) -> None:
    received = receive(contact=contact(line.inbox(Channel.VOICE), "live", identity=claim(), occurred_at=later()),
                       by_id=None)  # fmt: skip
    told = {"interaction_id": received.interaction_id, "by": line.agent}
    accept_interaction(agent=line.agent, at=later(seconds=12), **told)
    running = fact(Interaction.objects.get())
    assert (running.answered, running.handle_n, running.wait_seconds, running.answered_20) == (1, 0, 12, 1)
    hold_interaction(at=later(seconds=20), **told)
    resume_interaction(at=later(seconds=50), **told)
    wrap_up_interaction(at=later(seconds=60), **told)
    close_interaction(at=later(seconds=75), **told)

    found = fact(Interaction.objects.get())
    assert (found.talk_s, found.hold_s, found.wrap_s, found.handle_seconds) == (18, 30, 15, 63)


def test_a_transfer_told_live_does_not_lengthen_the_wait(line: Line) -> None:
    received = receive(contact=contact(line.inbox(Channel.VOICE), "live", identity=claim(), occurred_at=later()),
                       by_id=None)  # fmt: skip
    told = {"interaction_id": received.interaction_id, "by": line.agent}
    accept_interaction(agent=line.agent, at=later(seconds=5), **told)
    transfer_interaction(to_queue=Queue.objects.create(name="Second"), at=later(seconds=25), **told)
    accept_interaction(agent=line.agent, at=later(seconds=95), **told)
    close_interaction(at=later(seconds=100), **told)

    assert measures(Interaction.objects.get(), "wait_seconds", "transferred", "handle_s") == (5, 1, 25)


@pytest.mark.parametrize(
    ("outcome", "measure"),
    [
        (Outcome.CALLBACK, "live_callback"),
        (Outcome.FLOW_OUT, "live_flow_out"),
        (Outcome.ABANDONED, "live_abandoned"),
    ],
)
def test_every_way_out_of_the_queue_is_offered_and_counted_once(line: Line, outcome: int, measure: str) -> None:
    ways = ["live_callback", "live_flow_out", "live_abandoned", "live_answered"]
    found = fact(line.over(later(), Stretch(QUEUE, 30), outcome=outcome))

    assert (found.offered, [way for way in ways if getattr(found, way)]) == (1, [measure])


def test_an_email_nobody_answered_is_not_abandoned(line: Line) -> None:
    mail = line.over(outcome=Outcome.ABANDONED, channel=Channel.EMAIL)

    assert measures(mail, "offered", "live_abandoned", "wait_seconds") == (1, 0, None)


def a_target(**fields: object) -> ServiceTarget:
    return ServiceTarget.objects.create(**{"valid_from": later(days=-1)} | fields)


@pytest.mark.parametrize(
    ("kinds", "answer_within"),
    [
        (("all", "channel", "queue", "both"), 4),
        (("all", "channel", "queue"), 3),
        (("all", "channel"), 2),
        (("all",), 1),
        ((), 20),
    ],
)
def test_the_most_specific_target_holds(line: Line, kinds: tuple[str, ...], answer_within: int) -> None:
    fields = {
        "all": {"answer_within_seconds": 1},
        "channel": {"channel": Channel.VOICE, "answer_within_seconds": 2},
        "queue": {"queue": line.queue, "answer_within_seconds": 3},
        "both": {"queue": line.queue, "channel": Channel.VOICE, "answer_within_seconds": 4},
    }
    for kind in kinds:
        a_target(**fields[kind])
    calls = [line.over(later(hours=n), Stretch(QUEUE, answer_within + n), Stretch(TALK, 9)) for n in (0, 1)]

    assert [measures(call, "answered_target") for call in calls] == [(1,), (0,)]


def test_a_target_changed_later_leaves_earlier_contacts_alone(line: Line) -> None:
    a_target(short_abandon_seconds=3)
    a_target(short_abandon_seconds=10, valid_from=later(hours=5))
    before, at_once = line.left(later(hours=4, minutes=59), 8), line.left(later(hours=5), 8)

    assert [measures(one, "abandoned_short", "abandoned_10") for one in (before, at_once)] == [(0, 1), (1, 1)]


def test_the_first_answer_on_messaging_counts_against_its_target(line: Line) -> None:
    a_target(channel=Channel.EMAIL, answer_within_seconds=600)
    quick, slow = (
        line.over(later(hours=n), Stretch(QUEUE, 600 + n), Stretch(TALK, 60), channel=Channel.EMAIL) for n in (0, 1)
    )
    names = ("first_response_n", "first_response_s", "first_response_target", "live_answered", "wait_seconds")

    assert measures(quick, *names) == (1, 600, 1, 0, None)
    assert measures(slow, *names) == (1, 601, 0, 0, None)


def test_a_promise_put_right_for_the_past_measures_anew_what_it_holds_for(
    line: Line, client: Client, admin: User
) -> None:
    client.force_login(admin)
    a_target(answer_within_seconds=30)
    calls = [line.over(later(hours=n), Stretch(QUEUE, 25), Stretch(TALK, 9)) for n in (0, 5)]
    page = "/admin/interactions/servicetarget/"
    since = later(hours=3)
    fields = {"channel": Channel.VOICE.value, "answer_within_seconds": 20, "short_abandon_seconds": 5}
    fields |= {"valid_from_0": since.date().isoformat(), "valid_from_1": since.time().isoformat(), "queue": ""}

    def in_time() -> list[tuple[int]]:
        return [measures(call, "answered_target") for call in calls]

    assert in_time() == [(1,), (1,)]
    assert client.post(f"{page}add/", fields).status_code == 302
    assert in_time() == [(1,), (0,)]
    target = ServiceTarget.objects.get(answer_within_seconds=20)
    assert client.post(f"{page}{target.pk}/change/", fields | {"answer_within_seconds": 25}).status_code == 302
    assert in_time() == [(1,), (1,)]
    client.post(f"{page}{target.pk}/change/", fields | {"valid_from_0": "2026-03-01"})
    assert in_time() == [(0,), (0,)]
    assert (
        client.post(page, {"action": "delete_selected", "_selected_action": target.pk, "post": "yes"}).status_code
        == 302
    )
    assert in_time() == [(1,), (1,)]
    assert_derived_is_true()


def test_only_who_configures_promises_anything(line: Line) -> None:
    target = a_target()
    for change in (
        lambda: save_target(target=target, by=line.agent),
        lambda: remove_targets(target_ids=[target.pk], by=line.agent),
    ):
        with pytest.raises(NotAllowedError):
            change()
