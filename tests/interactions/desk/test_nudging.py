"""Which pages an event concerns, and who may follow them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from ccx.kernel.live import nudging
from ccx.kernel.live.topics import DESK, interaction_topic, permitted, queue_topic, team_topic, user_topic
from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope, Role
from interactions.customers.services import set_preference
from interactions.desk.nudging import LIVE
from interactions.handling.models import PresenceState
from interactions.handling.services import accept_interaction, set_presence, transfer_interaction
from interactions.intake.services import receive
from interactions.models import Interaction, Queue
from tests.factories.contacts import Centre, claim, contact, make_centre
from tests.factories.people import make_grant, make_team, make_user

Told = Callable[[], dict[str, set[str]]]


@pytest.fixture
def centre(db: None) -> Centre:
    return make_centre()


@pytest.fixture
def told(centre: Centre, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Told:
    """What pages are told of all that happened since the last time: kind of event -> topics."""
    seen = 0

    def run() -> dict[str, set[str]]:
        nonlocal seen
        found: dict[str, set[str]] = {}
        monkeypatch.setattr(
            nudging, "publish", lambda message: found.setdefault(message["what"], set()).update(message["topics"])
        )
        rows = list(EventRow.objects.filter(pk__gt=seen, kind__in=LIVE.kinds).order_by("pk"))
        seen = max((row.pk for row in rows), default=seen)
        with django_capture_on_commit_callbacks(execute=True):
            LIVE.handle(rows)
        return found

    return run


def arrived(centre: Centre) -> Interaction:
    told = contact(centre.chat, str(uuid4()), occurred_at=timezone.now(), identity=claim())
    return Interaction.objects.get(pk=receive(contact=told, by_id=None).interaction_id)


def test_a_contact_concerns_its_page_its_line_its_team_its_agent_and_the_floor(centre: Centre, told: Told) -> None:
    started = arrived(centre)
    where = {interaction_topic(started.public_id), queue_topic(centre.queue.public_id), DESK}
    assert told()["interaction_started"] >= where

    accept_interaction(interaction_id=started.pk, agent=centre.alice, by=centre.alice)
    assert told()["interaction_changed"] >= {
        *where,
        team_topic(centre.team.public_id),
        user_topic(centre.alice.public_id),
    }


def test_whoever_lost_a_contact_is_told_as_well(centre: Centre, told: Told) -> None:
    started = arrived(centre)
    accept_interaction(interaction_id=started.pk, agent=centre.alice, by=centre.alice)
    elsewhere = Queue.objects.create(name="Repairs", team=make_team("Repairs"))
    told()

    transfer_interaction(interaction_id=started.pk, to_queue=elsewhere, by=centre.bob)

    assert told()["interaction_changed"] >= {
        *(queue_topic(centre.queue.public_id), queue_topic(elsewhere.public_id)),
        *(user_topic(centre.alice.public_id), user_topic(centre.bob.public_id)),
    }


def test_presence_concerns_the_agent_their_team_and_the_floor(centre: Centre, told: Told) -> None:
    set_presence(agent=centre.alice, state=PresenceState.AVAILABLE, by=centre.alice)

    assert told() == {"presence_changed": {user_topic(centre.alice.public_id), team_topic(centre.team.public_id), DESK}}


def test_a_change_of_a_customer_concerns_their_contacts_that_may_be_on_screen(centre: Centre, told: Told) -> None:
    started = arrived(centre)
    old = arrived(centre)
    Interaction.objects.filter(pk=old.pk).update(
        status="closed", outcome=1, started_at="2026-01-01T09:00Z", closed_at="2026-01-01T10:00Z"
    )
    told()

    assert started.customer is not None
    set_preference(customer_id=started.customer.pk, topic="language", value="de", source="agent", by=centre.alice)

    topics = told()["customer_changed"]
    assert interaction_topic(started.public_id) in topics
    assert interaction_topic(old.public_id) not in topics


def test_one_may_follow_what_one_may_see_and_only_supervisors_the_floor(centre: Centre) -> None:
    started = arrived(centre)
    supervisor = make_user(Role.SUPERVISOR, team=centre.team)
    make_grant(supervisor, GrantScope.TEAM, centre.team.pk)
    agent = make_user(Role.AGENT, team=centre.team)
    make_grant(agent, GrantScope.QUEUE, centre.queue.pk)
    stranger = make_user(Role.SUPERVISOR, team=make_team("Elsewhere"))
    contact_of_team, queue = interaction_topic(started.public_id), queue_topic(centre.queue.public_id)
    team = team_topic(centre.team.public_id)

    def may(user: User) -> set[str]:
        asked = {contact_of_team, queue, team, DESK, user_topic(user.public_id), user_topic(centre.alice.public_id)}
        return permitted(user.pk, asked) - {user_topic(user.public_id)}

    assert may(supervisor) == {contact_of_team, queue, team, DESK}
    assert may(agent) == {contact_of_team, queue}
    assert may(stranger) == {DESK}
    User.objects.filter(pk=supervisor.pk).update(is_active=False)
    assert may(supervisor) == set()


def test_the_other_contacts_of_a_case_are_told_for_they_show_the_same_conversation(centre: Centre, told: Told) -> None:
    first = arrived(centre)
    other = contact(centre.email, str(uuid4()), occurred_at=timezone.now(), identity=claim(), body="By mail now")
    told()
    second = Interaction.objects.get(pk=receive(contact=other, by_id=None).interaction_id)
    assert second.case_id == first.case_id
    assert told()["interaction_started"] >= {interaction_topic(first.public_id), interaction_topic(second.public_id)}
