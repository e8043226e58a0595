"""Issuing and revoking keys, and doing a repeated request once."""

import hashlib
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.errors import KeyInFlightError, KeyNeedsServiceUserError, KeyReusedError, KeyRevokedError
from ccx.kernel.access.models import ApiKey, IdempotencyRecord
from ccx.kernel.access.selectors import hash_of
from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.models import User

PREFIX_LETTERS = string.ascii_lowercase + string.digits
NOTE_USE_EVERY = timedelta(minutes=1)
KEEP_ANSWERS = timedelta(hours=48)


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new key and its token, which is shown once and stored nowhere."""

    key: ApiKey
    token: str


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """An answer as it goes out. `keep` False: nothing was done, so the same key may try again."""

    status: int
    body: bytes
    keep: bool = True
    is_replay: bool = False


@transaction.atomic
def issue_key(
    *, user: User, name: str, scopes: Iterable[Scope], by: User, expires_at: datetime | None = None
) -> IssuedKey:
    """Give a service user a key with these scopes."""
    if user.kind != UserKind.SERVICE or not user.is_active:
        raise KeyNeedsServiceUserError(by_id=by.pk)
    prefix = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        secret_hash=hash_of(secret),
        scopes=sorted({Scope(scope).value for scope in scopes}),
        expires_at=expires_at,
    )
    return IssuedKey(key=key, token=f"ccx_{prefix}_{secret}")


@transaction.atomic
def revoke_key(*, key_id: int, by: User) -> ApiKey:
    """End a key for good; requests already running finish."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is not None:
        raise KeyRevokedError(by_id=by.pk)
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    return key


def note_use(*, key: ApiKey) -> None:
    """Remember when a key was last used, at most once a minute."""
    now = timezone.now()
    if key.last_used_at is not None and key.last_used_at > now - NOTE_USE_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - NOTE_USE_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


@transaction.atomic
def answer_once(*, caller_id: int, key: str, request_hash: str, effect: Callable[[], StoredAnswer]) -> StoredAnswer:
    """Run `effect` once per caller and key; its rows and its answer are committed together.

    Whatever `effect` raises leaves nothing behind, so the key may be used again.
    """
    digest = hashlib.sha256(f"{caller_id}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
        if not cursor.fetchone()[0]:
            raise KeyInFlightError(retry_after=1)
    known = IdempotencyRecord.objects.filter(caller_id=caller_id, key=key).first()
    if known is not None and known.status is not None:
        if known.request_hash != request_hash:
            raise KeyReusedError
        return StoredAnswer(status=known.status, body=bytes(known.body or b""), is_replay=True)
    answer = effect()
    if answer.keep:
        IdempotencyRecord.objects.create(
            caller_id=caller_id, key=key, request_hash=request_hash, status=answer.status, body=answer.body
        )
    return answer


def forget_old_answers(*, now: datetime) -> int:
    """Delete answers kept long enough; a few thousand at a time."""
    old = IdempotencyRecord.objects.filter(created_at__lt=now - KEEP_ANSWERS).order_by("created_at")
    deleted = 0
    while ids := list(old.values_list("pk", flat=True)[:5000]):
        deleted += IdempotencyRecord.objects.filter(pk__in=ids).delete()[0]
    return deleted
