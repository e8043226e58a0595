"""A first mapping for a file nobody has described: a shipped one that fits its header, else one made of its names."""

import re
from typing import Any, Final

import yaml

from interactions.cases.choices import Outcome
from interactions.doors.history.mapping import NOT_GUESSED, MappingError, load_mapping, shipped_mappings

# So much of a shipped mapping's columns, or of the header's, must be in the other.
FITS: Final = 0.6
# What columns are called elsewhere, by the part that they fill; the surest name first.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "key": (
        "contact_id", "interaction_id", "call_id", "ticket_id", "conversation_id", "uuid", "id", "number", "ticket",
    ),
    "started": (
        "started_at", "start_time", "started", "created_at", "opened_at", "call_start", "received_at", "start",
        "timestamp", "datetime", "date_time", "created", "opened", "begin", "date",
    ),
    "closed": ("ended_at", "end_time", "closed_at", "resolved_at", "call_end", "ended", "closed", "end", "finished_at"),
    "customer_id": (
        "customer_id", "client_id", "account_id", "account_number", "caller_id", "member_id", "customer", "client",
    ),
    "customer_email": ("customer_email", "email", "email_address", "e_mail", "mail", "requester_email", "from"),
    "customer_phone": ("customer_phone", "phone", "phone_number", "ani", "caller_number", "mobile", "caller"),
    "customer_name": ("customer_name", "client_name", "full_name", "requester", "requester_name", "name"),
    "channel": ("channel", "medium", "media", "contact_type", "via"),
    "direction": ("direction", "call_direction"),
    "subject": ("subject", "title", "short_description", "summary"),
    "body": ("body", "description", "message", "text", "content"),
    "reason": ("reason", "category", "topic", "disposition", "contact_reason", "call_reason", "type"),
    "queue": ("queue", "queue_name", "skill", "line"),
    "team": ("team", "group", "assignment_group", "department", "team_name"),
    "agent": ("agent", "agent_name", "assignee", "operator", "handled_by", "user", "assigned_to", "server"),
    "outcome": ("outcome", "result", "call_result"),
    "priority": ("priority",),
    "language": ("language", "lang", "locale"),
    "wait": ("wait_seconds", "wait_time", "queue_time", "waiting_time", "time_in_queue", "wait"),
    "talk": ("talk_seconds", "talk_time", "handle_time", "duration", "call_duration", "duration_seconds", "talk"),
    "hold": ("hold_seconds", "hold_time", "hold"),
    "wrap": ("wrap_seconds", "wrap_time", "acw", "after_call_work", "wrap_up"),
}  # fmt: skip
TEXTS: Final = ("customer_name", "direction", "subject", "body", "reason", "queue", "team", "agent", "language")
IDENTITIES: Final = {"customer_id": "account", "customer_email": "email", "customer_phone": "phone"}
SEGMENTS: Final = {"wait": "queue", "talk": "talk", "hold": "hold", "wrap": "wrap_up"}


def guess_mapping(header: list[str], *, name: str) -> str:
    """A mapping as YAML that fits this header as well as we can tell. It may still lack the key or the start."""
    shipped = best_shipped(header)
    if shipped:
        return shipped_mappings()[shipped].read_text(encoding="utf-8")
    return _plain(header, name)


def best_shipped(header: list[str]) -> str:
    """The shipped mapping that fits the header best, if the header has its key and start; else nothing."""
    best, best_share = "", FITS
    columns = set(header)
    for name, path in shipped_mappings().items():
        try:
            mapping = load_mapping(path.read_text(encoding="utf-8"))
        except MappingError:
            continue
        needed = {*mapping.key, mapping.started.column, mapping.started.date_column, mapping.started.clock} - {""}
        read = mapping.columns()
        # Much of the mapping is in the file, or much of the file is in the mapping.
        share = len(read & columns) / min(len(read), max(len(columns), 4))
        if needed <= columns and share > best_share:
            best, best_share = name, share
    return best


def _plain(header: list[str], name: str) -> str:
    found = columns_by_meaning(header)
    source = f"{re.sub(r'[^0-9A-Za-z]+', ' ', name).strip() or 'File'}"[:80]
    channel: Any = {"column": found["channel"], "default": "voice"} if "channel" in found else "voice"
    mapping: dict[str, Any] = {
        "title": source,
        "file": {"delimiter": "auto", "encoding": "utf-8-sig"},
        "source": {"name": source, "time_zone": "UTC", "period": "day"},
        "inbox": {"name": source, "channel": channel},
        "key": [found.get("key", NOT_GUESSED)],
        "identities": [
            {"kind": kind, "column": found[what], "assurance": "attested"}
            for what, kind in IDENTITIES.items()
            if what in found
        ],
        "started": found.get("started", NOT_GUESSED),
    }
    mapping |= {"closed": found["closed"]} if "closed" in found else {}
    mapping |= {what: found[what] for what in TEXTS if what in found}
    mapping["outcome"] = _outcome(found.get("outcome", ""))
    mapping["segments"] = [
        {"kind": kind, "seconds": found[what], "skip_when": {found[what]: ["", "0"]}}
        for what, kind in SEGMENTS.items()
        if what in found
    ]
    kept = {part: value for part, value in mapping.items() if value not in ([], "")}
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=110))


def _outcome(column: str) -> dict[str, Any]:
    """Our own words as they are; words that nobody knows say that an agent handled it, until somebody names them."""
    if not column:
        return {"constant": "handled"}
    return {"column": column, "values": {name.lower(): name.lower() for name in Outcome.names}, "default": "handled"}


def columns_by_meaning(header: list[str]) -> dict[str, str]:
    """Which column of a header fills which part; each column once, the surest names first."""
    names = {_plain_name(column): column for column in reversed(header) if column}
    found: dict[str, str] = {}
    for meaning, synonyms in SYNONYMS.items():
        column = next((names[word] for word in synonyms if word in names), None)
        if column is not None and column not in found.values():
            found[meaning] = column
    return found


def _plain_name(column: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
