"""Making contacts of rows. Pure but for the directory, which turns names into ids."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from interactions.cases.choices import AuthorKind, Direction, Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastMessage, PastSegment
from interactions.customers.choices import IdentityKind
from interactions.doors.history.directory import Directory
from interactions.doors.history.mapping import IdentityRule, Mapping, Moment, SegmentRule, Value
from interactions.doors.history.reading import Row
from interactions.doors.history.times import Times, clock_of

HALF_A_DAY: Final = timedelta(hours=12)
DAY: Final = timedelta(days=1)
YES: Final = {"yes", "true", "1"}
NO: Final = {"no", "false", "0"}
WORK: Final = frozenset({SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.WRAP_UP})
# A start, an end, and whether the time between them is known.
Stretch = tuple[datetime, datetime, bool]


class RowError(Exception):
    """This row cannot become a contact; the message says why."""


@dataclass(frozen=True)
class Told:
    """What one row (or group of rows) tells: a contact, and what of it had to be stored as unknown."""

    line: int
    contact: InboundContact
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Who:
    """Whose work a row tells of."""

    queue_id: int | None
    team_id: int | None
    agent_id: int | None


@dataclass
class Interpreter:
    """Turns rows into contacts by one mapping. Raises RowError for a row that cannot be one."""

    mapping: Mapping
    directory: Directory
    _times: Times = field(init=False)

    def __post_init__(self) -> None:
        self._times = Times(self.mapping.zone)

    def tell(self, row: Row) -> Told:
        """The contact that a row tells of."""
        if row.problem:
            raise RowError(row.problem)
        cells = row.cells
        flags: list[str] = [row.doubt] if row.doubt else []
        started = self._required(self.mapping.started, cells, "the start")
        answered = self._moment(self.mapping.answered, cells, started)
        who = self._who(cells)
        segments = self._segments(cells, started, who, flags)
        closed = self._closed(cells, started, segments, flags)
        outcome = self._outcome(cells)
        if answered is None and outcome is Outcome.HANDLED:
            talks = [segment.started_at for segment in segments if segment.kind == SegmentKind.TALK]
            answered = min(talks) if talks else None
        self._add_transfer(cells, segments, answered or started, who)
        channel = self._channel(cells)
        contact = InboundContact(
            inbox_id=self.directory.inbox(self.mapping.inbox_name, channel),
            channel=channel.value,
            external_id=self.key_of(cells),
            occurred_at=started,
            identity=self._identity(cells),
            customer_name=self._text("customer_name", cells),
            language=self._text("language", cells)[:10],
            subject=self._text("subject", cells),
            case_key=":".join(self._cell(cells, column) for column in self.mapping.case),
            queue_id=who.queue_id,
            team_id=who.team_id,
            agent_id=who.agent_id,
            reason_id=self.directory.reason(self._text("reason", cells)),
            priority=self._number("priority", cells),
            direction=self._direction(cells).value,
            payload=cells,
            past=Past(
                outcome=outcome.value,
                closed_at=closed,
                first_answered_at=max(answered, started) if answered else None,
                is_resolved=self._resolved(cells),
                segments=tuple(segments),
                messages=self._messages(cells, started),
                source_id=self.directory.source_id,
                reopened_count=max(0, self._number("reopened", cells)),
            ),
        )
        return Told(row.line, contact, tuple(flags))

    def key_of(self, cells: dict[str, str]) -> str:
        """The row's durable name in its source."""
        parts = [self._cell(cells, column) for column in self.mapping.key]
        if not any(parts):
            raise RowError(f"no key: {', '.join(self.mapping.key)} is empty")
        return f"{self.directory.source_name}:{':'.join(parts)}"[:250]

    # Single values

    def _cell(self, cells: dict[str, str], column: str) -> str:
        value = cells.get(column, "")
        return "" if value in self.mapping.missing else value

    def _value(self, value: Value, cells: dict[str, str]) -> str:
        if value.constant:
            return value.constant
        cell = self._cell(cells, value.column)
        if cell in value.none:
            return ""
        if value.values:
            return value.values.get(cell, value.default or ("" if cell == "" else cell))
        return cell or value.default

    def _text(self, name: str, cells: dict[str, str]) -> str:
        value = self.mapping.texts.get(name)
        return self._value(value, cells) if value else ""

    def _number(self, name: str, cells: dict[str, str]) -> int:
        text = self._text(name, cells)
        if not text:
            return 0
        try:
            return max(-32000, min(32000, int(float(text))))
        except (ValueError, OverflowError):
            raise RowError(f"{name} is not a number: {text[:40]}") from None

    def _channel(self, cells: dict[str, str]) -> Channel:
        slug = self._value(self.mapping.channel, cells)
        try:
            return Channel.from_slug(slug)
        except KeyError:
            raise RowError(f"no channel is called {slug[:40]!r}") from None

    def _outcome(self, cells: dict[str, str]) -> Outcome:
        name = self._value(self.mapping.outcome, cells)
        try:
            return Outcome[name.upper()]
        except KeyError:
            raise RowError(f"no outcome is called {name[:40]!r}") from None

    def _direction(self, cells: dict[str, str]) -> Direction:
        name = self._text("direction", cells) or "inbound"
        try:
            return Direction[name.upper()]
        except KeyError:
            raise RowError(f"no direction is called {name[:40]!r}") from None

    def _resolved(self, cells: dict[str, str]) -> bool | None:
        text = self._text("resolved", cells).lower()
        return True if text in YES else False if text in NO else None

    def _who(self, cells: dict[str, str]) -> Who:
        team_id = self.directory.team(self._text("team", cells))
        queue_id = self.directory.queue(self._text("queue", cells), team_id)
        return Who(queue_id, team_id, self.directory.agent(self._text("agent", cells), team_id))

    def _identity(self, cells: dict[str, str]) -> IdentityClaim | None:
        for rule in self.mapping.identities:
            claim = self._claim(rule, self._cell(cells, rule.column))
            if claim:
                return claim
        return None

    def _claim(self, rule: IdentityRule, value: str) -> IdentityClaim | None:
        if not value or value in rule.none:
            return None
        if rule.kind == IdentityKind.EMAIL:
            value = value.lower()
        if rule.scoped:
            value = f"{self.directory.scope}:{value}"
        return IdentityClaim(
            kind=rule.kind, value=value[:254], assurance=rule.assurance, source=f"import {self.directory.scope}"[:60]
        )

    def _messages(self, cells: dict[str, str], started: datetime) -> tuple[PastMessage, ...]:
        body = self._text("body", cells)
        return (PastMessage(author_kind=AuthorKind.CUSTOMER.value, body=body, sent_at=started),) if body else ()

    # Times

    def _required(self, moment: Moment, cells: dict[str, str], what: str) -> datetime:
        found = self._moment(moment, cells, None)
        if found is None:
            raise RowError(f"{what} is not given")
        return found

    def _moment(self, moment: Moment | None, cells: dict[str, str], started: datetime | None) -> datetime | None:
        """A moment in UTC; a clock far before the contact's start belongs to the day after."""
        if moment is None:
            return None
        if moment.clock:
            return self._clock(moment, cells, started)
        text = self._cell(cells, moment.column)
        if not text:
            return None
        try:
            return self._times.moment(text, moment.format)
        except (ValueError, OverflowError):
            raise RowError(f"{moment.column} is not a time: {text[:40]!r}") from None

    def _clock(self, moment: Moment, cells: dict[str, str], started: datetime | None) -> datetime | None:
        text = self._cell(cells, moment.clock)
        if not text:
            return None
        column = moment.date_column or self.mapping.started.date_column
        form = moment.date_format if moment.date_column else self.mapping.started.date_format
        day = self._cell(cells, column)
        try:
            clock = clock_of(text)
        except ValueError:
            raise RowError(f"{moment.clock} is not a clock time: {text[:40]!r}") from None
        try:
            at = self._times.at_clock(day, form, clock)
        except (ValueError, OverflowError):
            raise RowError(f"{column} is not a date: {day[:40]!r}") from None
        return at + DAY if started and started - at > HALF_A_DAY else at

    def _closed(
        self, cells: dict[str, str], started: datetime, segments: list[PastSegment], flags: list[str]
    ) -> datetime:
        """When it was over: as told, else when its last segment ended. An end before the start counts as unknown."""
        last = max((segment.ended_at for segment in segments), default=started)
        closed = self._moment(self.mapping.closed, cells, started)
        if closed is not None and closed < started:
            flags.append("it ends before it starts: the end was stored as unknown")
            closed = None
        return max(started, closed or last)

    # Segments

    def _segments(self, cells: dict[str, str], started: datetime, who: Who, flags: list[str]) -> list[PastSegment]:
        segments: list[PastSegment] = []
        cursor = started
        for rule in self.mapping.segments:
            if not self._applies(rule, cells):
                continue
            stretch = (
                self._measured(rule, cells, cursor, flags) if rule.seconds else self._timed(rule, cells, started, flags)
            )
            if stretch:
                start, end, is_known = stretch
                segments.append(_segment(rule.kind, who, start, end, is_known=is_known))
                cursor = end
        return segments

    def _applies(self, rule: SegmentRule, cells: dict[str, str]) -> bool:
        return all(cells.get(column, "") in values for column, values in rule.only_when.items()) and not any(
            cells.get(column, "") in values for column, values in rule.skip_when.items()
        )

    def _timed(self, rule: SegmentRule, cells: dict[str, str], started: datetime, flags: list[str]) -> Stretch | None:
        start = self._moment(rule.start, cells, started)
        end = self._moment(rule.end, cells, started)
        if start is None or end is None:
            return None
        if end < start and start - end > HALF_A_DAY:
            end += DAY  # a clock that passed midnight
        if end < start:
            seconds = int((start - end).total_seconds())
            flags.append(f"{rule.kind.label} ends {seconds} s before it starts: stored as unknown")
            return start, start, False
        return start, end, True

    def _measured(self, rule: SegmentRule, cells: dict[str, str], start: datetime, flags: list[str]) -> Stretch | None:
        text = self._cell(cells, rule.seconds)
        if not text:
            return None
        try:
            seconds = round(float(text))
        except (ValueError, OverflowError):
            raise RowError(f"{rule.seconds} is not a number of seconds: {text[:40]!r}") from None
        if seconds < 0:
            flags.append(f"{rule.seconds} is negative ({seconds} s): stored as unknown")
            return start, start, False
        return start, start + timedelta(seconds=min(seconds, 10**8)), True

    def _add_transfer(self, cells: dict[str, str], segments: list[PastSegment], at: datetime, who: Who) -> None:
        """A source that only counts transfers tells that one happened, not how long anything took."""
        if self._number("transfers", cells) > 0:
            ended_by = SegmentEnd.TRANSFER_QUEUE.value
            segments.append(_segment(SegmentKind.TALK, who, at, at, is_known=False, ended_by=ended_by))


def _segment(
    kind: SegmentKind, who: Who, start: datetime, end: datetime, *, is_known: bool, ended_by: int | None = None
) -> PastSegment:
    works = kind in WORK
    return PastSegment(
        kind=kind.value,
        started_at=start,
        ended_at=end,
        is_duration_known=is_known,
        ended_by=ended_by,
        queue_id=who.queue_id if works or kind is SegmentKind.QUEUE else None,
        team_id=who.team_id if works else None,
        agent_id=who.agent_id if works else None,
    )
