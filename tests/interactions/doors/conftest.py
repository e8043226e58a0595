"""The API's fixtures, people, a pretend provider, and a line for mail."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from interactions.channels import registry
from interactions.models import Inbox
from tests.factories.contacts import Centre
from tests.factories.providers import PretendAdapter
from tests.fixtures_api import api, fresh_limits, stranger
from tests.fixtures_people import admin, alice, bob, charlie, other_team, team

__all__ = ["admin", "alice", "api", "bob", "charlie", "fresh_limits", "other_team", "pretend", "stranger", "team"]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> PretendAdapter:
    """Its lines' provider is "pretend"."""
    adapter = PretendAdapter()
    monkeypatch.setitem(registry.BY_KEY, (adapter.channel, adapter.provider), adapter)  # type: ignore[arg-type]
    return adapter


@pytest.fixture
def line(centre: Centre, settings: Settings, tmp_path: Path) -> Inbox:
    """The mail line, with an address; files lie where nothing is left of them."""
    settings.MEDIA_ROOT = tmp_path
    centre.email.address = "help@ccx.test"
    centre.email.save()
    return centre.email
