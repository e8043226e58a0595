"""The live page: what waits, who is there and what they have, for those who supervise and for nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope, Role
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction
from interactions.desk.selectors.floor import Floor, floor
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.routing.models import AgentDesk
from tests.factories.live_desk import Desk, make_desk, make_mine, make_waiting, ring
from tests.factories.people import make_grant, make_user

QueryGuard = Callable[[Callable[[], object], Callable[[], object]], int]


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def put(agent: Any, state: PresenceState, minutes: int = 5, reason: str = "") -> None:
    PresenceSpan.objects.create(
        agent=agent, state=state, reason_code=reason, started_at=timezone.now() - timedelta(minutes=minutes)
    )


def seen(desk: Desk, **asked: Any) -> Floor:
    return floor(user=desk.alice, **asked)


def test_queues_tell_how_many_wait_how_long_and_how_many_are_with_an_agent(desk: Desk) -> None:
    make_waiting(desk, "Short", minutes=5, queue="Billing")
    make_waiting(desk, "Long", minutes=90, queue="Billing")
    ring(make_waiting(desk, "Rings", minutes=1, queue="Billing"), desk.bob)
    make_mine(desk, desk.bob, "In hand", queue="Billing")
    pending = make_mine(desk, desk.bob, "Pending")
    Interaction.objects.filter(pk=pending.pk).update(status=InteractionStatus.PENDING)

    billing, service = seen(desk).lines

    assert (billing.queue, billing.waiting, billing.ringing, billing.in_hand) == (desk.queues["Billing"], 3, 1, 1)
    assert billing.oldest is not None
    assert (billing.oldest // 60, billing.tone) == (90, "bad")
    assert (service.waiting, service.oldest, service.in_hand, service.pending) == (0, None, 0, 1)


def test_a_customer_who_wrote_again_waits_since_then_and_not_since_the_beginning(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob, "Ann", minutes=600)
    now = timezone.now()
    Interaction.objects.filter(pk=contact.pk).update(
        status=InteractionStatus.WAITING,
        first_answered_at=now - timedelta(hours=9),
        last_customer_message_at=now - timedelta(minutes=3),
    )
    (waiter,) = seen(desk).waiters
    assert waiter.seconds // 60 == 3


def test_agents_stand_by_state_with_their_load_and_what_they_have(desk: Desk) -> None:
    put(desk.bob, PresenceState.AVAILABLE, minutes=20)
    put(desk.dina, PresenceState.BREAK, reason="no_answer")
    AgentDesk.objects.create(agent=desk.bob, capacity=2)
    make_mine(desk, desk.bob, "Ann")
    ring(make_waiting(desk, "Rings"), desk.bob)

    bob, dina = seen(desk).agents

    assert (bob.agent, bob.state, bob.load, bob.capacity) == (desk.bob, "available", 1, 2)
    assert ([one.name for one in bob.held], list(bob.rings)) == (["Ann"], ["Rings"])
    assert bob.seconds is not None
    assert bob.seconds // 60 == 20
    assert (dina.agent, dina.state, dina.reason) == (desk.dina, "break", "Did not answer")
    assert (seen(desk).available, seen(desk).free) == (1, 1)


def test_who_is_offline_is_counted_and_shown_when_asked_unless_work_is_left_on_the_desk(desk: Desk) -> None:
    put(desk.bob, PresenceState.OFFLINE)
    make_mine(desk, desk.bob, "Left behind")

    assert [one.agent for one in seen(desk).agents] == [desk.bob]
    assert seen(desk).away == 3
    assert {one.agent for one in seen(desk, with_away=True).agents} == {desk.alice, desk.bob, desk.dina}


def test_a_supervisor_of_another_team_sees_none_of_it_and_only_the_load_of_shared_people(desk: Desk) -> None:
    put(desk.bob, PresenceState.AVAILABLE)
    make_mine(desk, desk.bob, "Ann")
    make_waiting(desk, "Waits")

    theirs = floor(user=desk.charlie)
    assert (theirs.lines, theirs.waiters, theirs.agents) == ([], [], [])

    lead = make_user(Role.SUPERVISOR, name="Lead")
    make_grant(lead, GrantScope.QUEUE, desk.queues["Billing"].pk)
    desk.bob.team = desk.other_team
    desk.bob.save(update_fields=["team"])
    (bob,) = (one for one in floor(user=desk.charlie).agents if one.agent == desk.bob)
    assert (bob.held, bob.load, bob.hidden) == ([], 1, 1)


def test_the_page_and_its_fragment_name_contacts_and_escape_what_customers_call_themselves(
    desk: Desk, client: Client
) -> None:
    put(desk.bob, PresenceState.AVAILABLE)
    contact = make_waiting(desk, "<script>alert(1)</script>", minutes=90)
    client.force_login(desk.alice)

    page = client.get("/desk/floor/").content.decode()
    fragment = client.get("/desk/floor/_floor/").content.decode()

    for text in (page, fragment):
        assert f"/desk/{contact.public_id}/" in text
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
    assert 'data-live="all:desk"' in fragment
    assert client.get("/desk/floor/?team=nonsense&away=1").status_code == 200


def test_who_reassigns_from_the_floor_is_back_on_it(desk: Desk, client: Client) -> None:
    contact = make_waiting(desk, "Waits", queue="Billing")
    client.force_login(desk.alice)
    address = f"/desk/{contact.public_id}/_transfer/"
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 200

    moved = client.post(
        address,
        {"to": f"queue:{desk.queues['Service line'].public_id}", "note": ""},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/floor/?away=1"},
    )

    assert moved.headers["HX-Redirect"] == "/desk/floor/?away=1"
    contact.refresh_from_db()
    assert contact.queue == desk.queues["Service line"]


def test_agents_and_strangers_find_no_such_page(desk: Desk, client: Client) -> None:
    client.force_login(desk.bob)
    assert client.get("/desk/floor/").status_code == 404
    assert client.get("/desk/floor/_floor/").status_code == 404


def test_the_floor_asks_the_same_number_of_queries_whatever_is_on_it(
    desk: Desk, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    put(desk.bob, PresenceState.AVAILABLE)
    make_mine(desk, desk.bob)
    ring(make_waiting(desk), desk.bob)
    client.force_login(desk.alice)

    def add_rows() -> None:
        for number in range(20):
            agent = make_user(Role.AGENT, team=desk.team)
            put(agent, PresenceState.AVAILABLE)
            make_mine(desk, agent)
            ring(make_waiting(desk, minutes=number), agent)

    queries_do_not_grow(lambda: client.get("/desk/floor/_floor/"), add_rows)
