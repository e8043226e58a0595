"""Re-exports the models of the kernel's rooms; without it Django leaves them out."""

from ccx.kernel.access.models import ApiKey, IdempotencyRecord
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.events.models import EventRow, LogHead, QuarantinedEvent, ReaderEffect, ReaderPosition
from ccx.kernel.people.models import Grant, Invite, Team, User

__all__ = [
    "ApiKey",
    "AuditEntry",
    "EventRow",
    "Grant",
    "IdempotencyRecord",
    "Invite",
    "LogHead",
    "QuarantinedEvent",
    "ReaderEffect",
    "ReaderPosition",
    "Team",
    "User",
]
