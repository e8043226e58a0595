from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from ccx.kernel.models import ApiKey, EventRow, Grant, Team, User
from ccx.kernel.people.choices import GrantScope, Role, UserKind
from ccx.kernel.people.errors import (
    EmailTakenError,
    GrantTargetUnknownError,
    LastAdministratorError,
    NotAllowedError,
    TeamHasPeopleError,
    TeamNameTakenError,
)
from ccx.kernel.people.services.accounts import change_person, create_person, deactivate_person, reactivate_person
from ccx.kernel.people.services.grants import give_grant, take_grant
from ccx.kernel.people.services.teams import change_team, create_team
from interactions.models import ContactReason, Queue
from tests.factories.people import make_grant, make_key, make_service_user, make_team, make_user


def _change(user: User, by: User, **new: object) -> User:
    fields = {"email": user.email, "name": user.name, "role": Role(user.role), "team": user.team} | new
    return change_person(user_id=user.pk, by=by, **fields)  # type: ignore[arg-type]


def _access_events(user: User) -> list[bool]:
    rows = EventRow.objects.filter(kind="access_changed", agent_id=user.pk).order_by("id")
    return [row.data["is_active"] for row in rows]


def test_the_last_administrator_cannot_be_closed(admin: User) -> None:
    with pytest.raises(LastAdministratorError):
        deactivate_person(user_id=admin.pk, by=admin)
    admin.refresh_from_db()
    assert admin.is_active


def test_the_last_administrator_cannot_become_something_else(admin: User) -> None:
    with pytest.raises(LastAdministratorError):
        _change(admin, admin, role=Role.AGENT)


def test_closed_administrators_and_service_users_do_not_count(admin: User) -> None:
    make_user(Role.ADMINISTRATOR, is_active=False)
    make_user(Role.ADMINISTRATOR, kind=UserKind.SERVICE)
    with pytest.raises(LastAdministratorError):
        deactivate_person(user_id=admin.pk, by=admin)


def test_one_of_two_administrators_can_go(admin: User) -> None:
    second = make_user(Role.ADMINISTRATOR)
    deactivate_person(user_id=admin.pk, by=second)
    admin.refresh_from_db()
    assert not admin.is_active


def test_closing_an_account_revokes_its_keys_and_says_so(admin: User, bob: User) -> None:
    key, _token = make_key(bob)
    deactivate_person(user_id=bob.pk, by=admin)
    deactivate_person(user_id=bob.pk, by=admin)
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
    assert _access_events(bob) == [False]
    reactivate_person(user_id=bob.pk, by=admin)
    assert _access_events(bob) == [False, True]


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.QUALITY_ANALYST, Role.EXPERIENCE_OWNER])
def test_only_administrators_change_people(db: None, role: Role) -> None:
    by, target = make_user(role), make_user()
    refused: list[Callable[[], object]] = [
        lambda: create_person(email="n@example.org", name="N", role=Role.AGENT, by=by),
        lambda: _change(target, by, role=Role.ADMINISTRATOR),
        lambda: _change(by, by, role=Role.ADMINISTRATOR),
        lambda: deactivate_person(user_id=target.pk, by=by),
        lambda: give_grant(user_id=by.pk, scope=GrantScope.ALL, target_id=None, by=by),
        lambda: create_team(name="Mine", by=by),
    ]
    for attempt in refused:
        with pytest.raises(NotAllowedError):
            attempt()
    assert (User.objects.count(), Grant.objects.count(), Team.objects.count()) == (2, 0, 0)


def test_an_e_mail_belongs_to_one_person_whatever_its_case(admin: User, bob: User) -> None:
    with pytest.raises(EmailTakenError):
        create_person(email="BOB@example.org", name="Bob again", role=Role.AGENT, by=admin)
    with pytest.raises(EmailTakenError):
        _change(admin, admin, email="Bob@Example.org")
    assert _change(bob, admin, email="Bob@Example.org").email == "bob@example.org"


def test_a_grant_names_something_that_is_there(admin: User, bob: User, team: Team) -> None:
    queue = Queue.objects.create(name="Mail")
    reason = ContactReason.objects.create(code="late", name="Late")
    for scope, target in ((GrantScope.TEAM, team), (GrantScope.QUEUE, queue), (GrantScope.REASON, reason)):
        give_grant(user_id=bob.pk, scope=scope, target_id=target.pk, by=admin)
        with pytest.raises(GrantTargetUnknownError):
            give_grant(user_id=bob.pk, scope=scope, target_id=987_654, by=admin)
        with pytest.raises(GrantTargetUnknownError):
            give_grant(user_id=bob.pk, scope=scope, target_id=None, by=admin)
    fresh = User.objects.get(pk=bob.pk)
    assert fresh.granted(GrantScope.QUEUE) == [queue.pk]
    assert fresh.granted(GrantScope.REASON) == [reason.pk]


def test_giving_or_taking_a_grant_twice_changes_nothing(admin: User) -> None:
    user = make_user()
    grant = give_grant(user_id=user.pk, scope=GrantScope.ALL, target_id=None, by=admin)
    assert give_grant(user_id=user.pk, scope=GrantScope.ALL, target_id=None, by=admin).pk == grant.pk
    take_grant(user_id=user.pk, grant_id=grant.pk, by=admin)
    take_grant(user_id=user.pk, grant_id=grant.pk, by=admin)
    assert _access_events(user) == [True, True]


def test_a_grant_is_taken_only_from_its_own_person(admin: User, alice: User, bob: User) -> None:
    grant = alice.grants.get()
    take_grant(user_id=bob.pk, grant_id=grant.pk, by=admin)
    assert Grant.objects.filter(pk=grant.pk).exists()


def test_a_team_with_people_stays(admin: User, bob: User, team: Team) -> None:
    with pytest.raises(TeamHasPeopleError):
        change_team(team_id=team.pk, name=team.name, is_active=False, by=admin)
    deactivate_person(user_id=bob.pk, by=admin)
    assert not change_team(team_id=team.pk, name=team.name, is_active=False, by=admin).is_active


def test_two_teams_cannot_share_a_name(admin: User, team: Team, other_team: Team) -> None:
    with pytest.raises(TeamNameTakenError):
        create_team(name="billing", by=admin)
    with pytest.raises(TeamNameTakenError):
        change_team(team_id=other_team.pk, name="BILLING", is_active=True, by=admin)


def test_the_pages_make_change_and_close_a_person(client: Client, admin: User, team: Team) -> None:
    client.force_login(admin)
    fields = {"name": "Dora", "email": "dora@example.org", "role": "supervisor", "team": team.pk}
    assert "first-password" in client.post("/settings/people/add/", fields).content.decode()
    dora = User.objects.get(email="dora@example.org")
    page = f"/settings/people/{dora.public_id}/"
    assert client.post(page, fields | {"name": "Dora D.", "team": ""})["Location"] == page
    assert client.post(f"{page}grants/", {"target": f"team:{team.pk}"})["Location"] == page
    grant = dora.grants.get()
    assert "Billing" in client.get(page).content.decode()
    client.post(f"{page}grants/{grant.pk}/remove/")
    client.post(f"{page}close/")
    dora.refresh_from_db()
    assert (dora.name, dora.team, dora.is_active, dora.grants.count()) == ("Dora D.", None, False, 0)
    client.post(f"{page}open/")
    assert User.objects.get(pk=dora.pk).is_active


def test_nothing_but_the_named_fields_can_be_posted(client: Client, admin: User, bob: User) -> None:
    client.force_login(admin)
    more = {"is_superuser": "1", "is_staff": "1", "kind": "service", "password": "x", "public_id": str(uuid4())}
    fields = {"name": "Bob", "email": bob.email, "role": "agent", "team": bob.team_id} | more
    client.post(f"/settings/people/{bob.public_id}/", fields)
    after = User.objects.get(pk=bob.pk)
    assert (after.is_superuser, after.is_staff, after.kind, after.password) == (False, False, "person", bob.password)
    assert after.public_id == bob.public_id


def test_nobody_becomes_an_integration_through_the_page(client: Client, admin: User, bob: User) -> None:
    client.force_login(admin)
    fields = {"name": "Bob", "email": bob.email, "role": "integration"}
    assert client.post(f"/settings/people/{bob.public_id}/", fields).status_code == 200
    assert User.objects.get(pk=bob.pk).role == Role.AGENT


def test_service_users_are_not_among_the_people(client: Client, admin: User) -> None:
    machine = make_service_user(name="Importer")
    client.force_login(admin)
    assert "Importer" not in client.get("/settings/people/").content.decode()
    assert client.get(f"/settings/people/{machine.public_id}/").status_code == 404


def test_charlie_finds_no_settings_and_changes_nothing(client: Client, charlie: User, bob: User) -> None:
    client.force_login(charlie)
    page = f"/settings/people/{bob.public_id}/"
    for path in ("/settings/people/", "/settings/people/add/", page, "/settings/teams/", "/settings/teams/add/"):
        assert client.get(path).status_code == 404
    for path in (page, f"{page}close/", f"{page}invite/", f"{page}grants/"):
        assert client.post(path, {"name": "X", "email": "x@example.org", "role": "agent"}).status_code == 404
    after = User.objects.get(pk=bob.pk)
    assert (after.name, after.is_active, after.invites.count()) == ("Bob", True, 0)


def test_everybody_may_change_their_own_name_language_and_zone_and_nothing_else(client: Client, bob: User) -> None:
    client.force_login(bob)
    fields = {"name": "Robert", "language": "de", "time_zone": "Europe/Vienna", "role": "administrator"}
    client.post("/settings/me/", fields)
    after = User.objects.get(pk=bob.pk)
    assert (after.name, after.language, after.time_zone, after.role) == ("Robert", "de", "Europe/Vienna", Role.AGENT)


def test_the_list_of_people_asks_the_same_number_of_questions_however_long_it_is(
    client: Client, admin: User, queries_do_not_grow: Callable[..., int]
) -> None:
    client.force_login(admin)
    make_user(team=make_team())
    # Session, person, how many people, the page of people with their teams.
    found = queries_do_not_grow(
        lambda: client.get("/settings/people/"), lambda: [make_user(team=make_team()) for _number in range(20)]
    )
    assert found == 4


def test_the_list_of_teams_asks_the_same_number_of_questions_however_long_it_is(
    client: Client, admin: User, queries_do_not_grow: Callable[..., int]
) -> None:
    client.force_login(admin)
    # Session, person, teams with their counts.
    found = queries_do_not_grow(lambda: client.get("/settings/teams/"), lambda: [make_team() for _number in range(20)])
    assert found == 3


def test_a_grant_reaches_only_the_rows_it_names(alice: User, bob: User, charlie: User) -> None:
    make_grant(charlie, GrantScope.QUEUE, 1)
    assert list(User.objects.visible_to(alice).order_by("name")) == [alice, bob]
    assert list(User.objects.visible_to(charlie)) == [charlie]
