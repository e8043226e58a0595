"""People, teams, grants and keys for tests."""

import hashlib
from itertools import count
from typing import Any

from ccx.kernel.models import ApiKey, Grant, Team, User
from ccx.kernel.people.choices import GrantScope, Role, UserKind

PASSWORD = "four unrelated words here"
KEY_SECRET = "s" * 43
_numbers = count(1)


def make_team(name: str = "") -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}")


def make_user(role: Role | str = Role.AGENT, *, team: Team | None = None, **fields: Any) -> User:
    number = next(_numbers)
    fields = {"name": f"Person {number}", "password": PASSWORD} | fields
    email = fields.pop("email", f"person{number}@example.org")
    return User.objects.create_user(email, fields.pop("password"), role=role, team=team, **fields)


def make_service_user(**fields: Any) -> User:
    fields = {"kind": UserKind.SERVICE, "password": None} | fields
    return make_user(Role.INTEGRATION, **fields)


def make_grant(user: User, scope: GrantScope = GrantScope.ALL, target_id: int | None = None) -> Grant:
    return Grant.objects.create(user=user, scope=scope, target_id=target_id)


def make_key(user: User, *scopes: str) -> tuple[ApiKey, str]:
    """A key and the token that goes into the Authorization header."""
    prefix = f"k{next(_numbers):07d}"
    key = ApiKey.objects.create(
        user=user,
        name="A key for tests",
        prefix=prefix,
        secret_hash=hashlib.sha256(KEY_SECRET.encode()).hexdigest(),
        scopes=list(scopes),
    )
    return key, f"ccx_{prefix}_{KEY_SECRET}"
