"""Figures in words: values, changes, tiles, cells. No arithmetic that is not rounding."""

from collections.abc import Sequence
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from analytics.dashboards.asking import Asked
from analytics.kpis.definition import Direction, Kpi, Unit
from analytics.kpis.figures import Figure, State
from ccx.kernel.look.figures import MISSING, Better, Change, Measure, change, duration, money, number, percent
from ccx.kernel.look.parts import Cell, Tile

TileState = Literal["ready", "immature", "no_data", "suppressed", "approximate"]


def value_text(kpi: Kpi, value: float | None) -> str:
    """A value in its unit."""
    if value is None:
        return MISSING
    if kpi.unit is Unit.SHARE:
        return percent(value, kpi.precision)
    if kpi.unit is Unit.SECONDS:
        return duration(value)
    if kpi.unit is Unit.CENTS:
        return money(value / 100, settings.CCX_CURRENCY, is_whole=not kpi.precision)
    return number(value, kpi.precision)


def measure_of(kpi: Kpi) -> Measure:
    """How a change of it is told."""
    measures: dict[Unit, Measure] = {Unit.SHARE: "share", Unit.SECONDS: "duration", Unit.POINTS: "points"}
    return measures.get(kpi.unit, "number")


def chart_measure(kpi: Kpi) -> Literal["number", "share", "duration", "money"]:
    """How a chart's axis writes it."""
    if kpi.unit is Unit.CENTS:
        return "money"
    if kpi.unit is Unit.SHARE:
        return "share"
    return "duration" if kpi.unit is Unit.SECONDS else "number"


def change_of(figure: Figure) -> Change | None:
    """Its change against the period before, where one was asked for."""
    if figure.before is None or figure.value is None:
        return None
    better: dict[Direction, Better] = {Direction.UP: "up", Direction.DOWN: "down", Direction.NEITHER: "neither"}
    return change(
        figure.value, value_before(figure), better=better[figure.kpi.direction], measure=measure_of(figure.kpi)
    )


def value_before(figure: Figure) -> float | None:
    """The value in the period before; a count of nothing at all is no comparison."""
    before = figure.before
    if before is None or (figure.denominator is None and not before.n):
        return None
    return before.value


def short_change_text(figure: Figure) -> str:
    """The change in a few signs, for a column: +0.2 pt, −3 s, +12%."""
    before = value_before(figure)
    if figure.value is None or before is None:
        return ""
    moved = figure.value - before
    sign = "+" if moved > 0 else "−" if moved < 0 else "±"
    measure = measure_of(figure.kpi)
    if measure in {"share", "points"}:
        points = number(abs(moved) * (100 if measure == "share" else 1), 1)
        return _("%(sign)s%(points)s pt") % {"sign": sign, "points": points}
    if measure == "duration":
        return sign + duration(abs(moved))
    return sign + percent(abs(moved) / before) if before else sign + value_text(figure.kpi, abs(moved))


def state_text(figure: Figure) -> str:
    """Why there is no value."""
    return {
        State.NO_DATA: _("No data"),
        State.IMMATURE: _("Not yet mature"),
        State.SUPPRESSED: _("Too few to show"),
        State.SEVERAL_CHANNELS: _("Differs by channel"),
        State.REFUSED: _("Narrow the period"),
        State.READY: "",
    }[figure.state]


def figure_text(figure: Figure) -> str:
    """The value, or why there is none."""
    if figure.value is None:
        return MISSING if figure.state is State.NO_DATA else state_text(figure)
    about = "≈\N{NO-BREAK SPACE}" if figure.is_approximate else ""
    return about + value_text(figure.kpi, figure.value)


def interval_text(figure: Figure) -> str:
    """Its 95 % interval, where the figure rests on few."""
    if figure.interval is None or figure.value is None or not figure.is_small:
        return ""
    low, high = figure.interval
    return _("95%% between %(low)s and %(high)s") % {
        "low": value_text(figure.kpi, low),
        "high": value_text(figure.kpi, high),
    }


def counted_text(kpi: Kpi) -> str:
    """How it is counted, in full: formula, cohort, maturity, version."""
    version = _("Definition %(key)s, version %(version)s.") % {"key": kpi.key, "version": kpi.version}
    return " ".join(str(text) for text in (kpi.counted, kpi.cohort_text, kpi.maturity_text, version) if text)


def bare_value(figure: Figure) -> float | None:
    """The number that charts draw: amounts in the currency's main unit."""
    return figure.value / 100 if figure.value is not None and figure.kpi.unit is Unit.CENTS else figure.value


def cell_of(figure: Figure, url: str = "") -> Cell:
    """A figure in a table: the bare number for charts, grey when it rests on few."""
    detail = ""
    if figure.is_small and figure.value is not None:
        detail = f"n = {number(figure.n)}"
    if figure.state is State.IMMATURE and figure.value is not None:
        detail = _("not yet mature")
    return Cell(
        text=figure_text(figure),
        value=bare_value(figure),
        detail=detail,
        url=url if figure.n else "",
        tone="neutral" if figure.is_small else "",
        is_numeric=True,
        is_unripe=figure.state is State.IMMATURE,
    )


def count_cell(count: int | None, url: str = "") -> Cell:
    """A numerator or denominator."""
    return Cell(text=number(count), value=count, url=url if count else "", is_numeric=True)


def tile_of(
    figure: Figure, asked: Asked, *, trend: Sequence[float | None] = (), note: str = "", name: str = ""
) -> Tile:
    """A figure as a tile."""
    kpi = figure.kpi
    change_ = change_of(figure)
    return Tile(
        key=kpi.key,
        name=name or str(kpi.title),
        value=value_text(kpi, figure.value) if figure.value is not None else MISSING,
        state=_tile_state(figure),
        note=note or _left_out(figure),
        change=change_,
        against=_("than in the period before") if _says_more(change_) else "",
        trend=trend,
        trend_label=_("%(name)s over the period") % {"name": kpi.title},
        n=figure.n if figure.denominator is not None else None,
        interval=interval_text(figure),
        counted=counted_text(kpi),
        url=asked.rows_url(kpi.key) if figure.n and not kpi.is_of_agents else "",
    )


def _says_more(change_: Change | None) -> bool:
    return change_ is not None and change_.direction in {"up", "down"}


def _left_out(figure: Figure) -> str:
    if figure.excluded and figure.value is not None:
        return _("%(n)s younger ones not yet mature") % {"n": number(figure.excluded)}
    return figure.note


def _tile_state(figure: Figure) -> TileState:
    if figure.state is State.IMMATURE:
        return "immature"
    if figure.state is State.SUPPRESSED:
        return "suppressed"
    if figure.value is None:
        return "no_data"
    return "approximate" if figure.is_approximate else "ready"


def busiest(figure: Figure) -> tuple[int | None, Figure]:
    """The channel with most contacts, for figures that do not cross channels."""
    if not figure.by_channel:
        return None, figure
    return max(figure.by_channel, key=lambda part: part[1].n)
