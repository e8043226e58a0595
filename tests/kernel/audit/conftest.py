from tests.fixtures_people import admin, alice, bob, charlie, other_team, team

__all__ = ["admin", "alice", "bob", "charlie", "other_team", "team"]
