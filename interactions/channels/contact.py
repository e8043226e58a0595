"""What every door hands to intake: one contact in CCX's own words, whatever the channel it came over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class IdentityClaim:
    """Who the contact says it is from. `value` is normalised (lower-case mail, E.164 phone).

    `assurance` is what the door can vouch for (interactions.customers.choices.Assurance), `source` how.
    """

    kind: str
    value: str
    assurance: int
    source: str


@dataclass(frozen=True, kw_only=True)
class PastSegment:
    """A stretch of an imported contact. `is_duration_known` False: the source's clock was wrong."""

    kind: int
    started_at: datetime
    ended_at: datetime
    queue_id: int | None = None
    team_id: int | None = None
    agent_id: int | None = None
    is_duration_known: bool = True
    ended_by: int | None = None


@dataclass(frozen=True, kw_only=True)
class PastMessage:
    """A message of an imported contact."""

    author_kind: str
    body: str
    sent_at: datetime
    author_id: int | None = None
    is_note: bool = False


@dataclass(frozen=True, kw_only=True)
class Past:
    """How a contact that is over went; a history import tells it whole."""

    outcome: int
    closed_at: datetime
    first_answered_at: datetime | None = None
    is_resolved: bool | None = None
    disposition_id: int | None = None
    segments: tuple[PastSegment, ...] = ()
    messages: tuple[PastMessage, ...] = ()
    source_id: int | None = None
    reopened_count: int = 0


@dataclass(frozen=True, kw_only=True)
class InboundContact:
    """One thing that came in on an inbox. `external_id` is the provider's (or the source's durable) id of it.

    `thread_token` is what the channel itself threads by, and is trusted as far as the door verified it.
    `answers_interaction_id` is the contact, on whatever line, that this one says it answers; with
    `is_answer_sealed` the door found our own seal on that (a reply token), which vouches for its customer.
    `case_id` is set only when a verified token or a person names the case. `case_key` groups imported contacts that
    their source says are one case. `past` is set for contacts that are over when told.
    """

    inbox_id: int
    channel: int
    external_id: str
    occurred_at: datetime
    identity: IdentityClaim | None = None
    customer_name: str = ""
    language: str = ""
    subject: str = ""
    body: str = ""
    thread_token: str = ""
    answers_interaction_id: int | None = None
    is_answer_sealed: bool = False
    case_id: int | None = None
    case_key: str = ""
    queue_id: int | None = None
    team_id: int | None = None
    agent_id: int | None = None
    reason_id: int | None = None
    priority: int = 0
    direction: int = 1
    payload: Mapping[str, Any] = field(default_factory=dict)
    past: Past | None = None
    is_in_menu: bool = False


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one InboundContact. `is_new` False: it had been received before, and nothing was done."""

    external_id: str
    is_new: bool
    interaction_id: int | None
    interaction_public_id: UUID | None
    case_id: int | None = None
    case_public_id: UUID | None = None
    customer_id: int | None = None
    customer_public_id: UUID | None = None
    message_id: int | None = None
    message_public_id: UUID | None = None
    started_interaction: bool = False
