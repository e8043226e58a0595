"""Reads that must leave a trace."""

from django.http import HttpRequest
from django.utils import timezone

from ccx.kernel.audit.models import AuditEntry


def record_read(*, request: HttpRequest, action: str, object_kind: str, object_id: int | None) -> AuditEntry:
    """Remember that the person behind a request read or searched something."""
    return AuditEntry.objects.create(
        at=timezone.now(),
        actor_id=request.user.pk,
        door="page",
        address=request.META.get("REMOTE_ADDR") or None,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
    )
