"""Changes to people, teams, grants and invitations. `by` is None only for the operator at the command line."""
