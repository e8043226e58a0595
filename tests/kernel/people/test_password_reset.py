import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from ccx.kernel.models import User
from ccx.kernel.people.choices import Role
from ccx.kernel.people.services.accounts import change_person
from tests.factories.people import PASSWORD, make_service_user

NEW = "entirely other words now"


def _ask(client: Client, email: str, **extra: str) -> int:
    return client.post("/accounts/password/reset/", {"email": email}, **extra).status_code  # type: ignore[arg-type]


def _link() -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def _set(client: Client, link: str) -> int:
    form = client.get(link)
    path = form["Location"] if form.status_code == 302 else link
    return client.post(path, {"password1": NEW, "password2": NEW}).status_code


def test_the_link_is_built_from_the_configured_address_and_not_from_the_host(
    settings: Settings, client: Client, bob: User
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _ask(client, bob.email, HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")
    message = mail.outbox[0]
    assert "evil.example" not in f"{message.subject}{message.body}"
    assert _link()


def test_a_reset_sets_the_password_and_ends_every_other_session(client: Client, bob: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(bob)
    _ask(client, bob.email)
    assert _set(client, _link()) == 302
    assert elsewhere.get("/settings/me/").status_code == 302
    bob.refresh_from_db()
    assert bob.check_password(NEW)
    assert SESSION_KEY not in client.session


def test_a_reset_link_works_once(client: Client, bob: User) -> None:
    _ask(client, bob.email)
    link = _link()
    _set(client, link)
    assert Client().get(link).status_code == 200
    assert "password1" not in Client().get(link).content.decode()


def test_a_reset_link_dies_when_the_e_mail_changes(client: Client, bob: User, admin: User) -> None:
    _ask(client, bob.email)
    link = _link()
    change_person(user_id=bob.pk, email="b@example.org", name="Bob", role=Role.AGENT, team=bob.team, by=admin)
    answer = Client().get(link, follow=True)
    assert "password1" not in answer.content.decode()


def test_after_a_change_of_e_mail_the_old_one_resets_nothing(client: Client, bob: User, admin: User) -> None:
    client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    change_person(user_id=bob.pk, email="b@example.org", name="Bob", role=Role.AGENT, team=bob.team, by=admin)
    _ask(Client(), "bob@example.org")
    assert "/password/reset/key/" not in str(mail.outbox[-1].body)


@pytest.mark.parametrize("who", ["unknown", "closed", "service"])
def test_asking_for_a_reset_tells_nobody_whether_the_account_exists(client: Client, bob: User, who: str) -> None:
    emails = {"unknown": "nobody@example.org", "closed": bob.email, "service": make_service_user().email}
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert _ask(client, emails[who]) == 302
    assert "/password/reset/key/" not in "".join(str(message.body) for message in mail.outbox)


def test_a_reset_takes_the_lock_away(client: Client, bob: User) -> None:
    for _attempt in range(6):
        client.post("/accounts/login/", {"login": bob.email, "password": "wrong"})
    _ask(client, bob.email)
    _set(client, _link())
    answer = client.post("/accounts/login/", {"login": bob.email, "password": NEW})
    assert answer.status_code == 302
