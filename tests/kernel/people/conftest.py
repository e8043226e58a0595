from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ccx.kernel.models import User
from tests.factories.people import PASSWORD
from tests.fixtures_people import admin, alice, bob, charlie, other_team, team

__all__ = ["admin", "alice", "bob", "charlie", "other_team", "team"]


@pytest.fixture(autouse=True)
def _limits_of_its_own(settings: Settings) -> None:
    """Rate limits count in the shared cache; each test counts under a name of its own."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid4()}"}}


@pytest.fixture
def sign_in(client: Client) -> Callable[..., int]:
    """Try to sign in through the page; answers the status."""

    def attempt(user: User | str, password: str = PASSWORD, *, address: str = "10.0.0.1", **extra: str) -> int:
        email = user if isinstance(user, str) else user.email
        response = client.post("/accounts/login/", {"login": email, "password": password, **extra}, REMOTE_ADDR=address)
        return response.status_code

    return attempt
