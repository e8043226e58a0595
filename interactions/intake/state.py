"""Reads and locks what a batch of contacts touches, in a few set-based statements.

Locks are taken in one order everywhere: advisory ones (sorted), customers, interactions, cases (each by id). The
advisory locks stand for rows that do not exist yet: two first contacts of one identity must make one customer, and
fifty deliveries of one message one effect.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from django.db import connection

from ccx.kernel.statements import GENERIC_PLANS, Statement, run, run_all
from interactions.channels.contact import InboundContact
from interactions.intake.decision import (
    DEFAULT_WINDOW_DAYS,
    KnownCase,
    KnownCases,
    KnownCustomer,
    KnownIdentity,
    KnownInteraction,
)
from interactions.intake.gate import Admitted

IdentityKey = tuple[str, str]
ThreadKey = tuple[int, str]
RawKey = tuple[int, str]
# The rows that numbers are taken for, in GROUND's order.
NEW: Final = ("new_customer", "new_identity", "new_case", "new_interaction", "new_message")

# Up to here every message is locked by its own key; beyond, the unique constraint alone stops a concurrent twin
# (the later transaction fails whole), which keeps a big import within PostgreSQL's lock table.
LOCK_EACH_UP_TO: Final = 100

LOCK: Final = Statement("ccx_intake_lock", ("bigint[]",), "SELECT pg_advisory_xact_lock(key) FROM unnest($1) AS key")

# What a batch rests on before it is known whose threads and cases it touches, in one statement: what was received
# before; identities with their customers; lines with their default queue, queues with their team, reasons with their
# window; and numbers for the rows that will be new.
GROUND: Final = Statement(
    "ccx_intake_ground",
    ("bigint[]", "text[]", "int[]", "text[]", "text[]", "bigint[]", "bigint[]", "bigint[]"),
    """
WITH told AS MATERIALIZED (
    SELECT told.messages, r.id, r.inbox_id, r.external_id, r.interaction_id, r.message_id
    FROM unnest($1, $2, $3) AS told (inbox_id, external_id, messages)
    LEFT JOIN interactions_rawcontact r ON r.inbox_id = told.inbox_id AND r.external_id = told.external_id
), known AS MATERIALIZED (
    SELECT i.id, i.kind, i.value, i.assurance, i.source, i.first_seen_at, i.last_seen_at, i.customer_id
    FROM unnest($4, $5) AS named (kind, value)
    JOIN interactions_identity i ON i.kind = named.kind AND i.value = named.value
)
SELECT 'received', json_build_array(told.inbox_id, told.external_id, i.id, i.public_id, i.case_id, i.customer_id,
    told.message_id, told.interaction_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM interactions_rawcontact o WHERE o.interaction_id = told.interaction_id AND o.id < told.id),
    k.public_id, c.public_id, m.public_id)
FROM told
LEFT JOIN interactions_interaction i ON i.id = told.interaction_id
LEFT JOIN interactions_case k ON k.id = i.case_id
LEFT JOIN interactions_customer c ON c.id = i.customer_id
LEFT JOIN interactions_message m ON m.id = told.message_id
WHERE told.id IS NOT NULL
UNION ALL SELECT 'identity', locked.row FROM (
    SELECT json_build_array(known.id, known.kind, known.value, known.assurance, known.source, known.first_seen_at,
        known.last_seen_at, c.id, c.merged_into_id, c.public_id, c.name, c.language) AS row
    FROM known JOIN interactions_customer c ON c.id = known.customer_id
    ORDER BY c.id FOR NO KEY UPDATE OF c) AS locked
UNION ALL SELECT 'inbox', json_build_array(id, default_queue_id) FROM interactions_inbox WHERE id = ANY($6)
UNION ALL SELECT 'queue', json_build_array(id, team_id) FROM interactions_queue
    WHERE id = ANY($7) OR id IN (SELECT default_queue_id FROM interactions_inbox WHERE id = ANY($6))
UNION ALL SELECT 'reason', json_build_array(id, resolution_window_days) FROM interactions_contactreason
    WHERE id = ANY($8)
UNION ALL SELECT 'ids', json_build_array(
    ARRAY(SELECT nextval('interactions_customer_id_seq')
        FROM generate_series(1, cardinality($4) - (SELECT count(*) FROM known))),
    ARRAY(SELECT nextval('interactions_identity_id_seq')
        FROM generate_series(1, cardinality($4) - (SELECT count(*) FROM known))),
    ARRAY(SELECT nextval('interactions_case_id_seq') FROM told WHERE id IS NULL),
    ARRAY(SELECT nextval('interactions_interaction_id_seq') FROM told WHERE id IS NULL),
    ARRAY(SELECT nextval('interactions_message_id_seq')
        FROM told CROSS JOIN LATERAL generate_series(1, messages) WHERE id IS NULL))
""",
)

SURVIVORS: Final = Statement(
    "ccx_intake_survivors",
    ("bigint[]",),
    """
SELECT id, merged_into_id, public_id, name, language FROM interactions_customer
WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
""",
)

THREADS: Final = Statement(
    "ccx_intake_threads",
    ("bigint[]", "text[]", "bigint[]"),
    """
SELECT i.inbox_id, i.thread_token, i.id, i.public_id, i.status, i.case_id, i.customer_id, i.identity_id, i.assurance,
    i.subject, i.started_at, i.last_customer_message_at,
    GREATEST(i.started_at, i.last_customer_message_at, (
        SELECT max(m.sent_at) FROM interactions_message m WHERE m.interaction_id = i.id AND NOT m.is_note)),
    (SELECT c.public_id FROM interactions_customer c WHERE c.id = i.customer_id), i.channel
FROM interactions_interaction i
WHERE i.id = ANY(ARRAY(
    SELECT unnest($3)
    UNION
    SELECT one.id FROM unnest($1, $2) AS told (inbox_id, token) CROSS JOIN LATERAL (
        (SELECT id FROM interactions_interaction
            WHERE inbox_id = told.inbox_id AND thread_token = told.token AND NOT thread_token = ''
            ORDER BY started_at DESC, id DESC LIMIT 1)
        UNION
        (SELECT id FROM interactions_interaction
            WHERE inbox_id = told.inbox_id AND thread_token = told.token AND NOT thread_token = ''
                AND status IN ('waiting', 'active', 'pending')
            ORDER BY started_at DESC, id DESC LIMIT 5)
    ) AS one))
ORDER BY i.id FOR NO KEY UPDATE OF i
""",
)

CASE_KEYS: Final = Statement(
    "ccx_intake_case_keys",
    ("bigint[]", "text[]"),
    """
SELECT k.inbox_id, k.key, k.case_id FROM unnest($1, $2) AS told (inbox_id, key)
JOIN interactions_casekey k ON k.inbox_id = told.inbox_id AND k.key = told.key
""",
)

# Of a customer's open cases a handful is enough: the rule asks whether there is just one.
CASES: Final = Statement(
    "ccx_intake_cases",
    ("int", "bigint[]", "bigint[]"),
    """
SELECT c.id, c.public_id, c.customer_id, c.status, c.reason_id, COALESCE(r.resolution_window_days, $1), c.opened_at,
    c.resolved_at, c.reopened_count, c.last_reopened_at,
    (SELECT count(*) FROM interactions_interaction i WHERE i.case_id = c.id AND NOT i.status = 'closed'), c.title
FROM interactions_case c LEFT JOIN interactions_contactreason r ON r.id = c.reason_id
WHERE c.id = ANY(ARRAY(
    SELECT unnest($2)
    UNION
    SELECT one.id FROM unnest($3) AS told (customer_id) CROSS JOIN LATERAL (
        SELECT id FROM interactions_case WHERE customer_id = told.customer_id AND status = 'open' LIMIT 20
    ) AS one))
ORDER BY c.id FOR NO KEY UPDATE OF c
""",
)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message that was received before."""

    interaction_id: int | None
    interaction_public_id: UUID | None
    case_id: int | None
    customer_id: int | None
    message_id: int | None
    started_interaction: bool
    case_public_id: UUID | None
    customer_public_id: UUID | None
    message_public_id: UUID | None

    def told(self) -> dict[str, Any]:
        """By name, as a receipt has them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class State:
    """All that the decisions of one batch rest on; they change it as they go."""

    received: dict[RawKey, Received] = field(default_factory=dict)
    identities: dict[IdentityKey, KnownIdentity] = field(default_factory=dict)
    customers: dict[int, KnownCustomer] = field(default_factory=dict)
    threads: dict[ThreadKey, list[KnownInteraction]] = field(default_factory=dict)
    answered: dict[int, KnownInteraction] = field(default_factory=dict)
    cases: KnownCases = field(default_factory=KnownCases)
    default_queues: dict[int, int | None] = field(default_factory=dict)
    teams: dict[int, int | None] = field(default_factory=dict)
    windows: dict[int, int] = field(default_factory=dict)
    ids: dict[str, Iterator[int]] = field(default_factory=dict)


def load_state(admitted: Sequence[Admitted]) -> State:
    """Lock and load. Every statement sees what was committed before the lock it waited for was given."""
    contacts = [one.contact for one in admitted]
    state = State()
    with connection.cursor() as cursor:
        _lock(cursor, contacts, state)
        fresh = [contact for contact in contacts if (contact.inbox_id, contact.external_id) not in state.received]
        if fresh:
            _load_threads(cursor, fresh, state)
            _load_cases(cursor, fresh, state)
    return state


def message_count(contact: InboundContact) -> int:
    """The most messages a contact can make."""
    return max(1, len(contact.past.messages)) if contact.past is not None else 1


def _lock(cursor: Any, contacts: Sequence[InboundContact], state: State) -> None:
    """Take the advisory locks, and with them held the ground: one round trip, two statements, a snapshot for each."""
    keys: set[int] = set()
    for contact in contacts:
        if len(contacts) <= LOCK_EACH_UP_TO:
            keys.add(_lock_key("raw", contact.inbox_id, contact.external_id))
        if contact.identity is not None:
            keys.add(_lock_key("identity", contact.identity.kind, contact.identity.value))
        if contact.thread_token:
            keys.add(_lock_key("thread", contact.inbox_id, contact.thread_token))
        if contact.case_key:
            keys.add(_lock_key("case", contact.inbox_id, contact.case_key))
    claimed = list({(claim.kind, claim.value) for contact in contacts if (claim := contact.identity) is not None})
    told = [
        [contact.inbox_id for contact in contacts],
        [contact.external_id for contact in contacts],
        [message_count(contact) for contact in contacts],
        [kind for kind, _ in claimed],
        [value for _, value in claimed],
        list({contact.inbox_id for contact in contacts}),
        list({contact.queue_id for contact in contacts if contact.queue_id is not None}),
        list({contact.reason_id for contact in contacts if contact.reason_id is not None}),
    ]
    run_all(cursor, [(LOCK, [sorted(keys)]), (GROUND, told)], before=GENERIC_PLANS)
    rows: dict[str, list[list[Any]]] = {}
    for kind, row in cursor.fetchall():
        rows.setdefault(kind, []).append(row)
    _know_parts(rows, state)
    _know_received(rows.get("received", ()), state)
    _know_identities(cursor, rows.get("identity", ()), state)


def _lock_key(*parts: object) -> int:
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=8, person=b"ccx-intake")
    return int.from_bytes(digest.digest(), signed=True)


def _know_parts(rows: dict[str, list[list[Any]]], state: State) -> None:
    state.default_queues = dict(rows.get("inbox", ()))
    state.teams = dict(rows.get("queue", ()))
    state.windows = {reason: days or DEFAULT_WINDOW_DAYS for reason, days in rows.get("reason", ())}
    state.ids = dict(zip(NEW, map(iter, rows["ids"][0]), strict=True))


def _know_received(rows: Iterable[list[Any]], state: State) -> None:
    for inbox_id, external_id, number, public_id, case_id, customer_id, message_id, is_first, *others in rows:
        state.received[inbox_id, external_id] = Received(
            number, _uuid(public_id), case_id, customer_id, message_id, is_first, *map(_uuid, others)
        )


def _know_identities(cursor: Any, rows: Iterable[list[Any]], state: State) -> None:
    """Identities and their customers, merges followed to the survivor."""
    merged_into: dict[int, int | None] = {row[7]: row[8] for row in rows}
    state.customers = {row[7]: KnownCustomer(row[7], UUID(row[9]), row[10], row[11]) for row in rows}
    while missing := {into for into in merged_into.values() if into is not None} - merged_into.keys():
        for customer_id, into, *rest in run(cursor, SURVIVORS, [sorted(missing)]):
            merged_into[customer_id] = into
            state.customers[customer_id] = KnownCustomer(customer_id, *rest)
    for identity_id, kind, value, assurance, source, first, last, customer_id, *_ in rows:
        while (into := merged_into[customer_id]) is not None:
            customer_id = into  # noqa: PLW2901
        state.identities[kind, value] = KnownIdentity(
            identity_id, kind, value, state.customers[customer_id], assurance, source,
            datetime.fromisoformat(first), datetime.fromisoformat(last),
        )  # fmt: skip


def _uuid(told: str | None) -> UUID | None:
    return None if told is None else UUID(told)


def _load_threads(cursor: Any, contacts: Sequence[InboundContact], state: State) -> None:
    keys = list({(contact.inbox_id, contact.thread_token) for contact in contacts if contact.thread_token})
    answered = {number for contact in contacts if (number := contact.answers_interaction_id) is not None}
    if not keys and not answered:
        return
    told = [[inbox for inbox, _ in keys], [token for _, token in keys], sorted(answered)]
    wanted = set(keys)
    for inbox_id, token, *rest in run(cursor, THREADS, told):
        known = KnownInteraction(*rest)
        known.stored_start = known.started_at
        if (inbox_id, token) in wanted:
            state.threads.setdefault((inbox_id, token), []).append(known)
        if known.id in answered:
            state.answered[known.id] = known


def _load_cases(cursor: Any, contacts: Sequence[InboundContact], state: State) -> None:
    keys = list({(contact.inbox_id, contact.case_key) for contact in contacts if contact.case_key})
    if keys:
        rows = run(cursor, CASE_KEYS, [[inbox for inbox, _ in keys], [key for _, key in keys]])
        state.cases.by_key = {(inbox_id, key): case_id for inbox_id, key, case_id in rows}
    named = {contact.case_id for contact in contacts if contact.case_id is not None}
    named |= set(state.cases.by_key.values())
    found = [*state.answered.values(), *(known for thread in state.threads.values() for known in thread)]
    named |= {known.case_id for known in found if known.case_id is not None}
    customers = [identity.customer.id for identity in state.identities.values()]
    if not named and not customers:
        return
    for row in run(cursor, CASES, [DEFAULT_WINDOW_DAYS, list(named), list(set(customers))]):
        state.cases.add(KnownCase(*row))


def later(one: datetime | None, other: datetime) -> datetime:
    """The later of two moments, the first of which may be unknown."""
    return other if one is None or other > one else one
