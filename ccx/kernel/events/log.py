"""Appending to the event log, in the transaction of whoever makes it happen."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from ccx.kernel.events.models import Origin

COLUMNS = ("interaction_id", "case_id", "customer_id", "agent_id")
# The columns of `event_rows`, in its order.
EVENT_COLUMNS = ("kind", "origin", *COLUMNS, "actor_id", "data", "occurred_at")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. Subclasses name what happened and may add ids and codes of their own.

    Extra fields must be ids, numbers, booleans or codes: the log outlives the person it is about.
    """

    kind: ClassVar[str]
    interaction_id: int | None = None
    case_id: int | None = None
    customer_id: int | None = None
    agent_id: int | None = None

    def extra(self) -> dict[str, Any]:
        """The fields that have no column of their own."""
        return {name: getattr(self, name) for name in _own_fields(type(self))}


_OWN_FIELDS: dict[str, tuple[str, ...]] = {}


def _own_fields(kind: type[Event]) -> tuple[str, ...]:
    known = _OWN_FIELDS.get(kind.kind)
    if known is None:
        known = _OWN_FIELDS[kind.kind] = tuple(field.name for field in fields(kind) if field.name not in COLUMNS)
    return known


def announce(
    *events: Event, by_id: int | None = None, origin: Origin = Origin.LIVE, at: datetime | None = None
) -> None:
    """Append events to the log inside the caller's transaction and wake the readers once it commits.

    `at` is when it happened (an aware time; now by default). Raises TransactionManagementError outside a
    transaction: an event without its change would be a lie.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("announce() needs the transaction of the change it tells of.")
    moment = at or timezone.now()
    insert_rows(event_rows(events, by_id=by_id, origin=origin, at=moment))
    transaction.on_commit(wake_readers, robust=True)


def event_rows(events: Iterable[Event], *, by_id: int | None, origin: Origin, at: datetime) -> list[tuple[Any, ...]]:
    """Events as rows in the order of `insert_rows`, for callers that write many at once."""
    return [
        (
            event.kind,
            origin.value,
            event.interaction_id,
            event.case_id,
            event.customer_id,
            event.agent_id,
            by_id,
            json.dumps(extra) if (extra := event.extra()) else "{}",
            at,
        )
        for event in events
    ]


def insert_rows(rows: list[tuple[Any, ...]]) -> None:
    """Insert prepared event rows in order; see `event_rows` for their shape."""
    if not rows:
        return
    values = ",".join(["(%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_event (kind, origin, interaction_id, case_id, customer_id, agent_id,"  # noqa: S608
            f" actor_id, data, occurred_at) VALUES {values}",
            [value for row in rows for value in row],
        )


def wake_readers() -> None:
    """Call the hook named in CCX_WAKE_READERS; losing a wake-up costs seconds, never an event."""
    if settings.CCX_WAKE_READERS:
        import_string(settings.CCX_WAKE_READERS)()
