"""Stores a book: few rows in one round trip, many by COPY. The only statements of intake that write."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import StringIO
from typing import Any, Final
from uuid import UUID

from django.db import connection

from ccx.kernel.audit.context import creating_in_bulk
from ccx.kernel.events.log import EVENT_COLUMNS
from ccx.kernel.statements import Statement, run_all
from interactions.intake.booking import Book, Row

# Up to here one statement of VALUES per table, all in one round trip, is the quickest; beyond, COPY.
COPY_FROM: Final = 60


@dataclass(frozen=True)
class Table:
    """A table and the columns of it that intake fills, with their types."""

    name: str
    columns: dict[str, str]

    @cached_property
    def insertion(self) -> Statement:
        """Puts in one row."""
        places = ", ".join(f"${number}" for number in range(1, len(self.columns) + 1))
        return Statement(
            f"ccx_intake_into_{self.name}",
            tuple(self.columns.values()),
            f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({places})",  # noqa: S608 - our own names
        )


CUSTOMER: Final = Table(
    "interactions_customer",
    {
        "id": "bigint", "public_id": "uuid", "name": "text", "company": "text", "language": "text",
        "time_zone": "text", "attributes": "jsonb", "created_at": "timestamptz",
    },
)  # fmt: skip
IDENTITY: Final = Table(
    "interactions_identity",
    {
        "id": "bigint", "customer_id": "bigint", "kind": "text", "value": "text", "assurance": "int",
        "source": "text", "first_seen_at": "timestamptz", "last_seen_at": "timestamptz",
    },
)  # fmt: skip
CASE: Final = Table(
    "interactions_case",
    {
        "id": "bigint", "public_id": "uuid", "customer_id": "bigint", "title": "text", "status": "text",
        "reason_id": "bigint", "opened_at": "timestamptz", "resolved_at": "timestamptz", "reopened_count": "int",
        "last_reopened_at": "timestamptz",
    },
)  # fmt: skip
INTERACTION: Final = Table(
    "interactions_interaction",
    {
        "id": "bigint", "public_id": "uuid", "inbox_id": "bigint", "channel": "int", "direction": "int",
        "status": "text", "outcome": "int", "is_resolved": "bool", "customer_id": "bigint", "identity_id": "bigint",
        "assurance": "int", "case_id": "bigint", "is_case_assumed": "bool", "queue_id": "bigint",
        "team_id": "bigint", "agent_id": "bigint", "reason_id": "bigint", "disposition_id": "bigint",
        "source_id": "bigint", "priority": "int", "subject": "text", "thread_token": "text",
        "started_at": "timestamptz", "last_customer_message_at": "timestamptz", "first_answered_at": "timestamptz",
        "closed_at": "timestamptz",
    },
)  # fmt: skip
MESSAGE: Final = Table(
    "interactions_message",
    {
        "id": "bigint", "public_id": "uuid", "interaction_id": "bigint", "author_kind": "text",
        "author_id": "bigint", "is_note": "bool", "body": "text", "external_id": "text", "sent_at": "timestamptz",
        "recorded_at": "timestamptz",
    },
)  # fmt: skip
SEGMENT: Final = Table(
    "interactions_segment",
    {
        "interaction_id": "bigint", "kind": "int", "queue_id": "bigint", "team_id": "bigint", "agent_id": "bigint",
        "started_at": "timestamptz", "ended_at": "timestamptz", "is_duration_known": "bool", "ended_by": "int",
    },
)  # fmt: skip
CASE_KEY: Final = Table("interactions_casekey", {"inbox_id": "bigint", "key": "text", "case_id": "bigint"})
RAW: Final = Table(
    "interactions_rawcontact",
    {
        "inbox_id": "bigint", "external_id": "text", "payload": "jsonb", "received_at": "timestamptz",
        "interaction_id": "bigint", "message_id": "bigint",
    },
)  # fmt: skip
EVENT: Final = Table(
    "kernel_event",
    dict(
        zip(
            EVENT_COLUMNS,
            ("text", "text", "bigint", "bigint", "bigint", "bigint", "bigint", "jsonb", "timestamptz"),
            strict=True,
        )
    ),
)

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
    """Write all rows of a book, parents first.

    Customers that contacts bring are told of by the event log, not one by one by the audit (hence "in bulk").
    """
    tables = [(table, rows) for table, rows in _new_rows(book) if rows]
    with connection.cursor() as cursor:
        if sum(len(rows) for _, rows in tables) > COPY_FROM:
            with creating_in_bulk():
                for table, rows in tables:
                    _copy_rows(cursor, table, rows)
        elif tables:
            calls = [(table.insertion, row) for table, rows in tables for row in rows]
            run_all(cursor, calls, before="SET LOCAL ccx.bulk = 'on';", after=";SET LOCAL ccx.bulk = 'off'")
        changes = [(statement, rows) for statement, rows in _changes(book) if rows]
        if changes:
            cursor.execute(
                ";".join(statement.format(values=_placeholders(rows)) for statement, rows in changes),
                [value for _, rows in changes for row in rows for value in row],
            )


def _copy_rows(cursor: Any, table: Table, rows: list[Row]) -> None:
    text = StringIO("".join(["\t".join([COPY_TEXT[type(value)](value) for value in row]) + "\n" for row in rows]))
    cursor.copy_expert(f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN", text)


def _new_rows(book: Book) -> list[tuple[Table, list[Row]]]:
    customers = [one for one in book.state.customers.values() if one.is_new]
    identities = [one for one in book.state.identities.values() if one.is_new]
    cases = [one for one in book.state.cases.by_id.values() if one.is_new]
    return [
        (
            CUSTOMER,
            [(one.id, one.public_id, one.name, "", one.language, "", "{}", book.now) for one in customers],
        ),
        (
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
            CASE,
            [
                (
                    one.id, one.public_id, one.customer_id, one.title, one.status, one.reason_id, one.opened_at,
                    one.resolved_at, one.reopened_count, one.last_reopened_at,
                )
                for one in cases
            ],
        ),
        (INTERACTION, book.interaction_rows()),
        (MESSAGE, book.messages),
        (SEGMENT, book.segment_rows()),
        (CASE_KEY, book.case_keys),
        (RAW, book.raws),
        (EVENT, book.events),
    ]  # fmt: skip


def _changes(book: Book) -> list[tuple[str, list[Row]]]:
    """Updates of rows that stood before, each as one statement over all its rows."""
    state = book.state
    found = [*state.answered.values(), *(known for thread in state.threads.values() for known in thread)]
    interactions = list({known.id: known for known in found if known.is_changed and not known.is_new}.values())
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


def _copy_string(value: str) -> str:
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return value


class _CopyText(dict[type, Callable[[Any], str]]):
    """COPY's text format by the type of the value; words of our enumerations are the values they stand for."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        return lambda value: _copy_string(str(value))


COPY_TEXT: Final = _CopyText(
    {
        type(None): lambda _: "\\N",
        str: _copy_string,
        int: str,
        bool: lambda value: "t" if value else "f",
        datetime: datetime.isoformat,
        UUID: str,
    }
)
