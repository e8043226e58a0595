"""What the components in templates/components/ are given. A page builds these; the component only draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ccx.kernel.look.figures import Change

Tone = Literal["good", "warning", "bad", "info", "neutral"]


@dataclass(frozen=True, kw_only=True)
class Link:
    """Somewhere to go, or something to do there. `icon` is a word from icons.py."""

    label: str
    url: str
    icon: str = ""
    is_primary: bool = False
    is_current: bool = False
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One vital figure. `state` says why there is no figure, or why it may still move."""

    key: str
    name: str
    value: str = ""
    unit: str = ""
    state: Literal["ready", "immature", "no_data", "suppressed", "approximate"] = "ready"
    note: str = ""
    change: Change | None = None
    against: str = ""
    trend: Sequence[float | None] = ()
    trend_label: str = ""
    n: int | None = None
    interval: str = ""
    counted: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table. Numeric ones stand right-aligned in tabular figures; `about_url` says what it counts."""

    label: str
    about_url: str = ""
    is_numeric: bool = False
    is_wide: bool = False
    sort_url: str = ""
    sorted: Literal["", "ascending", "descending"] = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a cell shows; `value` is the bare number a chart reads, None a gap; an unripe one is drawn dotted.

    `bar` (0 to 1) is drawn under the text, `change` and the line of `trend` beside it.
    """

    text: str
    value: float | int | None = None
    detail: str = ""
    url: str = ""
    icon: str = ""
    tone: Tone | Literal[""] = ""
    is_unripe: bool = False
    is_numeric: bool = False
    bar: float | None = None
    change: Change | None = None
    trend: Sequence[float | None] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table; with `url` its first cell leads there and the whole line can be clicked."""

    cells: Sequence[Cell]
    url: str = ""
    key: str = ""
    is_total: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns. `previous_url` and `next_url` come from a cursor, there is no page count."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str = ""
    previous_url: str = ""
    next_url: str = ""
    shown: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """How to draw the table beside it: its first column names the points, every numeric column is a series."""

    kind: Literal["line", "area", "bar", "stacked", "ranked", "live"]
    measure: Literal["number", "share", "duration", "money"] = "number"
    currency: str = ""
    top: float | None = None


@dataclass(frozen=True, kw_only=True)
class HeatCell:
    """An hour of a weekday; `level` 0 to 7 is its shade, None is a gap."""

    text: str
    level: int | None
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """Hours across, weekdays down."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[HeatCell]]]
    low: str = ""
    high: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A question, the sentence that answers it, and the figures behind the sentence."""

    key: str
    question: str
    insight: str = ""
    chart: Chart | None = None
    table: Table | None = None
    heatmap: Heatmap | None = None
    template: str = ""
    context: object = None
    span: Literal[3, 4, 6, 8, 12] = 6
    export_url: str = ""
    rows_url: str = ""
    note: str = ""
    counted: str = ""


@dataclass(frozen=True, kw_only=True)
class Option:
    """A choice in a select."""

    label: str
    value: str
    is_selected: bool = False


@dataclass(frozen=True, kw_only=True)
class Select:
    """A dimension to filter by. The first option is usually "All ..." with an empty value."""

    name: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True, kw_only=True)
class FilterBar:
    """Everything that decides what the figures below are about; all of it lives in the address."""

    action: str
    presets: Sequence[Link]
    period_label: str = ""
    first_day: str = ""
    last_day: str = ""
    is_custom: bool = False
    comparison: Select | None = None
    selects: Sequence[Select] = ()
    hidden: Sequence[tuple[str, str]] = ()
    reset_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Empty:
    """Nothing here: one sentence and one action."""

    sentence: str
    icon: str = "info"
    action: Link | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What happened, what is safe, what to do, and the number to quote."""

    what: str
    safe: str = ""
    next_step: str = ""
    reference: str = ""
    retry_url: str = ""


@dataclass(frozen=True, kw_only=True)
class TimelineItem:
    """One thing that happened."""

    title: str
    at: datetime | None = None
    icon: str = "neutral"
    detail: str = ""
    by: str = ""
    url: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A name and its value in a key/value list."""

    name: str
    value: str
    icon: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """A question before something that cannot be taken back; `action` is posted."""

    key: str
    question: str
    consequence: str
    action: str
    verb: str
    is_dangerous: bool = True
    hidden: Sequence[tuple[str, str]] = field(default_factory=tuple)


def heat_levels(values: Sequence[float | None], levels: int = 8) -> list[int | None]:
    """Shades for values: 0 for nothing at all, then equal steps up to the greatest; a gap stays a gap."""
    greatest = max((value for value in values if value is not None), default=0)
    if greatest <= 0:
        return [None if value is None else 0 for value in values]
    return [
        None if value is None else 0 if value <= 0 else max(1, round(value / greatest * (levels - 1)))
        for value in values
    ]
