"""The API's fixtures, people, and a pretend provider."""

import pytest

from interactions.channels import registry
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
