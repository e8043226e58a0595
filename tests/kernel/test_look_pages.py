"""The style page, the navigation and the pages outside the shell."""

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from ccx.kernel.look.samples import everything
from ccx.kernel.people.choices import Role
from ccx.kernel.people.context import navigation
from ccx.kernel.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice@example.org", name="Alice", role=Role.ADMINISTRATOR)


@pytest.fixture
def charlie() -> User:
    return User.objects.create_user("charlie@example.org", name="Charlie", role=Role.AGENT)


def test_an_administrator_sees_every_component(client: Client, alice: User):
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[-1])
    response = client.get("/styleguide/")
    assert response.status_code == 200
    page = response.content.decode()
    assert page.count('class="tile ') == len(everything()["tiles"])
    assert "How “Solved at the first contact” is counted" in page
    assert "style=" not in page


def test_for_others_the_style_page_does_not_exist(client: Client, charlie: User):
    assert client.get("/styleguide/").status_code == 404
    client.force_login(charlie, backend=settings.AUTHENTICATION_BACKENDS[-1])
    response = client.get("/styleguide/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_the_rail_shows_only_places_one_may_go_to_and_that_exist(alice: User, charlie: User):
    request = RequestFactory().get("/admin/kernel/")
    request.user = charlie
    assert [place["url"] for place in navigation(request)["nav_items"] if place["url"] == "/admin/"] == []
    request.user = alice
    places = {place["url"]: place["is_active"] for place in navigation(request)["nav_items"]}
    assert places["/admin/"] is True


def test_nobody_signed_in_has_no_places():
    assert navigation(RequestFactory().get("/"))["nav_items"] == []


@pytest.mark.parametrize("name", ["400.html", "403.html", "404.html", "500.html"])
def test_an_error_page_needs_no_request_and_gives_a_reference(name: str):
    page = render_to_string(name)
    assert "Reference" in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/"])
def test_the_pages_for_signing_in_wear_our_look(client: Client, path: str):
    response = client.get(path)
    assert response.status_code == 200
    assert 'class="bare-card"' in response.content.decode()
    assert "style-src 'self'" in response.headers["Content-Security-Policy"]


def test_signing_out_and_changing_the_password_wear_our_look(client: Client, alice: User):
    alice.set_password("a long enough secret")
    alice.save()
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[-1])
    for path in ("/accounts/logout/", "/accounts/password/change/"):
        assert 'class="bare-card"' in client.get(path).content.decode()
