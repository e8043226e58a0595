"""Who a presented key belongs to."""

import hashlib
import hmac
import re

from django.utils import timezone

from ccx.kernel.access.choices import ABILITY_SCOPES, Scope
from ccx.kernel.access.models import ApiKey
from ccx.kernel.people.models import User

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
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    is_right = hmac.compare_digest(hash_of(secret), key.secret_hash if key else NO_HASH)
    return key if key and is_right and key.is_usable(at=timezone.now()) else None


def scopes_of_person(user: User) -> frozenset[str]:
    """What somebody signed in may do through the API: what they may do on pages."""
    if not user.is_active:
        return frozenset()
    scopes: set[str] = {Scope.CONFIG_READ.value}
    for ability, granted in ABILITY_SCOPES.items():
        if user.can(ability):
            scopes.update(scope.value for scope in granted)
    return frozenset(scopes)
