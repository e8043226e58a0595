"""Who gets in with a key, and what the key may do."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.errors import KeyNeedsServiceUserError, KeyRevokedError
from ccx.kernel.access.models import ApiKey
from ccx.kernel.access.services import issue_key, note_use, revoke_key
from ccx.kernel.models import User
from ccx.kernel.people.choices import Role
from tests.factories.api import Api, make_api
from tests.factories.people import make_key, make_service_user, make_user

ME = "/api/v1/me"


def test_an_issued_key_opens_the_api_and_its_secret_is_stored_nowhere(admin: User) -> None:
    issued = issue_key(user=make_service_user(), name="shop", scopes=[Scope.CONTACTS_WRITE], by=admin)
    answer = Client().get(ME, headers={"Authorization": f"Bearer {issued.token}"})
    assert answer.status_code == 200
    assert answer.json()["scopes"] == ["contacts:write"]
    secret = issued.token.rsplit("_", 1)[-1] if issued.token.count("_") == 2 else issued.token[17:]
    row = ApiKey.objects.filter(pk=issued.key.pk).values().get()
    assert secret not in str(row)
    assert len(row["secret_hash"]) == 64


@pytest.mark.parametrize("damage", ["revoked", "expired", "user", "secret", "prefix", "empty", "shape"])
def test_a_key_that_is_not_good_opens_nothing_and_all_are_told_the_same(damage: str, api: Api) -> None:
    token = api.token
    if damage == "revoked":
        ApiKey.objects.update(revoked_at=timezone.now())
    if damage == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if damage == "user":
        User.objects.filter(pk=api.user.pk).update(is_active=False)
    token = {
        "secret": token[:-1] + "t",
        "prefix": token.replace("ccx_k", "ccx_z"),
        "empty": "",
        "shape": "x" * 5000,
    }.get(damage, token)
    answer = Client().get(ME, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["detail"] == "The API key is not known, is revoked or has expired."


def test_without_key_and_without_session_there_is_nothing(db: None) -> None:
    answer = Client().get(ME)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_missing_scope_is_refused_on_reads_and_on_writes(db: None) -> None:
    api = make_api("figures:read")
    for refused, scope in (
        (api.get("/api/v1/interactions"), "contacts:read"),
        (api.post("/api/v1/contacts", {}), "contacts:write"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        assert refused.json()["detail"] == f"Needed: {scope}."


def test_a_person_gets_no_key(admin: User) -> None:
    with pytest.raises(KeyNeedsServiceUserError):
        issue_key(user=make_user(), name="mine", scopes=[], by=admin)
    assert ApiKey.objects.count() == 0


def test_a_key_is_revoked_once(admin: User, api: Api) -> None:
    revoke_key(key_id=api.key.pk, by=admin)
    assert api.get(ME).status_code == 401
    with pytest.raises(KeyRevokedError):
        revoke_key(key_id=api.key.pk, by=admin)


def test_use_is_noted_at_most_once_a_minute(api: Api, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    api.get(ME)
    key = ApiKey.objects.get(pk=api.key.pk)
    assert key.last_used_at is not None
    with django_assert_num_queries(0):
        note_use(key=key)
    key.last_used_at -= timedelta(seconds=61)
    key.save()
    note_use(key=key)
    assert ApiKey.objects.get(pk=key.pk).last_used_at > key.last_used_at


def test_a_session_may_what_its_person_may_on_pages(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    answer = client.get(ME)
    assert answer.status_code == 200
    assert answer.json()["key_prefix"] is None
    assert "contacts:read" in answer.json()["scopes"]
    assert "contacts:attest" not in answer.json()["scopes"]
    assert "imports:write" not in answer.json()["scopes"]


def test_a_session_writes_only_with_our_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    refused = client.post("/api/v1/contacts", b"{}", content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    token = "a" * 32
    client.cookies["csrftoken"] = token
    heard = client.post("/api/v1/contacts", b"{}", content_type="application/json", headers={"X-CSRFToken": token})
    assert (heard.status_code, heard.json()["code"]) == (400, "invalid")


def test_a_bearer_key_needs_no_csrf_token_and_outranks_a_session(alice: User, api: Api) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.get(ME, headers=api.headers())
    assert answer.json()["user"] == str(api.user.public_id)


def test_the_command_prints_a_key_that_works(capsys: pytest.CaptureFixture[str], db: None) -> None:
    user = make_service_user()
    call_command("issue_api_key", user.email, "--scopes", "config:read", "figures:read", "--days", "7")
    token = capsys.readouterr().out.strip()
    answer = Client().get(ME, headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["scopes"] == ["config:read", "figures:read"]
    assert answer.json()["expires_at"] is not None


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_the_command_says_what_is_wrong(days: str, db: None) -> None:
    with pytest.raises(CommandError, match="There is no service user"):
        call_command("issue_api_key", "nobody@example.org", "--scopes", "config:read")
    with pytest.raises(CommandError, match="--days"):
        call_command("issue_api_key", make_service_user().email, "--scopes", "config:read", "--days", days)


def test_teams_come_by_grant_and_a_stranger_sees_none(alice: User, charlie: User, stranger: Api) -> None:
    client = Client()
    client.force_login(alice)
    rows: list[dict[str, Any]] = client.get("/api/v1/teams").json()["results"]
    assert [row["name"] for row in rows] == ["Billing"]
    assert stranger.get("/api/v1/teams").json()["results"] == []


def test_a_read_only_key_of_one_user_does_not_widen_another(db: None) -> None:
    user = make_service_user()
    _, narrow = make_key(user, "config:read")
    _, wide = make_key(user, "config:read", "contacts:read")
    client = Client()
    assert client.get("/api/v1/cases", headers={"Authorization": f"Bearer {narrow}"}).status_code == 403
    assert client.get("/api/v1/cases", headers={"Authorization": f"Bearer {wide}"}).status_code == 200
    assert user.role == Role.INTEGRATION
