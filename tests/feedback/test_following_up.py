"""Unhappy answers get somebody who looks after them, and nobody else sees them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.events.models import EventRow
from ccx.kernel.live.topics import user_topic
from ccx.kernel.models import Grant, User
from ccx.kernel.people.choices import GrantScope, Role
from feedback.models import FollowUp, Response
from feedback.surveys import reader
from feedback.surveys.choices import is_unhappy
from feedback.surveys.errors import CannotFollowUpError, CauseIsMissingError, FollowUpIsClosedError
from feedback.surveys.services import (
    close_follow_up,
    hand_over_follow_up,
    look_into,
    record_answer,
    record_response,
    save_survey,
    take_follow_up,
)
from interactions.models import Interaction
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_person
from tests.factories.surveys import a_customer, a_link, just_closed

pytestmark = pytest.mark.django_db


def unhappy(centre: CustomerCentre, contact: Interaction | None = None, **answers) -> FollowUp:
    contact = contact or just_closed(centre, a_customer(f"Customer{Interaction.objects.count()}"))
    response = record_response(interaction=contact, answers={"csat": 1} | answers, by=None)
    return FollowUp.objects.get(response=response)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lead(centre: CustomerCentre, name: str, scope: str = GrantScope.TEAM, target: int | None = None) -> User:
    person = make_person(name, Role.SUPERVISOR, centre.team)
    Grant.objects.create(user=person, scope=scope, target_id=target or centre.team.pk)
    return person


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"csat": 2}, True),
        ({"csat": 3}, False),
        ({"ces": 2}, True),
        ({"ces": 3}, False),
        ({"nps": 0}, False),
        ({"nps": 6, "comment": "Never again"}, True),
        ({"nps": 7, "comment": "Fine"}, False),
        ({"is_resolved": False}, True),
        ({"is_resolved": None, "csat": None}, False),
        ({"csat": 5, "is_resolved": False}, True),
        ({"comment": "Just words"}, False),
    ],
    ids=str,
)
def test_what_counts_as_unhappy(answers: dict, expected: bool) -> None:
    assert is_unhappy(answers) is expected


def test_an_unhappy_answer_opens_one_follow_up_however_often_it_is_changed(centre: CustomerCentre) -> None:
    invitation, _secret = a_link(centre)
    save_survey(survey_id=invitation.survey_id, values={"unhappy_due_hours": 8}, by=centre.ada)
    at = timezone.now()
    record_answer(invitation_id=invitation.pk, answers={"csat": 5}, at=at)
    assert not FollowUp.objects.exists()
    for csat in (2, 4, 1):
        record_answer(invitation_id=invitation.pk, answers={"csat": csat}, at=at)
    follow_up = FollowUp.objects.get()
    assert (follow_up.owner, follow_up.due_at) == (centre.alice, at + timedelta(hours=8))
    close_follow_up(follow_up_id=follow_up.pk, cause="Late", by=centre.alice)
    record_answer(invitation_id=invitation.pk, answers={"csat": 2}, at=at)
    assert FollowUp.objects.count() == 1


def test_the_least_loaded_person_with_a_grant_gets_it(centre: CustomerCentre) -> None:
    second = lead(centre, "Dora", GrantScope.QUEUE, centre.queue.pk)
    make_person("elsewhere", Role.SUPERVISOR, centre.team)  # of the team, but without a grant
    owners = [unhappy(centre).owner for _ in range(4)]
    assert owners == [centre.alice, second, centre.alice, second]
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert unhappy(centre).owner == centre.alice


def test_without_anybody_it_stays_unassigned_and_is_seen(centre: CustomerCentre) -> None:
    Grant.objects.filter(user=centre.alice).delete()
    follow_up = unhappy(centre)
    assert follow_up.owner is None
    page = signed_in(centre.ada).get("/follow-ups/?which=unassigned").content.decode()
    assert f"/follow-ups/{follow_up.public_id}/" in page


def test_a_follow_up_is_taken_handed_over_and_closed_with_a_cause(centre: CustomerCentre) -> None:
    dora = lead(centre, "Dora")
    follow_up = unhappy(centre)
    assert follow_up.owner == centre.alice
    assert look_into(follow_up_id=follow_up.pk, by=dora).first_touched_at is None
    assert take_follow_up(follow_up_id=follow_up.pk, by=dora).first_touched_at is not None
    handed = hand_over_follow_up(follow_up_id=follow_up.pk, to=centre.alice, by=dora)
    assert (handed.owner, handed.first_touched_at) == (centre.alice, None)
    with pytest.raises(CauseIsMissingError):
        close_follow_up(follow_up_id=follow_up.pk, cause="  ", by=centre.alice)
    closed = close_follow_up(follow_up_id=follow_up.pk, cause=" The  label\nwas wrong ", by=centre.alice)
    assert (closed.cause, closed.first_touched_at) == ("The label was wrong", closed.closed_at)
    with pytest.raises(FollowUpIsClosedError):
        take_follow_up(follow_up_id=follow_up.pk, by=dora)
    with pytest.raises(FollowUpIsClosedError):
        close_follow_up(follow_up_id=follow_up.pk, cause="Another", by=dora)
    assert AuditEntry.objects.filter(object_kind="follow_up", object_id=follow_up.pk).exists()


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_it_is_not_given_to_somebody_who_could_not_see_it(centre: CustomerCentre, who: str) -> None:
    with pytest.raises(CannotFollowUpError):
        hand_over_follow_up(follow_up_id=unhappy(centre).pk, to=getattr(centre, who), by=centre.alice)


def test_strangers_find_nothing(centre: CustomerCentre) -> None:
    follow_up = unhappy(centre, comment="Terrible")
    address = f"/follow-ups/{follow_up.public_id}/"
    stranger, agent = signed_in(centre.charlie), signed_in(centre.bob)
    for which in ("mine", "unassigned", "overdue", "open", "closed"):
        assert "Terrible" not in stranger.get(f"/follow-ups/?which={which}").content.decode()
        assert agent.get(f"/follow-ups/?which={which}").status_code == 404
    for client in (stranger, agent):
        assert client.get(address).status_code == 404
        for action in ("take", "hand-over", "close", "contact"):
            assert client.post(f"{address}{action}/", {"cause": "x"}).status_code == 404
    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.closed_at) == (centre.alice, None)


def test_the_pages_take_it_from_unassigned_to_closed(centre: CustomerCentre) -> None:
    follow_up = unhappy(centre, comment="It never came")
    FollowUp.objects.update(owner=None, due_at=timezone.now() - timedelta(hours=3))
    alice, address = signed_in(centre.alice), f"/follow-ups/{follow_up.public_id}/"
    assert "Some unhappy answers have no one yet" in alice.get("/follow-ups/").content.decode()
    assert "Overdue by" in alice.get("/follow-ups/?which=overdue").content.decode()
    alice.post(f"{address}take/")
    assert "It never came" in alice.get("/follow-ups/").content.decode()
    contact = alice.post(f"{address}contact/")
    assert contact["Location"] == f"/interactions/{follow_up.response.interaction.public_id}/"
    assert alice.post(f"{address}close/", {"cause": " "}).status_code == 422
    assert alice.post(f"{address}close/", {"cause": "Wrong label"}).status_code == 302
    assert "Wrong label" in alice.get("/follow-ups/?which=closed").content.decode()
    assert "You have nobody to look after" in alice.get("/follow-ups/").content.decode()


def test_handing_over_by_page_reaches_only_those_on_the_list(centre: CustomerCentre) -> None:
    dora = lead(centre, "Dora")
    follow_up = unhappy(centre)
    alice, address = signed_in(centre.alice), f"/follow-ups/{follow_up.public_id}/hand-over/"
    for person in (centre.charlie, centre.bob):
        alice.post(address, {"to": str(person.public_id)})
        assert FollowUp.objects.get().owner == centre.alice
    alice.post(address, {"to": str(dora.public_id)})
    assert FollowUp.objects.get().owner == dora


def test_an_owner_who_sees_no_customers_reads_the_answer_and_no_name(centre: CustomerCentre) -> None:
    owner = make_person("owner", Role.EXPERIENCE_OWNER, None)
    Grant.objects.create(user=owner, scope=GrantScope.REASON, target_id=centre.reason.pk)
    contact = just_closed(centre, a_customer("Annabel"))
    follow_up = unhappy(centre, contact, comment="Too slow")
    page = signed_in(owner).get(f"/follow-ups/{follow_up.public_id}/").content.decode()
    assert "Too slow" in page
    assert "Annabel" not in page + signed_in(owner).get("/follow-ups/?which=open").content.decode()


def test_the_lists_ask_the_database_no_more_often_for_many(centre, queries_do_not_grow) -> None:
    alice = signed_in(centre.alice)
    unhappy(centre)

    def more() -> None:
        for _ in range(12):
            unhappy(centre)

    queries_do_not_grow(lambda: alice.get("/follow-ups/"), more)


def test_what_a_customer_said_is_shown_to_those_who_may_read_the_contact(centre: CustomerCentre, settings) -> None:
    ann = a_customer("Ann")
    for number, team in enumerate((centre.team, centre.other_team)):
        contact = make_contact(centre, ann, "Hi", team=team, queue=None, reason=None)
        record_response(interaction=contact, answers={"csat": 5, "comment": f"Word {number}"}, by=None)
    address = f"/customers/{ann.public_id}/feedback/"
    fragment = signed_in(centre.bob).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Word 0" in fragment
    assert "Word 1" in fragment
    settings.CCX_WHOLE_CUSTOMER = False
    page = signed_in(centre.bob).get(address).content.decode()
    assert "Word 0" in page
    assert "Word 1" not in page
    other = make_customer("Ben")
    make_contact(centre, other, "Hi", team=centre.other_team, queue=None, reason=None)
    assert signed_in(centre.bob).get(f"/customers/{other.public_id}/feedback/").status_code == 404
    assert Response.objects.count() == 2


def test_pages_of_its_owner_and_of_all_who_may_take_one_hear_of_an_unhappy_answer(
    centre: CustomerCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleague = lead(centre, "Jo")
    agent = make_person("Kim", Role.AGENT, centre.team)
    told: set[str] = set()
    monkeypatch.setattr(reader, "nudge", lambda *topics, what: told.update(topics))
    owner = unhappy(centre).owner
    assert owner is not None
    assert owner != colleague
    reader.nudge_from_events(list(EventRow.objects.filter(kind="follow_up_changed")))
    assert {user_topic(owner.public_id), user_topic(colleague.public_id)} <= told
    assert user_topic(agent.public_id) not in told
    page = signed_in(colleague).get("/follow-ups/").content.decode()
    assert f'data-live="{user_topic(colleague.public_id)}"' in page
