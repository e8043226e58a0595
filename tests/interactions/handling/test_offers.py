"""The push: who is asked, who is asked next, and what an agent who leaves does not take along."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentEnd, SegmentKind
from interactions.handling import services
from interactions.handling.errors import AnotherAgentHasItError, OfferIsOverError
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.selectors import presence_of
from interactions.models import AgentDesk, AgentSkill, Interaction, Offer, Queue, Segment, Skill
from interactions.routing.models import OfferEnd
from tests.factories.contacts import Centre
from tests.factories.desks import arrive, sit_down, soon
from tests.factories.people import make_user


def rings() -> list[tuple[int, str]]:
    rows = Offer.objects.ringing().order_by("interaction_id").values_list("interaction_id", "agent__name")
    return list(rows)


def state_of(agent: User) -> tuple[str, str]:
    span = presence_of(agent)
    assert span is not None
    return span.state, span.reason_code


def the(number: int) -> Interaction:
    return Interaction.objects.get(pk=number)


def running(number: int) -> list[int]:
    return list(Segment.objects.filter(interaction_id=number, ended_at=None).values_list("kind", flat=True))


def test_the_most_urgent_and_then_the_oldest_goes_to_the_longest_idle(centre: Centre) -> None:
    sit_down(centre.alice, at=soon(minutes=-5))
    sit_down(centre.bob, at=soon(minutes=-9))
    services.hear_agent(agent=centre.alice)
    services.hear_agent(agent=centre.bob)
    AgentDesk.objects.update(capacity=1)
    late = arrive(centre.email, "late")
    early = arrive(centre.email, "early", occurred_at=soon(minutes=-2))
    urgent = arrive(centre.email, "urgent", priority=5)

    assert services.offer_waiting_work() == 2

    assert sorted(rings()) == sorted([(urgent, "Bob"), (early, "Alice")])
    assert (running(urgent), the(urgent).status) == ([SegmentKind.QUEUE], InteractionStatus.WAITING)
    assert services.offer_waiting_work() == 0
    assert Offer.objects.filter(interaction_id=late).count() == 0


def test_nobody_is_asked_who_is_away_silent_full_or_of_another_team(centre: Centre) -> None:
    sit_down(centre.alice)
    AgentDesk.objects.filter(agent=centre.alice).update(capacity=1)
    services.accept_interaction(interaction_id=arrive(centre.email, "c0"), agent=centre.alice, by=None)
    sit_down(centre.bob, at=soon(seconds=-50))
    stranger = make_user(name="Stranger")
    sit_down(stranger)
    number = arrive(centre.email, "c1", identity=None)

    assert services.offer_waiting_work() == 0
    services.hear_agent(agent=centre.bob)
    services.set_presence(agent=centre.bob, state=PresenceState.BUSY, by=None)
    assert services.offer_waiting_work() == 0
    services.set_presence(agent=centre.bob, state=PresenceState.AVAILABLE, by=None)
    assert services.offer_waiting_work() == 1
    assert rings() == [(number, "Bob")]


def test_a_wrap_up_fills_a_place_and_a_call_the_whole_desk(centre: Centre) -> None:
    sit_down(centre.alice)
    call = arrive(centre.voice, "call", body="")
    services.accept_interaction(interaction_id=call, agent=centre.alice, by=None)
    arrive(centre.email, "c1", identity=None)
    assert services.offer_waiting_work() == 0

    services.wrap_up_interaction(interaction_id=call, by=None)
    assert services.offer_waiting_work() == 0
    services.close_interaction(interaction_id=call, by=None)
    assert services.offer_waiting_work() == 1

    arrive(centre.voice, "call2", body="", identity=None)
    assert services.offer_waiting_work() == 0


def test_a_queue_that_is_closed_or_asks_for_more_skills_waits(centre: Centre) -> None:
    sit_down(centre.alice)
    skill = Skill.objects.create(code="fr", name="French")
    centre.queue.skills.add(skill)
    arrive(centre.email)
    assert services.offer_waiting_work() == 0

    AgentSkill.objects.create(agent=centre.alice, skill=skill)
    Queue.objects.update(is_active=False)
    assert services.offer_waiting_work() == 0
    Queue.objects.update(is_active=True)
    assert services.offer_waiting_work() == 1


def test_who_does_not_answer_is_on_a_break_and_the_next_one_is_asked(centre: Centre) -> None:
    sit_down(centre.alice)
    number = arrive(centre.chat)
    services.offer_waiting_work()
    sit_down(centre.bob)
    later = soon(seconds=31)
    services.hear_agent(agent=centre.bob, now=later)

    assert services.offer_waiting_work(now=later) == 1

    assert rings() == [(number, "Bob")]
    assert state_of(centre.alice) == ("break", "no_answer")
    assert Offer.objects.get(agent=centre.alice).end == OfferEnd.EXPIRED
    assert running(number) == [SegmentKind.QUEUE]


def test_a_letter_rings_longer_one_at_a_time_and_only_who_misses_three_is_away(centre: Centre) -> None:
    sit_down(centre.alice)
    for number in range(3):
        arrive(centre.email, f"c{number}", identity=None)
    moment = timezone.now()
    for _ in range(3):
        assert services.offer_waiting_work(now=moment) == 1
        (ringing,) = rings()
        moment += timedelta(seconds=110)
        services.hear_agent(agent=centre.alice, now=moment)
        assert (services.offer_waiting_work(now=moment), rings()) == (0, [ringing])
        assert state_of(centre.alice)[0] == "available"
        moment += timedelta(seconds=11)
        services.hear_agent(agent=centre.alice, now=moment)
    services.offer_waiting_work(now=moment)
    assert (rings(), state_of(centre.alice)) == ([], ("break", "no_answer"))


def test_who_declines_is_not_asked_again_at_once(centre: Centre) -> None:
    sit_down(centre.alice)
    number = arrive(centre.email)
    services.offer_waiting_work()
    offer = Offer.objects.get()
    with pytest.raises(Offer.DoesNotExist):
        services.decline_offer(offer_id=offer.pk, by=centre.bob)

    services.decline_offer(offer_id=offer.pk, by=centre.alice)
    services.decline_offer(offer_id=offer.pk, by=centre.alice)

    assert state_of(centre.alice)[0] == "available"
    assert services.offer_waiting_work() == 0
    later = soon(seconds=62)
    services.hear_agent(agent=centre.alice, now=later)
    assert services.offer_waiting_work(now=later) == 1
    assert rings() == [(number, "Alice")]


def test_what_rings_here_can_be_picked_by_another_and_then_rings_no_more(centre: Centre) -> None:
    sit_down(centre.alice)
    number = arrive(centre.email)
    services.offer_waiting_work()

    services.accept_interaction(interaction_id=number, agent=centre.bob, by=centre.bob)

    offer = Offer.objects.get()
    assert offer.end == OfferEnd.WITHDRAWN
    with pytest.raises(AnotherAgentHasItError):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    with pytest.raises(OfferIsOverError):
        services.decline_offer(offer_id=offer.pk, by=centre.alice)


def test_what_ends_or_moves_while_it_rings_rings_no_more(centre: Centre) -> None:
    sit_down(centre.alice, centre.bob)
    closed, moved = arrive(centre.email, "c1"), arrive(centre.email, "c2", identity=None)
    assert services.offer_waiting_work() == 2
    second = Queue.objects.create(name="Second line")

    services.abandon_interaction(interaction_id=closed, by=None)
    services.transfer_interaction(interaction_id=moved, to_queue=second, by=None)

    assert rings() == []
    assert the(moved).queue == second
    ends = Segment.objects.filter(interaction_id=moved).order_by("pk").values_list("kind", "ended_by")
    assert list(ends) == [(SegmentKind.QUEUE, SegmentEnd.DONE), (SegmentKind.QUEUE, None)]


def test_a_transfer_rings_for_the_person_and_comes_back_to_the_queue_unanswered(centre: Centre) -> None:
    sit_down(centre.bob)
    number = arrive(centre.email)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
    services.transfer_interaction(interaction_id=number, to_agent=centre.bob, note="Knows the bill", by=centre.alice)
    assert (rings(), running(number)) == ([(number, "Bob")], [SegmentKind.RING])
    assert the(number).messages.get(is_note=True).body == "Knows the bill"

    services.offer_waiting_work(now=soon(seconds=121))

    found = the(number)
    assert (found.agent, found.queue, running(number)) == (None, centre.queue, [SegmentKind.QUEUE])
    assert Segment.objects.get(kind=SegmentKind.RING).ended_by == SegmentEnd.NOT_ANSWERED


def test_a_transferred_person_says_yes_or_no(centre: Centre) -> None:
    first, second = arrive(centre.email, "c1"), arrive(centre.email, "c2", identity=None)
    for number in (first, second):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice)
        services.transfer_interaction(interaction_id=number, to_agent=centre.bob, by=centre.alice)

    services.accept_interaction(interaction_id=first, agent=centre.bob, by=centre.bob)
    services.decline_offer(offer_id=Offer.objects.ringing().get().pk, by=centre.bob)

    assert (the(first).agent, the(first).status) == (centre.bob, InteractionStatus.ACTIVE)
    assert (the(second).agent, the(second).status) == (None, InteractionStatus.WAITING)
    assert Offer.objects.get(interaction_id=first).end == OfferEnd.ACCEPTED


def test_a_browser_that_closes_lets_go_of_what_rings_and_a_page_that_loads_again_loses_nothing(centre: Centre) -> None:
    sit_down(centre.alice)
    number = arrive(centre.email)
    services.offer_waiting_work()

    assert services.agent_gone(agent=centre.alice) == 1

    assert (rings(), state_of(centre.alice)[0]) == ([], "available")
    assert services.offer_waiting_work() == 0
    services.hear_agent(agent=centre.alice)
    assert services.end_silence() == 0
    assert services.offer_waiting_work() == 1
    assert rings() == [(number, "Alice")]


def test_who_is_silent_for_a_minute_is_offline_and_back_where_they_were_when_heard_again(centre: Centre) -> None:
    sit_down(centre.alice)
    services.set_presence(agent=centre.alice, state=PresenceState.BREAK, reason_code="lunch", by=centre.alice)
    assert services.end_silence() == 0

    assert services.end_silence(now=soon(seconds=61)) == 1
    assert state_of(centre.alice) == ("offline", "connection_lost")
    assert services.end_silence(now=soon(seconds=61)) == 0

    services.hear_agent(agent=centre.alice)
    assert state_of(centre.alice) == ("break", "lunch")


def test_who_was_lost_for_long_says_themselves_that_they_are_back(centre: Centre) -> None:
    sit_down(centre.alice)
    services.end_silence(now=soon(seconds=61))

    services.hear_agent(agent=centre.alice, now=soon(minutes=11))

    assert state_of(centre.alice) == ("offline", "connection_lost")


def test_who_goes_offline_leaves_nothing_running(centre: Centre) -> None:
    sit_down(centre.alice)
    letter, chat, call = (
        arrive(line, f"c{line.pk}", identity=None) for line in (centre.email, centre.chat, centre.voice)
    )
    for number in (letter, chat, call):
        services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)

    services.set_presence(agent=centre.alice, state=PresenceState.OFFLINE, by=centre.alice)

    assert [(the(n).status, the(n).agent, running(n)) for n in (letter, chat, call)] == [
        ("waiting", centre.alice, [SegmentKind.QUEUE]),
        ("waiting", None, [SegmentKind.QUEUE]),
        ("active", centre.alice, [SegmentKind.TALK]),
    ]


def test_what_waits_for_somebody_is_theirs_until_they_have_been_gone_for_long(centre: Centre, settings: Any) -> None:
    sit_down(centre.alice, centre.bob)
    number = arrive(centre.email)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)
    services.set_presence(agent=centre.alice, state=PresenceState.OFFLINE, by=centre.alice)
    assert services.offer_waiting_work() == 0

    later = soon(seconds=settings.CCX_OWNER_AWAY_SECONDS + 1)
    services.hear_agent(agent=centre.bob, now=later)
    assert services.offer_waiting_work(now=later) == 1
    assert (rings(), the(number).agent) == ([(number, "Bob")], None)


def test_what_waits_for_somebody_and_has_no_queue_stays_theirs(centre: Centre) -> None:
    centre.email.default_queue = None
    centre.email.save()
    number = arrive(centre.email)
    services.accept_interaction(interaction_id=number, agent=centre.alice, by=None)
    services.transfer_interaction(interaction_id=number, to_agent=centre.bob, by=None)

    services.offer_waiting_work(now=soon(seconds=121))

    assert (rings(), the(number).agent) == ([], centre.bob)


def test_a_contact_rings_at_one_desk(centre: Centre) -> None:
    sit_down(centre.alice)
    number = arrive(centre.email)
    services.offer_waiting_work()

    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(
            interaction_id=number, agent=centre.bob, offered_at=now, expires_at=now + timedelta(seconds=9)
        )
    assert PresenceSpan.objects.count() == 1


def test_an_offer_is_seen_by_nobody_but_whom_it_rings_for(centre: Centre) -> None:
    sit_down(centre.alice)
    arrive(centre.email)
    services.offer_waiting_work()

    assert Offer.objects.visible_to(centre.alice).count() == 1
    assert Offer.objects.visible_to(centre.bob).count() == 0
    assert Offer.objects.visible_to(make_user("administrator")).count() == 0


def test_a_pass_asks_no_more_of_the_database_for_more_that_waits(centre: Centre, queries_do_not_grow: Any) -> None:
    sit_down(centre.alice, centre.bob)
    AgentDesk.objects.update(capacity=40)
    names = iter(range(100))

    def more(number: int) -> None:
        for _ in range(number):
            arrive(centre.email, f"m{next(names)}", identity=None)

    def one_pass() -> None:
        Offer.objects.all().delete()
        assert services.offer_waiting_work()

    more(1)
    assert queries_do_not_grow(one_pass, lambda: more(9)) < 20
