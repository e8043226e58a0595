"""The API's fixtures, and people."""

from tests.fixtures_api import api, fresh_limits, stranger
from tests.fixtures_people import admin, alice, charlie, other_team, team

__all__ = ["admin", "alice", "api", "charlie", "fresh_limits", "other_team", "stranger", "team"]
