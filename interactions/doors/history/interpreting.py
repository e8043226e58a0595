"""Making contacts of rows. Pure but for the directory, which turns names into ids."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from interactions.cases.choices import AuthorKind, Direction, Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastMessage, PastSegment
from interactions.customers.choices import IdentityKind
from interactions.doors.history.directory import Directory
from interactions.doors.history.mapping import IdentityRule, Mapping, Moment, SegmentRule, Value
from interactions.doors.history.reading import Row

HALF_A_DAY: Final = timedelta(hours=12)
DAY: Final = timedelta(days=1)
YES: Final = {"yes", "true", "1"}
NO: Final = {"no", "false", "0"}


class RowError(Exception):
    """This row cannot become a contact; the message says why."""


@dataclass(frozen=True)
class Told:
    """What one row (or group of rows) tells: a contact, and what of it had to be stored as unknown."""

    line: int
    contact: InboundContact
    flags: tuple[str, ...]


@dataclass
class Interpreter:
    """Turns rows into contacts by one mapping. Raises RowError for a row that cannot be one."""

    mapping: Mapping
    directory: Directory
    _parse_date: Callable[[str, str], date] = field(init=False)

    def __post_init__(self) -> None:
        self._parse_date = lru_cache(maxsize=4096)(lambda text, form: datetime.strptime(text, form).date())  # noqa: DTZ007

    def tell(self, row: Row) -> Told:
        """The contact that a row tells of."""
        if row.problem:
            raise RowError(row.problem)
        cells = row.cells
        flags: list[str] = []
        started = self._required(self.mapping.started, cells, "the start")
        answered = self._moment(self.mapping.answered, cells, started)
        segments = self._segments(cells, started, flags)
        closed = self._closed(cells, started, segments, flags)
        outcome = self._outcome(cells)
        if answered is None and outcome is Outcome.HANDLED:
            talks = [segment.started_at for segment in segments if segment.kind == SegmentKind.TALK]
            answered = min(talks) if talks else None
        segments = self._with_transfers(cells, segments, answered or started)
        channel = self._channel(cells)
        queue_id, team_id, agent_id = self._who(cells)
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
            queue_id=queue_id,
            team_id=team_id,
            agent_id=agent_id,
            reason_id=self.directory.reason(self._text("reason", cells)),
            priority=self._number("priority", cells),
            direction=self._direction(cells).value,
            payload=cells,
            past=Past(
                outcome=outcome.value,
                closed_at=closed,
                first_answered_at=max(answered, started) if answered else None,
                is_resolved=self._resolved(cells),
                segments=tuple(_named(segment, queue_id, team_id, agent_id) for segment in segments),
                messages=self._messages(cells, started),
                source_id=self.directory.source_id,
                reopened_count=self._number("reopened", cells),
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
        except ValueError:
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

    def _who(self, cells: dict[str, str]) -> tuple[int | None, int | None, int | None]:
        team_id = self.directory.team(self._text("team", cells))
        queue_id = self.directory.queue(self._text("queue", cells), team_id)
        return queue_id, team_id, self.directory.agent(self._text("agent", cells), team_id)

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
            parsed = datetime.fromisoformat(text) if moment.format == "iso" else datetime.strptime(text, moment.format)  # noqa: DTZ007
        except ValueError:
            raise RowError(f"{moment.column} is not a time: {text[:40]!r}") from None
        return _in_utc(parsed, self.mapping.zone)

    def _clock(self, moment: Moment, cells: dict[str, str], started: datetime | None) -> datetime | None:
        text = self._cell(cells, moment.clock)
        if not text:
            return None
        column = moment.date_column or self.mapping.started.date_column
        form = moment.date_format if moment.date_column else self.mapping.started.date_format
        try:
            day = self._parse_date(self._cell(cells, column), form)
        except ValueError:
            raise RowError(f"{column} is not a date: {self._cell(cells, column)[:40]!r}") from None
        at = _in_utc(datetime(day.year, day.month, day.day) + _clock(text, moment.clock), self.mapping.zone)  # noqa: DTZ001
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

    def _segments(self, cells: dict[str, str], started: datetime, flags: list[str]) -> list[PastSegment]:
        segments: list[PastSegment] = []
        cursor = started
        for rule in self.mapping.segments:
            if not self._applies(rule, cells):
                continue
            segment = (
                self._measured(rule, cells, cursor, flags) if rule.seconds else self._timed(rule, cells, started, flags)
            )
            if segment:
                segments.append(segment)
                cursor = segment.ended_at
        return segments

    def _applies(self, rule: SegmentRule, cells: dict[str, str]) -> bool:
        return all(cells.get(column, "") in values for column, values in rule.only_when.items()) and not any(
            cells.get(column, "") in values for column, values in rule.skip_when.items()
        )

    def _timed(
        self, rule: SegmentRule, cells: dict[str, str], started: datetime, flags: list[str]
    ) -> PastSegment | None:
        start = self._moment(rule.start, cells, started)
        end = self._moment(rule.end, cells, started)
        if start is None or end is None:
            return None
        if end < start and start - end > HALF_A_DAY:
            end += DAY  # a clock that passed midnight
        if end < start:
            flags.append(
                f"{rule.kind.label} ends {int((start - end).total_seconds())} s before it starts: stored as unknown"
            )
            return PastSegment(kind=rule.kind.value, started_at=start, ended_at=start, is_duration_known=False)
        return PastSegment(kind=rule.kind.value, started_at=start, ended_at=end)

    def _measured(
        self, rule: SegmentRule, cells: dict[str, str], start: datetime, flags: list[str]
    ) -> PastSegment | None:
        text = self._cell(cells, rule.seconds)
        if not text:
            return None
        try:
            seconds = round(float(text))
        except (ValueError, OverflowError):
            raise RowError(f"{rule.seconds} is not a number of seconds: {text[:40]!r}") from None
        if seconds < 0:
            flags.append(f"{rule.seconds} is negative ({seconds} s): stored as unknown")
            return PastSegment(kind=rule.kind.value, started_at=start, ended_at=start, is_duration_known=False)
        return PastSegment(
            kind=rule.kind.value, started_at=start, ended_at=start + timedelta(seconds=min(seconds, 10**8))
        )

    def _with_transfers(self, cells: dict[str, str], segments: list[PastSegment], at: datetime) -> list[PastSegment]:
        """A source that only counts transfers tells that one happened, not how long anything took."""
        if self._number("transfers", cells) > 0:
            segments.append(
                PastSegment(
                    kind=SegmentKind.TALK.value,
                    started_at=at,
                    ended_at=at,
                    is_duration_known=False,
                    ended_by=SegmentEnd.TRANSFER_QUEUE.value,
                )
            )
        return segments


def _named(segment: PastSegment, queue_id: int | None, team_id: int | None, agent_id: int | None) -> PastSegment:
    works = segment.kind in {SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.WRAP_UP}
    waits = segment.kind == SegmentKind.QUEUE
    return PastSegment(
        kind=segment.kind,
        started_at=segment.started_at,
        ended_at=segment.ended_at,
        is_duration_known=segment.is_duration_known,
        ended_by=segment.ended_by,
        queue_id=queue_id if works or waits else None,
        team_id=team_id if works else None,
        agent_id=agent_id if works else None,
    )


def _clock(text: str, column: str) -> timedelta:
    parts = text.split(":")
    try:
        hours, minutes, seconds = int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) > 2 else 0
    except (ValueError, IndexError):
        raise RowError(f"{column} is not a clock time: {text[:40]!r}") from None
    if not (0 <= hours <= 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise RowError(f"{column} is not a clock time: {text[:40]!r}")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _in_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    if not 1900 <= moment.year <= 2200:
        raise RowError(f"the year {moment.year} cannot be right")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
