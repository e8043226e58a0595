"""The mapping of a file's columns to a contact, as an administrator writes it (docs/history-import.md)."""

import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import yaml
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from interactions.cases.choices import Outcome, SegmentKind
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind

SHIPPED: Final = Path(__file__).parent / "mappings"
KEYS: Final = frozenset(
    {
        "title", "file", "missing", "source", "inbox", "key", "group", "identities", "customer_name", "language",
        "started", "answered", "closed", "outcome", "resolved", "direction", "subject", "body", "reason", "queue",
        "team", "agent", "case", "priority", "segments", "transfers", "reopened",
    }
)  # fmt: skip
# What may stand inside a part; a slip of the pen must not be a rule that silently never holds.
INSIDE: Final[dict[str, frozenset[str]]] = {
    "file": frozenset({"delimiter", "encoding"}),
    "source": frozenset({"name", "time_zone", "period"}),
    "inbox": frozenset({"name", "channel"}),
    "group": frozenset({"by", "order"}),
    "value": frozenset({"column", "constant", "values", "none", "default"}),
    "moment": frozenset({"column", "format", "date", "date_format", "clock"}),
    "identity": frozenset({"kind", "column", "assurance", "none"}),
    "segment": frozenset({"kind", "start", "end", "seconds", "only_when", "skip_when"}),
}
MAX_TEXT: Final = 50_000
# What a guessed mapping asks where no column looks right.
NOT_GUESSED: Final = "WHICH COLUMN?"


class MappingError(DomainError):
    """The mapping cannot be used."""

    code: ClassVar[str] = "mapping_invalid"
    status: ClassVar[int] = 400


@dataclass(frozen=True)
class Value:
    """Where a value comes from: a column (translated by `values`, `none` meaning nothing) or a constant."""

    column: str = ""
    constant: str = ""
    values: dict[str, str] = field(default_factory=dict)
    none: frozenset[str] = frozenset()
    default: str = ""


@dataclass(frozen=True)
class Moment:
    """Where a moment comes from: one column, or a date column and a clock column that may run past midnight."""

    column: str = ""
    format: str = "iso"
    date_column: str = ""
    date_format: str = ""
    clock: str = ""


@dataclass(frozen=True)
class IdentityRule:
    kind: str
    column: str
    assurance: int
    none: frozenset[str]
    scoped: bool


@dataclass(frozen=True)
class SegmentRule:
    """A stretch by two moments or by a column of seconds, taken only where the conditions hold."""

    kind: SegmentKind
    start: Moment | None
    end: Moment | None
    seconds: str
    only_when: dict[str, frozenset[str]]
    skip_when: dict[str, frozenset[str]]
    has_agent: bool


@dataclass(frozen=True)
class Mapping:
    """A whole mapping, checked. `raw` is what was written, kept with the run."""

    raw: dict[str, Any]
    title: str
    delimiter: str
    encoding: str
    missing: frozenset[str]
    source_name: str
    time_zone: str
    period: str
    inbox_name: str
    channel: Value
    key: tuple[str, ...]
    group_by: tuple[str, ...]
    group_order: str
    identities: tuple[IdentityRule, ...]
    started: Moment
    answered: Moment | None
    closed: Moment | None
    outcome: Value
    segments: tuple[SegmentRule, ...]
    texts: dict[str, Value]
    case: tuple[str, ...]

    @property
    def zone(self) -> ZoneInfo:
        """Where the file's clocks stand."""
        return ZoneInfo(self.time_zone)

    def columns(self) -> set[str]:
        """Every column the mapping reads, to be checked against a file's header."""
        found = {*self.key, *self.group_by, *self.case, self.group_order, self.channel.column, self.outcome.column}
        found.update(rule.column for rule in self.identities)
        found.update(value.column for value in self.texts.values())
        moments = [self.started, self.answered, self.closed]
        for rule in self.segments:
            moments += [rule.start, rule.end]
            found.update((rule.seconds, *rule.only_when, *rule.skip_when))
        for moment in moments:
            if moment:
                found.update((moment.column, moment.date_column, moment.clock))
        return found - {""}


def shipped_mappings() -> dict[str, Path]:
    """The mappings that come with CCX, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def load_mapping(text: str) -> Mapping:
    """Read a mapping from YAML. Raises MappingError naming the part, or the line, that is wrong.

    Every value is read as the text it is: `NO` is a word, `0` a sign, and a date stays as it was written.
    """
    if len(text) > MAX_TEXT:
        raise MappingError(_("The mapping is longer than %(most)s characters.") % {"most": MAX_TEXT})
    try:
        for token in yaml.scan(text, Loader=yaml.BaseLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
                raise MappingError(
                    _("Line %(line)s: a mapping knows no anchors and aliases.") % {"line": token.start_mark.line + 1}
                )
        raw = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes text, lists and mappings only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        where = _(" (line %(line)s, column %(column)s)") % at if mark else ""
        raise MappingError(
            _("The mapping is not YAML: %(why)s%(where)s.") % {"why": error.problem or error.context, "where": where}
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MappingError(_("The mapping is not YAML: %(why)s.") % {"why": str(error).splitlines()[0][:200]}) from None
    return mapping_from(raw)


def mapping_from(raw: Any) -> Mapping:
    """Check a mapping that was read already. Raises MappingError naming the part that is wrong."""
    if not isinstance(raw, dict):
        raise MappingError(_("The mapping must be a list of named parts."))
    unknown = set(raw) - KEYS
    if unknown:
        raise MappingError(
            _("The mapping has parts that are not known: %(parts)s.") % {"parts": ", ".join(sorted(map(str, unknown)))}
        )
    source = _part(raw, "source")
    inbox = _part(raw, "inbox")
    layout = _part(raw, "file") if raw.get("file") else {}
    group = _part(raw, "group") if raw.get("group") else {}
    _check_zone(source)
    return Mapping(
        raw=raw,
        title=str(raw.get("title") or source["name"]),
        delimiter={"tab": "\t", "auto": ""}.get(str(layout.get("delimiter", "auto")), str(layout.get("delimiter", ""))),
        encoding=_encoding(str(layout.get("encoding", "utf-8-sig"))),
        missing=_names(raw.get("missing"), "missing") | {""},
        source_name=_text(source, "name", "source"),
        time_zone=str(source["time_zone"]),
        period=_one_of(str(source.get("period", "day")), {"day", "month"}, "source.period"),
        inbox_name=_text(inbox, "name", "inbox"),
        channel=_channel(inbox.get("channel")),
        key=_columns(raw.get("key"), "key", required=True),
        group_by=_columns(group.get("by"), "group.by"),
        group_order=str(group.get("order", "")),
        identities=tuple(_identity(rule, number) for number, rule in enumerate(_list(raw, "identities"), 1)),
        started=_moment(raw.get("started"), "started"),
        answered=_moment(raw["answered"], "answered") if raw.get("answered") else None,
        closed=_moment(raw["closed"], "closed") if raw.get("closed") else None,
        outcome=_outcome(raw.get("outcome")),
        segments=tuple(_segment(rule, number) for number, rule in enumerate(_list(raw, "segments"), 1)),
        texts={
            name: _value(raw[name], name)
            for name in (
                "customer_name", "language", "resolved", "direction", "subject", "body", "reason", "queue", "team",
                "agent", "priority", "transfers", "reopened",
            )
            if raw.get(name)
        },
        case=_columns(raw.get("case"), "case"),
    )  # fmt: skip


def _part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    part = raw.get(name)
    if part is None or part == "":
        raise MappingError(_("The mapping lacks the part '%(part)s'.") % {"part": name})
    return _known(part, name, name)


def _known(part: Any, kind: str, where: str) -> dict[str, Any]:
    """The part itself, when it is made of named values that belong there."""
    if not isinstance(part, dict):
        raise MappingError(
            _("The part '%(part)s' must be made of: %(parts)s.")
            % {"part": where, "parts": ", ".join(sorted(INSIDE[kind]))}
        )
    unknown = sorted(set(map(str, part)) - INSIDE[kind])
    if unknown:
        allowed = ", ".join(sorted(INSIDE[kind]))
        raise MappingError(
            _("The part '%(part)s' does not know %(unknown)s; it knows %(known)s.")
            % {"part": where, "unknown": ", ".join(unknown), "known": allowed}
        )
    return part


def _list(raw: dict[str, Any], name: str) -> list[Any]:
    part = raw.get(name) or []
    if not isinstance(part, list):
        raise MappingError(_("The part '%(part)s' must be a list.") % {"part": name})
    return part


def _names(part: Any, where: str) -> frozenset[str]:
    """One value, or a list of them."""
    if isinstance(part, dict):
        raise MappingError(_("'%(part)s' must be a value or a list of values.") % {"part": where})
    if part is None:
        return frozenset()
    return frozenset(map(str, part)) if isinstance(part, list) else frozenset({str(part)})


def _encoding(name: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name).close()
    except (LookupError, ValueError):
        raise MappingError(_("There is no encoding '%(name)s' for text.") % {"name": name[:40]}) from None
    return name


def _format(text: str, where: str) -> str:
    """A format of times that can be read back, or MappingError."""
    try:
        datetime.strptime(datetime(2001, 12, 30, 23, 59, 58).strftime(text), text)  # noqa: DTZ001, DTZ007
    except (ValueError, re.error):
        raise MappingError(
            _("'%(part)s' is no format of times: '%(text)s'.") % {"part": where, "text": text[:40]}
        ) from None
    return text


def _text(part: dict[str, Any], key: str, where: str) -> str:
    if not part.get(key) or not isinstance(part[key], str):
        raise MappingError(_("The part '%(part)s' lacks '%(key)s'.") % {"part": where, "key": key})
    return str(part[key])


def _check_zone(source: dict[str, Any]) -> None:
    try:
        ZoneInfo(_text(source, "time_zone", "source"))
    except (KeyError, ValueError, OSError):  # unknown, malformed, a folder of zones
        raise MappingError(_("There is no time zone '%(zone)s'.") % {"zone": source["time_zone"]}) from None


def _one_of(value: str, allowed: set[str], where: str) -> str:
    if value not in allowed:
        raise MappingError(
            _("'%(part)s' must be one of %(allowed)s, not '%(value)s'.")
            % {"part": where, "allowed": ", ".join(sorted(allowed)), "value": value}
        )
    return value


def _columns(value: Any, where: str, *, required: bool = False) -> tuple[str, ...]:
    if not value:
        if required:
            raise MappingError(
                _("The mapping lacks the part '%(part)s': which columns name a row for good?") % {"part": where}
            )
        return ()
    if isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(name, str) for name in value)):
        raise MappingError(_("The part '%(part)s' must be a column or a list of columns.") % {"part": where})
    return tuple(value) if isinstance(value, list) else (str(value),)


def _value(part: Any, where: str) -> Value:
    if isinstance(part, str):
        return Value(column=part)
    _known(part, "value", where)
    if not ("column" in part or "constant" in part):
        raise MappingError(_("The part '%(part)s' must name a column or a constant.") % {"part": where})
    values = part.get("values") or {}
    if not isinstance(values, dict):
        raise MappingError(_("'%(part)s.values' must name what each value stands for.") % {"part": where})
    return Value(
        column=str(part.get("column", "")),
        constant=str(part.get("constant", "")),
        values={str(key): str(value) for key, value in values.items()},
        none=_names(part.get("none"), f"{where}.none"),
        default=str(part.get("default", "")),
    )


def _channel(part: Any) -> Value:
    value = Value(constant=part) if isinstance(part, str) else _value(part, "inbox.channel")
    for slug in filter(None, (value.constant, value.default, *value.values.values())):
        _one_of(slug, {channel.slug for channel in Channel}, "inbox.channel")
    return value


def _outcome(part: Any) -> Value:
    value = _value(part, "outcome") if part else Value(constant="handled")
    for name in filter(None, (value.constant, value.default, *value.values.values())):
        _one_of(name, {outcome.name.lower() for outcome in Outcome}, "outcome")
    return value


def _moment(part: Any, where: str) -> Moment:
    if not part:
        raise MappingError(_("The mapping lacks the part '%(part)s'.") % {"part": where})
    if isinstance(part, str):
        return Moment(column=part)
    _known(part, "moment", where)
    if part.get("clock"):
        return Moment(
            date_column=str(part.get("date", "")),
            date_format=_format(str(part.get("date_format", "%Y-%m-%d")), f"{where}.date_format"),
            clock=str(part["clock"]),
        )
    if part.get("column"):
        form = str(part.get("format", "iso"))
        return Moment(column=str(part["column"]), format=form if form == "iso" else _format(form, f"{where}.format"))
    raise MappingError(_("The part '%(part)s' must name a column, or a date and a clock column.") % {"part": where})


def _identity(part: Any, number: int) -> IdentityRule:
    where = f"identities[{number}]"
    _known(part, "identity", where)
    kind = _one_of(_text(part, "kind", where), set(IdentityKind.values), f"{where}.kind")
    assurance = _one_of(str(part.get("assurance", "attested")), {"claimed", "attested"}, f"{where}.assurance")
    return IdentityRule(
        kind=kind,
        column=_text(part, "column", where),
        assurance=Assurance[assurance.upper()].value,
        none=_names(part.get("none"), f"{where}.none"),
        scoped=kind == IdentityKind.ACCOUNT,
    )


def _conditions(part: Any, where: str) -> dict[str, frozenset[str]]:
    if not isinstance(part or {}, dict):
        raise MappingError(_("'%(part)s' must name columns with their values.") % {"part": where})
    return {str(column): _names(values, f"{where}.{column}") for column, values in (part or {}).items()}


def _segment(part: Any, number: int) -> SegmentRule:
    where = f"segments[{number}]"
    _known(part, "segment", where)
    kind = _one_of(_text(part, "kind", where), {kind.name.lower() for kind in SegmentKind}, f"{where}.kind")
    if not part.get("seconds") and not (part.get("start") and part.get("end")):
        raise MappingError(_("'%(part)s' needs 'start' and 'end', or 'seconds'.") % {"part": where})
    return SegmentRule(
        kind=SegmentKind[kind.upper()],
        start=_moment(part["start"], f"{where}.start") if part.get("start") else None,
        end=_moment(part["end"], f"{where}.end") if part.get("end") else None,
        seconds=_text(part, "seconds", where) if part.get("seconds") else "",
        only_when=_conditions(part.get("only_when"), f"{where}.only_when"),
        skip_when=_conditions(part.get("skip_when"), f"{where}.skip_when"),
        has_agent=kind in {"talk", "hold", "wrap_up"},
    )
