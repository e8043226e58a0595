"""A look at what an import would do: its first rows as contacts. Makes no row."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from ccx.kernel.look.figures import duration
from interactions.cases.choices import Outcome, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact
from interactions.doors.history.directory import Directory
from interactions.doors.history.interpreting import Interpreter, RowError
from interactions.doors.history.mapping import Mapping
from interactions.doors.history.reading import Row, read_rows
from interactions.doors.history.running import check_columns, directory_of, grouped, refusal
from interactions.intake.errors import ContactRefusedError
from interactions.intake.gate import admit

SHOWN: Final = 10
LOOKED_AT: Final = 1000


@dataclass(frozen=True)
class Seen:
    """One row as the contact it would become, or why it would not."""

    line: int
    problem: str = ""
    started: str = ""
    channel: str = ""
    channel_icon: str = ""
    customer: str = ""
    reason: str = ""
    queue: str = ""
    agent: str = ""
    wait: str = ""
    talk: str = ""
    outcome: str = ""
    flags: tuple[str, ...] = ()


@dataclass
class Preview:
    """The first rows, and what a good many more of them say together."""

    rows: list[Seen] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    looked_at: int = 0
    rejected: int = 0
    flagged: int = 0
    first: str = ""
    last: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)


def preview(path: Path, mapping: Mapping) -> Preview:
    """What the mapping makes of the beginning of a file. Raises MappingError or UnreadableFileError."""
    seen = Preview(lacking=check_columns(path, mapping))
    directory = directory_of(mapping, is_dry=True)
    interpreter = Interpreter(mapping, directory)
    rows = islice(read_rows(path, delimiter=mapping.delimiter, encoding=mapping.encoding), LOOKED_AT)
    for group in grouped(rows, mapping):
        one = _look(interpreter, directory, group[-1], seen)
        seen.looked_at += 1
        seen.rejected += bool(one.problem)
        seen.flagged += bool(one.flags)
        if len(seen.rows) < SHOWN:
            seen.rows.append(one)
    return seen


def _look(interpreter: Interpreter, directory: Directory, row: Row, seen: Preview) -> Seen:
    try:
        told = interpreter.tell(row)
        admit(told.contact)
    except RowError as error:
        return Seen(row.line, problem=str(error))
    except ContactRefusedError as error:
        return Seen(row.line, problem=refusal(error))
    contact = told.contact
    # As text, or the page would show them in the reader's zone.
    started = contact.occurred_at.astimezone(interpreter.mapping.zone)
    seen.first = min(seen.first or f"{started:%Y-%m-%d}", f"{started:%Y-%m-%d}")
    seen.last = max(seen.last, f"{started:%Y-%m-%d}")
    outcome = str(Outcome(contact.past.outcome).label) if contact.past else ""
    seen.outcomes[outcome] += 1
    channel = Channel(contact.channel)
    return Seen(
        row.line,
        started=f"{started:%Y-%m-%d %H:%M:%S}",
        channel=str(channel.label),
        channel_icon=channel.slug,
        customer=contact.customer_name or (contact.identity.value.rpartition(":")[2] if contact.identity else ""),
        reason=directory.name_of("reason", contact.reason_id),
        queue=directory.name_of("queue", contact.queue_id),
        agent=directory.name_of("agent", contact.agent_id),
        wait=_time_in(contact, SegmentKind.QUEUE),
        talk=_time_in(contact, SegmentKind.TALK),
        outcome=outcome,
        flags=told.flags,
    )


def _time_in(contact: InboundContact, kind: SegmentKind) -> str:
    """How long all stretches of a kind took together; nothing where there were none or their times are unknown."""
    stretches = [one for one in contact.past.segments if one.kind == kind] if contact.past else []
    if not stretches or not all(one.is_duration_known for one in stretches):
        return ""
    return duration(sum((one.ended_at - one.started_at).total_seconds() for one in stretches))
