"""What happens when many hands reach for the same thing, on connections of their own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from interactions.cases.choices import SegmentKind
from interactions.handling import outgoing, services
from interactions.handling.errors import AnotherAgentHasItError, StaleViewError
from interactions.handling.models import Draft, Sending
from interactions.models import Interaction, Message, Offer, Segment
from tests.factories import desks
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import arrive, reply, seen, sit_down
from tests.factories.people import make_user


@pytest.fixture
def floor(transactional_db: None, settings: Any) -> Iterator[Centre]:
    """A centre with real commits."""
    settings.CCX_UNDO_SECONDS = 0
    desks.SENT.clear()
    with desks.pretend_mail():
        yield make_centre()


def at_once(deeds: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of these at the same moment; what each gave, or the rule that refused it."""
    start = Barrier(len(deeds))

    def one(deed: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return deed()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def takes(number: int, agent: User) -> Callable[[], object]:
    return lambda: services.accept_interaction(interaction_id=number, agent=agent, by=agent)


def test_of_many_who_take_one_contact_that_rings_for_one_of_them_exactly_one_has_it(floor: Centre) -> None:
    sit_down(floor.alice)
    number = arrive(floor.email)
    services.offer_waiting_work()
    agents = [floor.alice, floor.bob, *(make_user(team=floor.team) for _ in range(10))]

    told = at_once([takes(number, agent) for agent in agents] + [services.offer_waiting_work] * 2)[: len(agents)]

    losers = [one for one in told if isinstance(one, AnotherAgentHasItError)]
    (winner,) = [one for one in told if isinstance(one, Interaction)]
    assert len(losers) == len(agents) - 1
    assert Interaction.objects.get().agent == winner.agent
    assert Segment.objects.filter(kind=SegmentKind.TALK).count() == 1
    assert Offer.objects.ringing().count() == 0


def test_replies_at_once_are_all_kept_one_is_sent_and_a_double_click_is_one_message(floor: Centre) -> None:
    number = arrive(floor.email)
    before, draft_id = seen(number), uuid4()

    def answers(agent: User, **fields: Any) -> Callable[[], object]:
        return lambda: reply(number, agent, f"From {agent.name}", seen=before, **fields)

    told = at_once([answers(floor.alice, draft_id=draft_id)] * 3 + [answers(floor.bob)])

    authors = list(Message.objects.filter(author_kind="agent").values_list("author", flat=True))
    assert len(authors) == 1
    assert sum(isinstance(one, StaleViewError) for one in told) in {1, 3}
    other = floor.bob if authors == [floor.alice.pk] else floor.alice
    assert Draft.objects.get().body == f"From {other.name}"
    assert Draft.objects.get().author == other


def test_what_workers_send_and_its_author_takes_back_at_once_is_either_sent_or_not(floor: Centre) -> None:
    letters = [arrive(floor.email, f"c{n}", thread_token=f"t{n}") for n in range(3)]
    said = [reply(number, floor.alice).message.pk for number in letters]

    def back(message_id: int) -> Callable[[], object]:
        return lambda: services.take_back(message_id=message_id, by=floor.alice)

    at_once([outgoing.send_due_messages, outgoing.send_due_messages, *map(back, said)])
    outgoing.send_due_messages()

    states = dict(Sending.objects.values_list("message_id", "state"))
    assert set(states.values()) <= {"sent", "cancelled"}
    assert sorted(desks.SENT) == sorted(pk for pk, state in states.items() if state == "sent")


def test_passes_and_presences_at_once_leave_one_offer_a_contact_and_full_desks(floor: Centre) -> None:
    sit_down(floor.alice, floor.bob)
    for number in range(9):
        arrive(floor.chat, f"c{number}", identity=None)

    def goes(agent: User, state: str) -> Callable[[], object]:
        return lambda: services.set_presence(agent=agent, state=state, by=agent)

    at_once([services.offer_waiting_work] * 3 + [lambda: services.agent_gone(agent=floor.bob)])
    at_once([services.offer_waiting_work, goes(floor.alice, "break"), goes(floor.alice, "available")])
    services.hear_agent(agent=floor.bob)
    at_once([goes(floor.alice, "available"), goes(floor.bob, "available")])
    services.offer_waiting_work()

    ringing = list(Offer.objects.ringing().values_list("agent_id", flat=True))
    assert {agent.pk: ringing.count(agent.pk) for agent in (floor.alice, floor.bob)} == {
        floor.alice.pk: 3,
        floor.bob.pk: 3,
    }
