"""Stores a book: few rows in one round trip, many by COPY. The only statements of intake that write."""

from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from typing import Any, Final

from django.db import connection

from ccx.kernel.abstract import new_public_id
from ccx.kernel.events.log import EVENT_COLUMNS
from interactions.intake.booking import Book, Row

# Up to here one statement of VALUES per table, all in one round trip, is the quickest; beyond, COPY.
COPY_FROM: Final = 60

CUSTOMER: Final = ("id", "public_id", "name", "company", "language", "time_zone", "attributes", "created_at")
IDENTITY: Final = (
    "id", "customer_id", "kind", "value", "assurance", "source", "first_seen_at", "last_seen_at",
)  # fmt: skip
CASE: Final = (
    "id", "public_id", "customer_id", "title", "status", "reason_id", "opened_at", "resolved_at", "reopened_count",
    "last_reopened_at",
)  # fmt: skip
INTERACTION: Final = (
    "id", "public_id", "inbox_id", "channel", "direction", "status", "outcome", "is_resolved", "customer_id",
    "identity_id", "assurance", "case_id", "is_case_assumed", "queue_id", "team_id", "agent_id", "reason_id",
    "disposition_id", "source_id", "priority", "subject", "thread_token", "started_at", "last_customer_message_at",
    "first_answered_at", "closed_at",
)  # fmt: skip
MESSAGE: Final = (
    "id", "public_id", "interaction_id", "author_kind", "author_id", "is_note", "body", "external_id", "sent_at",
    "recorded_at",
)  # fmt: skip
SEGMENT: Final = (
    "interaction_id", "kind", "queue_id", "team_id", "agent_id", "started_at", "ended_at", "is_duration_known",
    "ended_by",
)  # fmt: skip
RAW: Final = ("inbox_id", "external_id", "payload", "received_at", "interaction_id", "message_id")
CASE_KEY: Final = ("inbox_id", "key", "case_id")

CHANGE_CUSTOMERS: Final = """
UPDATE interactions_customer SET name = new.name, language = new.language
FROM (VALUES {values}) AS new (id, name, language) WHERE interactions_customer.id = new.id
"""
CHANGE_IDENTITIES: Final = """
UPDATE interactions_identity SET assurance = new.assurance, source = new.source,
    first_seen_at = new.first_seen_at::timestamptz, last_seen_at = new.last_seen_at::timestamptz
FROM (VALUES {values}) AS new (id, assurance, source, first_seen_at, last_seen_at)
WHERE interactions_identity.id = new.id
"""
CHANGE_CASES: Final = """
UPDATE interactions_case SET customer_id = new.customer_id::bigint, status = new.status,
    reason_id = new.reason_id::bigint, opened_at = new.opened_at::timestamptz,
    resolved_at = new.resolved_at::timestamptz, reopened_count = new.reopened_count,
    last_reopened_at = new.last_reopened_at::timestamptz
FROM (VALUES {values}) AS new (id, customer_id, status, reason_id, opened_at, resolved_at, reopened_count,
    last_reopened_at)
WHERE interactions_case.id = new.id
"""
CHANGE_INTERACTIONS: Final = """
UPDATE interactions_interaction SET customer_id = new.customer_id::bigint, identity_id = new.identity_id::bigint,
    assurance = new.assurance, subject = new.subject, started_at = new.started_at::timestamptz,
    last_customer_message_at = new.last_said::timestamptz
FROM (VALUES {values}) AS new (id, customer_id, identity_id, assurance, subject, started_at, last_said)
WHERE interactions_interaction.id = new.id
"""
# The wait begins where the interaction does, also when an earlier message is told later.
CHANGE_WAITS: Final = """
UPDATE interactions_segment SET started_at = new.started_at::timestamptz
FROM (VALUES {values}) AS new (interaction_id, stored_start, started_at)
WHERE interactions_segment.interaction_id = new.interaction_id AND interactions_segment.kind = 2
    AND interactions_segment.started_at = new.stored_start::timestamptz
"""


def write(book: Book) -> None:
    """Write all rows of a book, parents first."""
    tables = _new_rows(book)
    changes = _changes(book)
    with connection.cursor() as cursor:
        if sum(len(rows) for _, _, rows in tables) > COPY_FROM:
            for table, columns, rows in tables:
                copy_rows(cursor, table, columns, rows)
        else:
            changes = [
                (f"INSERT INTO {table} ({', '.join(columns)}) VALUES {{values}}", rows)  # noqa: S608 - our own names
                for table, columns, rows in tables
            ] + changes
        changes = [(statement, rows) for statement, rows in changes if rows]
        if changes:
            cursor.execute(
                ";".join(statement.format(values=_placeholders(rows)) for statement, rows in changes),
                [value for _, rows in changes for row in rows for value in row],
            )


def copy_rows(cursor: Any, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    """Append rows to a table by COPY."""
    if rows:
        text = StringIO("".join(["\t".join(map(_copy_text, row)) + "\n" for row in rows]))
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)


def _new_rows(book: Book) -> list[tuple[str, tuple[str, ...], list[Row]]]:
    customers = [one for one in book.state.customers.values() if one.is_new]
    identities = [one for one in book.state.identities.values() if one.is_new]
    cases = [one for one in book.state.cases.by_id.values() if one.is_new]
    tables: list[tuple[str, tuple[str, ...], list[Row]]] = [
        (
            "interactions_customer",
            CUSTOMER,
            [(one.id, new_public_id(), one.name, "", one.language, "", "{}", book.now) for one in customers],
        ),
        (
            "interactions_identity",
            IDENTITY,
            [
                (
                    one.id, one.customer.id, str(one.kind), one.value, int(one.assurance), one.source,
                    one.first_seen_at, one.last_seen_at,
                )
                for one in identities
            ],
        ),
        (
            "interactions_case",
            CASE,
            [
                (
                    one.id, new_public_id(), one.customer_id, one.title, one.status, one.reason_id, one.opened_at,
                    one.resolved_at, one.reopened_count, one.last_reopened_at,
                )
                for one in cases
            ],
        ),
        ("interactions_interaction", INTERACTION, book.interaction_rows()),
        ("interactions_message", MESSAGE, book.messages),
        ("interactions_segment", SEGMENT, book.segment_rows()),
        ("interactions_casekey", CASE_KEY, book.case_keys),
        ("interactions_rawcontact", RAW, book.raws),
        ("kernel_event", EVENT_COLUMNS, book.events),
    ]  # fmt: skip
    return [entry for entry in tables if entry[2]]


def _changes(book: Book) -> list[tuple[str, list[Row]]]:
    """Updates of rows that stood before, each as one statement over all its rows."""
    state = book.state
    interactions = [
        known for thread in state.threads.values() for known in thread if known.is_changed and not known.is_new
    ]
    return [
        (
            CHANGE_CUSTOMERS,
            [(one.id, one.name, one.language) for one in state.customers.values() if one.is_changed and not one.is_new],
        ),
        (
            CHANGE_IDENTITIES,
            [
                (one.id, int(one.assurance), one.source, one.first_seen_at, one.last_seen_at)
                for one in state.identities.values()
                if one.is_changed and not one.is_new
            ],
        ),
        (
            CHANGE_CASES,
            [
                (
                    one.id, one.customer_id, one.status, one.reason_id, one.opened_at, one.resolved_at,
                    one.reopened_count, one.last_reopened_at,
                )
                for one in state.cases.by_id.values()
                if one.is_changed and not one.is_new
            ],
        ),
        (
            CHANGE_INTERACTIONS,
            [
                (
                    one.id, one.customer_id, one.identity_id, int(one.assurance), one.subject, one.started_at,
                    one.last_customer_message_at,
                )
                for one in interactions
            ],
        ),
        (
            CHANGE_WAITS,
            [
                (one.id, one.stored_start, one.started_at)
                for one in interactions
                if one.started_at != one.stored_start
            ],
        ),
    ]  # fmt: skip


def _placeholders(rows: Iterable[Row]) -> str:
    return ",".join("(" + ",".join(["%s"] * len(row)) + ")" for row in rows)


def _copy_text(value: Any) -> str:
    """One value in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
            return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        return value
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
