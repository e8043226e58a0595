"""The administrators' page of keys."""

import re

import pytest
from django.test import Client

from ccx.kernel.access.models import ApiKey
from ccx.kernel.models import User
from tests.factories.people import make_key, make_service_user

URL = "/settings/api-keys/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_new_key_is_shown_once_and_works(admin: User) -> None:
    client = signed_in(admin)
    user = make_service_user(name="Shop")
    made = client.post(
        URL, {"user": user.pk, "name": "Shop system", "scopes": ["contacts:write"], "expires_in_days": "90"}
    )
    page = made.content.decode()
    token = re.search(r"ccx_[a-z0-9]{12}_[\w-]{43}", page)
    assert token is not None
    assert "no-store" in made["Cache-Control"]
    me = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token[0]}"})
    assert (me.json()["name"], me.json()["scopes"]) == ("Shop", ["contacts:write"])
    later = client.get(URL).content.decode()
    assert token[0] not in later
    assert "Shop system" in later


def test_a_person_cannot_be_given_a_key_here(admin: User, alice: User) -> None:
    answer = signed_in(admin).post(
        URL, {"user": alice.pk, "name": "x", "scopes": ["contacts:write"], "expires_in_days": "90"}
    )
    assert answer.status_code == 400
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("scopes", [[], ["root"], ["contacts:write", "root"]])
def test_only_scopes_that_exist_can_be_given(scopes: list[str], admin: User) -> None:
    user = make_service_user()
    answer = signed_in(admin).post(URL, {"user": user.pk, "name": "x", "scopes": scopes, "expires_in_days": "0"})
    assert (answer.status_code, ApiKey.objects.count()) == (400, 0)


def test_revoking_ends_a_key_and_twice_is_said(admin: User) -> None:
    key, token = make_key(make_service_user(), "config:read")
    client = signed_in(admin)
    for _ in range(2):
        assert client.post(f"{URL}{key.public_id}/revoke/").status_code == 302
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "Revoked" in client.get(URL).content.decode()


def test_others_find_no_such_page_and_change_nothing(alice: User, charlie: User) -> None:
    key, _ = make_key(make_service_user(), "config:read")
    for user in (alice, charlie):
        client = signed_in(user)
        assert client.get(URL).status_code == 404
        assert client.post(URL, {"name": "x"}).status_code == 404
        assert client.post(f"{URL}{key.public_id}/revoke/").status_code == 404
    assert Client().get(URL).status_code == 302
    assert ApiKey.objects.filter(revoked_at__isnull=True).count() == 1


def test_a_new_service_user_may_be_named_with_its_first_key(admin: User) -> None:
    client = signed_in(admin)
    fields = {"new_user": "Order system", "sees_everything": "on", "name": "Orders", "scopes": ["figures:read"]}
    answer = client.post("/settings/api-keys/", fields | {"expires_in_days": "365"})
    machine = User.objects.get(email="order-system@service.invalid")
    assert answer.status_code == 200
    assert machine.sees_everything
    assert ApiKey.objects.get(user=machine).scopes == ["figures:read"]


def test_a_key_needs_one_service_user_not_none_and_not_two(admin: User) -> None:
    client = signed_in(admin)
    there = make_service_user(name="Shop")
    fields = {"name": "Orders", "scopes": ["figures:read"], "expires_in_days": "365"}
    assert client.post("/settings/api-keys/", fields).status_code == 400
    assert client.post("/settings/api-keys/", fields | {"user": there.pk, "new_user": "Two"}).status_code == 400
    assert not ApiKey.objects.exists()
