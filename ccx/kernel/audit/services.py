"""Entries that no trigger can write: reads, exports, searches, and who signed in or was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from ccx.kernel.audit.choices import Door
from ccx.kernel.audit.context import Acting, acting_of, current
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.people.models import User

LOOK_SECONDS = 600


def record_read(
    *,
    request: HttpRequest,
    action: str,
    object_kind: str,
    object_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Remember that somebody read, exported or searched; `details` say what was asked for."""
    return _append(acting_of(request), action=action, object_kind=object_kind, object_id=object_id, details=details)


def record_look(*, request: HttpRequest, object_kind: str, object_id: int) -> None:
    """A read of what an open page reads again by itself: one entry in LOOK_SECONDS for a person and an object."""
    who = acting_of(request)
    if cache.add(f"audit:look:{who.by_id}:{object_kind}:{object_id}", 1, LOOK_SECONDS):
        _append(who, action=AuditEntry.Action.READ, object_kind=object_kind, object_id=object_id)


def record_sign_in(*, request: HttpRequest, user: User) -> AuditEntry:
    """Remember that somebody came in."""
    return _append(acting_of(request), action=AuditEntry.Action.SIGNED_IN, object_kind="user", object_id=user.pk)


def record_refusal(*, request: HttpRequest, email: str) -> AuditEntry:
    """Remember that a sign-in was refused: the address that was tried, never the password."""
    return _append(
        acting_of(request),
        action=AuditEntry.Action.REFUSED,
        object_kind="user",
        object_id=None,
        details={"email": email[:254]},
    )


def record_deed(*, object_kind: str, details: Mapping[str, Any], by: User | None = None) -> AuditEntry:
    """Remember what somebody did to something that no trigger watches, such as a reader's position."""
    who = current() or Acting(door=Door.COMMAND)
    who = replace(who, by_id=by.pk) if by else who
    return _append(who, action=AuditEntry.Action.CHANGED, object_kind=object_kind, object_id=None, details=details)


@transaction.atomic
def forget_contents(*, rows: Mapping[str, Sequence[int]], by: User) -> int:
    """Blank before and after of everything ever audited about these rows (kind -> ids); answer how many entries.

    For erasing a person: that something happened, when and by whom stays. The erasure leaves an entry of its own.
    """
    forgotten = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ccx.forgetting', 'on', true)")
        for kind, ids in rows.items():
            cursor.execute(
                "UPDATE kernel_auditentry SET before = NULL, after = NULL"
                " WHERE object_kind = %s AND object_id = ANY(%s) AND (before IS NOT NULL OR after IS NOT NULL)",
                [kind, list(ids)],
            )
            forgotten += cursor.rowcount
        cursor.execute("SELECT set_config('ccx.forgetting', '', true)")
    _append(
        replace(current() or Acting(door=Door.DATABASE), by_id=by.pk),
        action=AuditEntry.Action.DELETED,
        object_kind="audit_contents",
        object_id=None,
        details={"rows": {kind: list(ids) for kind, ids in rows.items()}, "entries": forgotten},
    )
    return forgotten


def _append(
    who: Acting,
    *,
    action: str,
    object_kind: str,
    object_id: int | None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    entry = AuditEntry(
        at=timezone.now(),
        actor_id=who.by_id,
        door=who.door,
        api_key_id=who.api_key_id,
        request_id=who.request_id[:64],
        address=who.address,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        after=dict(details) if details else None,
    )
    entry.save(force_insert=True)
    return entry
