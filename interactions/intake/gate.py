"""What a contact must be before rules look at it: text PostgreSQL can keep, sizes that fit, times that make sense."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Any, Final

from interactions.cases.choices import AuthorKind, Direction
from interactions.channels.contact import InboundContact, Past, PastSegment
from interactions.intake.errors import ContactRefusedError

REPLACEMENT: Final = "\ufffd"
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
# In JSON written as ASCII those show as escapes; whole pairs (emoji) show so too, hence only a reason to look closer.
SUSPECT_JSON: Final = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)

# Texts that may be cut, and keys that must stay different from each other when shortened.
TEXT_LIMITS: Final = {"customer_name": 200, "language": 10, "subject": 250}
KEY_LIMITS: Final = {"external_id": 250, "thread_token": 120, "case_key": 200}
IDENTITY_LIMIT: Final = 254


@dataclass(frozen=True, slots=True)
class Admitted:
    """A contact that passed the gate, with its payload as JSON text."""

    contact: InboundContact
    payload: str


def admit(contact: InboundContact) -> Admitted:
    """Make a contact storable, or raise ContactRefusedError. What had to be cut is kept whole in the payload."""
    _refuse_contradictions(contact)
    changes: dict[str, Any] = {}
    uncut: dict[str, str] = {}
    for name in ("customer_name", "language", "subject", "body", "external_id", "thread_token", "case_key"):
        value = getattr(contact, name)
        fitting = _fit(name, storable(value), uncut)
        if fitting is not value:
            changes[name] = fitting
    claim = contact.identity
    if claim is not None:
        value = shorten_key(storable(claim.value), IDENTITY_LIMIT)
        if value is not claim.value or len(claim.source) > 60 or not _is_storable(claim.source):
            changes["identity"] = replace(claim, value=value, source=storable(claim.source)[:60])
    if contact.past is not None and not all(_is_storable(message.body) for message in contact.past.messages):
        changes["past"] = replace(
            contact.past,
            messages=tuple(replace(message, body=storable(message.body)) for message in contact.past.messages),
        )
    payload: Mapping[str, Any] = {**contact.payload, "_uncut": uncut} if uncut else contact.payload
    return Admitted(replace(contact, **changes) if changes else contact, storable_json(payload))


def storable(text: str) -> str:
    """The same text with U+FFFD for NUL and for halves of surrogate pairs, which PostgreSQL cannot keep."""
    return text if _is_storable(text) else UNSTORABLE.sub(REPLACEMENT, text)


def storable_json(payload: Mapping[str, Any]) -> str:
    """A payload as JSON that PostgreSQL can keep, whatever was in it."""
    if not payload:
        return "{}"
    try:
        text = json.dumps(payload, allow_nan=False, default=str)
    except (TypeError, ValueError):
        return json.dumps(_storable_value(payload))
    return json.dumps(_storable_value(payload)) if SUSPECT_JSON.search(text) else text


def shorten_key(key: str, limit: int) -> str:
    """A key that fits and differs where the whole keys differ."""
    if len(key) <= limit:
        return key
    return f"{key[: limit - 65]}~{sha256(key.encode()).hexdigest()}"


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    return UNSTORABLE.search(text) is None


def _fit(name: str, value: str, uncut: dict[str, str]) -> str:
    if name in KEY_LIMITS and len(value) > KEY_LIMITS[name]:
        uncut[name] = value
        return shorten_key(value, KEY_LIMITS[name])
    if name in TEXT_LIMITS and len(value) > TEXT_LIMITS[name]:
        uncut[name] = value
        return value[: TEXT_LIMITS[name]]
    return value


def _storable_value(value: Any) -> Any:
    """JSON values all the way down; numbers that JSON has no word for become text."""
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _storable_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_storable_value(item) for item in value]
    return storable(str(value))


def _refuse_contradictions(contact: InboundContact) -> None:
    past = contact.past
    problem = ""
    if not contact.external_id:
        problem = "no_external_id"
    elif _is_naive(contact.occurred_at):
        problem = "time_without_zone"
    elif contact.identity is not None and not contact.identity.value:
        problem = "empty_identity"
    elif past is None:
        problem = "outbound_is_told_when_over" if contact.direction == Direction.OUTBOUND else ""
    else:
        problem = _contradiction_of_past(contact, past)
    if problem:
        raise ContactRefusedError(problem, reason=problem, external_id=contact.external_id)


def _contradiction_of_past(contact: InboundContact, past: Past) -> str:
    times = [past.closed_at, *(message.sent_at for message in past.messages)]
    times += [moment for segment in past.segments for moment in (segment.started_at, segment.ended_at)]
    if past.first_answered_at is not None:
        times.append(past.first_answered_at)
    if any(_is_naive(moment) for moment in times):
        return "time_without_zone"
    if past.closed_at < contact.occurred_at:
        return "ends_before_it_starts"
    if any(segment.ended_at < segment.started_at for segment in past.segments):
        return "segment_ends_before_it_starts"
    if _agent_is_in_two_segments(past.segments):
        return "agent_is_in_two_segments_at_once"
    if any(message.author_kind == AuthorKind.AGENT and message.author_id is None for message in past.messages):
        return "agent_message_without_agent"
    return ""


def _agent_is_in_two_segments(segments: tuple[PastSegment, ...]) -> bool:
    ends: dict[int, datetime] = {}
    for segment in sorted(segments, key=lambda segment: (segment.started_at, segment.ended_at)):
        # A segment without length is an empty range and overlaps nothing.
        if segment.agent_id is None or segment.started_at == segment.ended_at:
            continue
        if segment.agent_id in ends and segment.started_at < ends[segment.agent_id]:
            return True
        ends[segment.agent_id] = segment.ended_at
    return False


def _is_naive(moment: datetime) -> bool:
    return moment.tzinfo is None or moment.utcoffset() is None
