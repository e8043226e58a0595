import hashlib
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ccx.kernel.models import AuditEntry, Invite, User
from ccx.kernel.people.choices import Role, UserKind
from ccx.kernel.people.errors import ServiceUserHasNoPasswordError
from ccx.kernel.people.services.accounts import deactivate_person
from ccx.kernel.people.services.invites import issue_invite
from tests.factories.people import make_service_user, make_user

NEW = {"password1": "entirely other words now", "password2": "entirely other words now"}


def _path(link: str) -> str:
    return urlsplit(link).path


def _createadmin(email: str = "first@example.org", **options: str) -> str:
    out = StringIO()
    call_command("createadmin", email, stdout=out, **options)
    return out.getvalue().strip().splitlines()[-1]


def test_createadmin_makes_an_administrator_without_a_password_and_prints_a_link(db: None) -> None:
    link = _createadmin(name="Ada")
    user = User.objects.get()
    assert (user.email, user.name, user.role, user.kind) == (
        "first@example.org",
        "Ada",
        Role.ADMINISTRATOR,
        UserKind.PERSON,
    )
    assert not user.has_usable_password()
    assert link.startswith("http://127.0.0.1:8000/accounts/first-password/")


def test_only_the_hash_of_the_secret_is_kept(db: None) -> None:
    secret = _createadmin().rstrip("/").rsplit("/", 1)[-1]
    assert len(secret) >= 43
    invite = Invite.objects.get()
    assert invite.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    entry = AuditEntry.objects.get(object_kind="invite")
    assert secret not in str(entry.after)
    assert entry.after
    assert entry.after["secret_hash"] == "(hidden)"
    assert entry.door == "command"


def test_the_first_administrator_sets_a_password_and_comes_in(client: Client, db: None) -> None:
    path = _path(_createadmin())
    assert client.get(path).status_code == 200
    assert client.post(path, NEW)["Location"] == "/accounts/login/"
    answer = client.post("/accounts/login/", {"login": "first@example.org", "password": NEW["password1"]})
    assert answer.status_code == 302
    assert client.get("/settings/people/").status_code == 200


def test_createadmin_lets_a_closed_administrator_back_in(db: None) -> None:
    user = make_user(Role.AGENT, email="first@example.org", is_active=False)
    _createadmin("FIRST@example.org")
    user.refresh_from_db()
    assert (user.is_active, user.role) == (True, Role.ADMINISTRATOR)


@pytest.mark.parametrize("email", ["", "no address", "a@b"])
def test_createadmin_refuses_what_is_no_address(db: None, email: str) -> None:
    with pytest.raises(CommandError):
        _createadmin(email)
    assert not User.objects.exists()


def test_createadmin_leaves_service_users_alone(db: None) -> None:
    machine = make_service_user()
    with pytest.raises(CommandError):
        _createadmin(machine.email)
    machine.refresh_from_db()
    assert machine.role == Role.INTEGRATION


@pytest.mark.parametrize("secret", ["", "%20", "%00", "x", "a/b", "%F0%9F%98%80", "' OR 1=1", "x" * 4000])
def test_a_link_that_was_never_made_is_no_page(client: Client, db: None, secret: str) -> None:
    _createadmin()
    assert client.get(f"/accounts/first-password/{secret}/").status_code == 404
    assert client.post(f"/accounts/first-password/{secret}/", NEW).status_code == 404


def test_a_link_works_once(client: Client, db: None) -> None:
    path = _path(_createadmin())
    client.post(path, NEW)
    assert client.get(path).status_code == 404
    assert client.post(path, NEW).status_code == 404


def test_a_link_dies_after_seven_days(client: Client, db: None) -> None:
    path = _path(_createadmin())
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert client.get(path).status_code == 404


def test_a_new_link_ends_the_earlier_one(client: Client, bob: User, admin: User) -> None:
    first = _path(issue_invite(user_id=bob.pk, by=admin))
    second = _path(issue_invite(user_id=bob.pk, by=admin))
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_a_link_dies_with_the_account(client: Client, bob: User, admin: User) -> None:
    path = _path(issue_invite(user_id=bob.pk, by=admin))
    deactivate_person(user_id=bob.pk, by=admin)
    assert client.get(path).status_code == 404
    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert client.get(path).status_code == 404


def test_a_service_user_gets_no_link(db: None, admin: User) -> None:
    with pytest.raises(ServiceUserHasNoPasswordError):
        issue_invite(user_id=make_service_user().pk, by=admin)


@pytest.mark.parametrize(
    ("first", "second"),
    [("short", "short"), ("one good long phrase", "another long phrase"), ("first@example.org",) * 2],
)
def test_a_poor_or_mistyped_password_is_not_taken(client: Client, db: None, first: str, second: str) -> None:
    path = _path(_createadmin())
    assert client.post(path, {"password1": first, "password2": second}).status_code == 200
    assert not User.objects.get().has_usable_password()
    assert client.get(path).status_code == 200


def test_the_page_of_a_link_is_stored_nowhere(client: Client, db: None) -> None:
    assert "no-store" in client.get(_path(_createadmin()))["Cache-Control"]


def test_an_administrator_sees_the_link_once_and_may_mail_it(client: Client, bob: User, admin: User) -> None:
    client.force_login(admin)
    answer = client.post(f"/settings/people/{bob.public_id}/invite/", {"mail": "1"})
    link = answer.context["link"]
    assert link in answer.content.decode()
    assert [message.to for message in mail.outbox] == [[bob.email]]
    assert link in str(mail.outbox[0].body)
    assert link not in client.get(f"/settings/people/{bob.public_id}/").content.decode()
