"""Who gets what, as arithmetic."""

from datetime import timedelta

from interactions.routing.matching import Desk, Waiting, match
from tests.factories.contacts import START

TEAM, QUEUE = 1, 10


def desk(agent_id: int, *, idle: int = 0, **fields: object) -> Desk:
    values: dict = {"team_id": TEAM, "capacity": 3, "load": 0} | fields
    return Desk(agent_id=agent_id, idle_since=START - timedelta(minutes=idle), **values)


def waits(number: int, **fields: object) -> Waiting:
    values: dict = {"queue_id": QUEUE, "team_id": TEAM} | fields
    return Waiting(interaction_id=number, **values)


def test_the_first_contact_goes_to_who_has_the_least_in_hand_and_has_been_idle_the_longest() -> None:
    desks = [desk(1, idle=5), desk(2, idle=9), desk(3, idle=90, load=1)]

    assert match([waits(1), waits(2), waits(3)], desks) == [(1, 2), (2, 1), (3, 3)]


def test_desks_fill_up_and_what_does_not_fit_goes_on_waiting() -> None:
    assert match([waits(n) for n in range(4)], [desk(1, capacity=2), desk(2, capacity=1)]) == [(0, 1), (1, 2), (2, 1)]


def test_a_call_takes_a_whole_empty_desk() -> None:
    desks = [desk(1, load=1, idle=99), desk(2)]

    assert match([waits(1, is_call=True), waits(2), waits(3, is_call=True)], desks) == [(1, 2), (2, 1)]


def test_only_the_queues_team_with_all_its_skills_is_asked() -> None:
    desks = [desk(1, team_id=2), desk(2, skills=frozenset({7})), desk(3, skills=frozenset({7, 8}))]

    assert match([waits(1, skills=frozenset({7, 8}))], desks) == [(1, 3)]


def test_who_has_just_refused_is_not_asked_again_and_does_not_stand_in_the_way_of_others() -> None:
    assert match([waits(1, refused_by=frozenset({1})), waits(2)], [desk(1)]) == [(2, 1)]


def test_a_letter_rings_only_where_nothing_else_does() -> None:
    letters = [waits(n, is_letter=True) for n in range(3)]

    assert match(letters, [desk(1), desk(2, rings=1)]) == [(0, 1)]
    assert match([waits(9), *letters], [desk(1)]) == [(9, 1)]
