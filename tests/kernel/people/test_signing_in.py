from collections.abc import Callable

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django.fixtures import Settings

from ccx.kernel.models import AuditEntry, User
from ccx.kernel.people.services.accounts import deactivate_person
from tests.factories.people import PASSWORD, make_service_user, make_user

SignIn = Callable[..., int]


def _is_in(client: Client) -> bool:
    return SESSION_KEY in client.session


def test_a_person_signs_in_by_e_mail_whatever_its_case(client: Client, sign_in: SignIn, bob: User) -> None:
    assert sign_in("BOB@example.org") == 302
    assert client.session[SESSION_KEY] == str(bob.pk)


def test_a_sign_in_leaves_an_entry_with_the_address(sign_in: SignIn, bob: User) -> None:
    sign_in(bob, address="203.0.113.7")
    entry = AuditEntry.objects.get(action="signed_in")
    assert (entry.actor_id, entry.object_id, entry.address, entry.door) == (bob.pk, bob.pk, "203.0.113.7", "page")


def test_a_refused_sign_in_leaves_an_entry_without_the_password(sign_in: SignIn, bob: User) -> None:
    assert sign_in(bob, "not the password") == 200
    entry = AuditEntry.objects.get(action="refused")
    assert (entry.actor_id, entry.after) == (None, {"email": bob.email})


def test_a_wrong_password_and_an_unknown_e_mail_get_the_same_page(client: Client, bob: User) -> None:
    def body(email: str) -> tuple[int, str]:
        answer = client.post("/accounts/login/", {"login": email, "password": "wrong"})
        return answer.status_code, answer.content.decode().replace(email, "").replace(_token(answer), "")

    def _token(answer: object) -> str:
        return str(answer.context["csrf_token"])

    assert body(bob.email) == body("nobody@example.org")


def test_a_closed_account_is_refused_like_a_wrong_password(client: Client, sign_in: SignIn, bob: User) -> None:
    bob.is_active = False
    bob.save()
    assert sign_in(bob) == 200
    assert not _is_in(client)


@pytest.mark.django_db
def test_a_service_user_cannot_sign_in_even_with_a_password(client: Client, sign_in: SignIn) -> None:
    machine = make_service_user(password=PASSWORD)
    assert sign_in(machine) == 200
    assert not _is_in(client)


def test_a_service_user_gets_no_session_from_elsewhere_either(client: Client, db: None) -> None:
    client.force_login(make_service_user(password=PASSWORD))
    assert client.get("/settings/me/").status_code == 302


def test_five_failures_lock_the_e_mail_and_the_address_together(client: Client, sign_in: SignIn, bob: User) -> None:
    statuses = [sign_in(bob, "wrong") for _attempt in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert sign_in(bob) == 429
    assert not _is_in(client)


def test_a_locked_e_mail_still_comes_in_from_another_address(client: Client, sign_in: SignIn, bob: User) -> None:
    for _attempt in range(6):
        sign_in(bob, "wrong")
    assert sign_in(bob, address="10.0.0.2") == 302
    assert _is_in(client)


def test_a_locked_address_still_lets_other_people_in(client: Client, sign_in: SignIn, bob: User, alice: User) -> None:
    for _attempt in range(6):
        sign_in(bob, "wrong")
    assert sign_in(alice) == 302
    assert client.session[SESSION_KEY] == str(alice.pk)


def test_changing_the_case_of_the_e_mail_starts_no_new_count(sign_in: SignIn, bob: User) -> None:
    statuses = [sign_in(email, "wrong") for email in ("bob@example.org", "BOB@example.org", "Bob@example.org") * 2]
    assert statuses[4:] == [429, 429]


def test_a_lock_looks_the_same_for_an_e_mail_that_nobody_has(sign_in: SignIn, db: None) -> None:
    assert [sign_in("nobody@example.org", "wrong") for _attempt in range(5)][-1] == 429


def test_what_the_lock_remembers_holds_no_password(sign_in: SignIn, bob: User) -> None:
    sign_in(bob, "a wrong secret")
    attempt = AccessAttempt.objects.get()
    assert attempt.username == bob.email
    assert "a wrong secret" not in attempt.post_data


def test_a_flood_of_guesses_does_not_keep_the_owner_out_of_a_known_device(
    settings: Settings, client: Client, sign_in: SignIn, bob: User
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/h/key"}
    assert sign_in(bob) == 302
    client.post("/accounts/logout/")
    stranger = Client()
    for number in range(6):
        stranger.post("/accounts/login/", {"login": bob.email, "password": "wrong"}, REMOTE_ADDR=f"198.51.100.{number}")
    from_elsewhere = stranger.post(
        "/accounts/login/", {"login": bob.email, "password": PASSWORD}, REMOTE_ADDR="198.51.100.77"
    )
    assert from_elsewhere.status_code == 200
    assert sign_in(bob) == 302


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "http:///evil"]
)
def test_after_signing_in_nobody_is_sent_to_another_site(client: Client, bob: User, target: str) -> None:
    answer = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_after_signing_in_one_goes_on_where_one_wanted_to(client: Client, bob: User) -> None:
    answer = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD, "next": "/settings/me/"})
    assert answer["Location"] == "/settings/me/"


def test_looking_at_the_sign_out_page_signs_nobody_out(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get("/accounts/logout/").status_code == 200
    assert _is_in(client)
    client.post("/accounts/logout/")
    assert not _is_in(client)


def test_signing_in_makes_a_new_session(client: Client, sign_in: SignIn, bob: User) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    sign_in(bob)
    assert client.session.session_key != before


def test_closing_an_account_ends_its_sessions_at_once_and_for_good(client: Client, bob: User, admin: User) -> None:
    client.force_login(bob)
    assert client.get("/settings/me/").status_code == 200
    deactivate_person(user_id=bob.pk, by=admin)
    assert client.get("/settings/me/").status_code == 302
    bob.is_active = True
    bob.save(update_fields=["is_active"])
    assert client.get("/settings/me/").status_code == 302


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "password/set/", "inactive/", "login/code/confirm/"]
)
def test_nobody_signs_up_or_changes_their_e_mail_alone(client: Client, bob: User, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404
    client.force_login(bob)
    assert client.post(f"/accounts/{path}", {"email": "new@example.org"}).status_code == 404


def test_pages_of_signed_in_people_are_stored_nowhere(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get("/settings/me/")["Cache-Control"] == "no-store, private"


def test_no_account_exists_on_a_fresh_installation(db: None) -> None:
    assert not User.objects.exists()


def test_home_is_the_first_place_a_person_may_use(client: Client, bob: User) -> None:
    client.force_login(make_user("of_another_time"))  # a role that opens nothing
    assert client.get("/")["Location"] == "/settings/me/"
    client.force_login(bob)
    answer = client.get("/", follow=True)
    first = answer.context["nav_items"][0]
    assert (answer.status_code, answer.redirect_chain) == (200, [(first["url"], 302)])
