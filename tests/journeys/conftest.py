from tests.fixtures_people import admin, alice, charlie, other_team, team

__all__ = ["admin", "alice", "charlie", "other_team", "team"]
