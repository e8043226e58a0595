"""Who a presented key belongs to."""

import hashlib
import hmac
import re
from functools import cache

from django.db import connection
from django.utils import timezone

from ccx.kernel.access.choices import ABILITY_SCOPES, Scope
from ccx.kernel.access.models import ApiKey
from ccx.kernel.people.models import User
from ccx.kernel.statements import Statement, run_first

TOKEN = re.compile(r"ccx_([a-z0-9]{6,12})_([A-Za-z0-9_-]{43})")
# Compared with when no key has the prefix, so that both ways take the same time.
NO_HASH = hashlib.sha256(b"").hexdigest()


def hash_of(secret: str) -> str:
    """What is stored of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def usable_key(token: str) -> ApiKey | None:
    """The key that this token opens, with its user, if both may be used now."""
    match = TOKEN.fullmatch(token)
    if match is None:
        return None
    prefix, secret = match.groups()
    key = _key_with_user(prefix)
    is_right = hmac.compare_digest(hash_of(secret), key.secret_hash if key else NO_HASH)
    return key if key and is_right and key.is_usable(at=timezone.now()) else None


def _key_with_user(prefix: str) -> ApiKey | None:
    """One statement written by hand: every request runs it, and building it anew took a fifth of the way in."""
    statement, keys, users = _statement()
    rows = run_first(statement, [prefix])
    if not rows:
        return None
    row = rows[0]
    key = ApiKey.from_db(connection.alias, keys, row[: len(keys)])
    key.user = User.from_db(connection.alias, users, row[len(keys) :])
    return key


@cache
def _statement() -> tuple[Statement, list[str], list[str]]:
    keys = [field.attname for field in ApiKey._meta.concrete_fields]
    users = [field.attname for field in User._meta.concrete_fields]
    columns = ", ".join([f"k.{field.column}" for field in ApiKey._meta.concrete_fields])
    columns += ", " + ", ".join([f"u.{field.column}" for field in User._meta.concrete_fields])
    tables = f"{ApiKey._meta.db_table} k JOIN {User._meta.db_table} u ON u.id = k.user_id"
    sql = f"SELECT {columns} FROM {tables} WHERE k.prefix = $1"  # noqa: S608 - names of our own models
    return Statement("ccx_key_with_user", ("text",), sql), keys, users


def scopes_of_person(user: User) -> frozenset[str]:
    """What somebody signed in may do through the API: what they may do on pages."""
    if not user.is_active:
        return frozenset()
    scopes: set[str] = {Scope.CONFIG_READ.value}
    for ability, granted in ABILITY_SCOPES.items():
        if user.can(ability):
            scopes.update(scope.value for scope in granted)
    return frozenset(scopes)
