"""A panel and the figures on it: what is drawn and what its CSV holds come from the same answer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.dashboards.asking import Asked
from analytics.dashboards.wording import (
    cell_of,
    change_of,
    chart_measure,
    count_cell,
    counted_text,
    short_change_text,
    state_text,
)
from analytics.kpis.definition import Unit
from analytics.kpis.figures import Figure, FigureSet, Group
from analytics.kpis.questions import Split
from analytics.kpis.reading import read_figures
from ccx.kernel.look.figures import duration
from ccx.kernel.look.parts import Cell, Chart, Column, Link, Panel, Row, Table
from ccx.kernel.people.choices import Ability

Span = Literal[3, 4, 6, 8, 12]
DAYS_OF_SERIES = 92


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a CSV: a figure and the group it is of."""

    group: str
    slug: str
    figure: Figure


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A panel with its figures."""

    panel: Panel
    lines: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Switches:
    """Links that change how a panel counts; drawn by _switches.html."""

    label: str
    links: Sequence[Link]


Builder = Callable[[Asked], Sheet]


def read(asked: Asked, keys: Sequence[str], split_by: Split = Split.NONE, *, is_compared: bool = True) -> FigureSet:
    """The figures of a page's question."""
    return read_figures(
        keys=keys,
        period=asked.period,
        comparison=asked.comparison if is_compared else None,
        filters=asked.filters,
        split_by=split_by,
        user=asked.user,
    )


def read_groups(asked: Asked, keys: Sequence[str], split_by: Split) -> FigureSet:
    """The figures by group; the first of them, which roll-ups tell at once, beside the period before."""
    answer = read(asked, keys, split_by, is_compared=False)
    if asked.comparison is None:
        return answer
    key = keys[0]
    before = {group.slug: group.figures[key].before for group in read(asked, [key], split_by).groups}
    groups = [
        replace(group, figures=group.figures | {key: group.figures[key].compared(before.get(group.slug))})
        for group in answer.groups
    ]
    return replace(answer, groups=tuple(groups))


def time_split(asked: Asked) -> Split:
    """Days, or months where days would be too many to see."""
    return Split.DAY if asked.period.days <= DAYS_OF_SERIES else Split.MONTH


def export_url(asked: Asked, page: str, panel: str) -> str:
    """Where a panel's CSV is, for those who may export."""
    if not asked.user.can(Ability.EXPORT):
        return ""
    return f"{reverse('analytics:export', args=[page, panel])}?{asked.query(**asked.fixed)}"


def group_lines(groups: Iterable[Group]) -> list[Line]:
    """Every figure of every group."""
    return [
        Line(group=group.label, slug=group.slug, figure=figure) for group in groups for figure in group.figures.values()
    ]


def total_lines(answer: FigureSet) -> list[Line]:
    """The figures of the whole, channel by channel where they stay apart."""
    return [Line(group="", slug="", figure=figure) for figure in answer.total.values()]


def by_time(answer: FigureSet, keys: dict[str, str], *, caption: str, asked: Asked) -> Table:
    """A row a day or month, a column a KPI: the table a line chart is drawn over."""
    columns = [Column(label=_("Month") if answer.split_by is Split.MONTH else _("Day"))]
    columns += [figure_column(title, key) for key, title in keys.items()]
    rows = []
    for group in answer.groups:
        dates = {"from": group.slug, "to": group.slug}
        cells = [Cell(text=group.label)]
        cells += [cell_of(group.figures[key], asked.rows_url(key, **dates)) for key in keys]
        rows.append(Row(cells=cells, key=group.slug))
    return Table(caption=caption, columns=columns, rows=rows)


def time_chart(answer: FigureSet, key: str, kind: Literal["line", "area", "bar"] = "line") -> Chart | None:
    """How a table by time is drawn; a single day is no line."""
    return Chart(kind=kind, measure=chart_measure(answer.total[key].kpi)) if len(answer.groups) > 1 else None


def definition_url(key: str) -> str:
    """Where it stands how a figure is counted."""
    return f"{reverse('analytics:definitions')}#{key}"


def figure_column(title: str, key: str) -> Column:
    """A column of one KPI; its heading leads to how it is counted."""
    return Column(label=title, is_numeric=True, about_url=definition_url(key))


def by_group(
    groups: Sequence[Group],
    titles: dict[str, str],
    *,
    split: Split,
    caption: str,
    asked: Asked,
    view: str = "",
) -> Table:
    """A row a queue, team, channel or reason, a column a KPI; each figure leads to its rows.

    Beside the first figure stands its change, where the period before was read too. The first cell leads to the page
    `view` of the group alone; without one to the rows of the first figure.
    """
    names = {
        Split.CHANNEL: _("Channel"),
        Split.QUEUE: _("Queue"),
        Split.TEAM: _("Team"),
        Split.REASON: _("Reason"),
    }
    columns = [Column(label=names[split], is_wide=True), *(figure_column(title, key) for key, title in titles.items())]
    first = next(iter(titles))
    is_compared = any(group.figures[first].before is not None for group in groups)
    if is_compared:
        columns.insert(2, Column(label=_("Change")))
    rows = []
    for group in groups:
        cells = [cell_of(group.figures[key], group_rows_url(group.figures[key], group, split, asked)) for key in titles]
        url = asked.url(view, **{split.value: group.slug}) if view else next((one.url for one in cells if one.url), "")
        if is_compared:
            cells.insert(1, _change_cell(group.figures[first]))
        rows.append(Row(cells=[Cell(text=group.label), *cells], url=url, key=group.slug))
    return Table(caption=caption, columns=columns, rows=rows)


def group_rows_url(figure: Figure, group: Group, split: Split, asked: Asked) -> str:
    """The rows of one group's figure; a reason's are of that reason alone. Agents' days have none."""
    if figure.kpi.is_of_agents:
        return ""
    alone = {"below": "0"} if split is Split.REASON else {}
    return asked.rows_url(figure.kpi.key, **{split.value: group.slug}, **alone)


def by_kpi(answer: FigureSet, names: dict[str, str], *, caption: str, asked: Asked) -> Table:
    """A row a KPI: the value, what it is made of (each leading to its rows), and its change."""
    columns = [
        Column(label=_("Figure"), is_wide=True),
        Column(label=_("Value"), is_numeric=True),
        Column(label=_("Counted"), is_numeric=True),
        Column(label=_("Of"), is_numeric=True),
    ]
    if answer.comparison is not None:
        columns.append(Column(label=_("Change")))
    rows = []
    for key, name in names.items():
        figure = answer.total[key]
        cells = [Cell(text=name), cell_of(figure), *_parts(figure, asked)]
        if answer.comparison is not None:
            cells.append(_change_cell(figure))
        rows.append(Row(cells=cells, url=definition_url(key), key=key))
    return Table(caption=caption, columns=columns, rows=rows)


def by_count(answer: FigureSet, names: dict[str, str], *, caption: str, asked: Asked) -> Table:
    """A row a plain count, leading to its rows, and its change; its name leads to how it is counted."""
    columns = [Column(label=_("Outcome"), is_wide=True), Column(label=_("Contacts"), is_numeric=True)]
    if answer.comparison is not None:
        columns.append(Column(label=_("Change")))
    rows = []
    for key, name in names.items():
        figure = answer.total[key]
        cells = [Cell(text=name), cell_of(figure, asked.rows_url(key))]
        if answer.comparison is not None:
            cells.append(_change_cell(figure))
        rows.append(Row(cells=cells, url=definition_url(key), key=key))
    return Table(caption=caption, columns=columns, rows=rows)


def _parts(figure: Figure, asked: Asked) -> list[Cell]:
    if figure.value is None and figure.numerator is None:
        return [Cell(text=state_text(figure)), Cell(text="")]
    key = figure.kpi.key
    if figure.denominator is None:
        return [Cell(text=""), count_cell(figure.n, asked.rows_url(key))]
    counted = count_cell(figure.numerator, asked.rows_url(key))
    if figure.kpi.sums_amounts and figure.kpi.unit is Unit.SECONDS:
        counted = replace(counted, text=duration(figure.numerator))
    return [
        counted,
        count_cell(figure.denominator, asked.rows_url(key, "denominator")),
    ]


def _change_cell(figure: Figure) -> Cell:
    found = change_of(figure)
    if found is None:
        return Cell(text="")
    tones: dict[str, Literal["good", "bad", ""]] = {"good": "good", "bad": "bad", "neutral": ""}
    icons = {"up": "up", "down": "down", "same": "same", "unknown": ""}
    return Cell(text=short_change_text(figure), tone=tones[found.tone], icon=icons[found.direction])


def count_note(answer: FigureSet, key: str) -> str:
    """How the panel's figure is counted, for its foot."""
    return counted_text(answer.total[key].kpi)


def switch(asked: Asked, view: str, name: str, label: str, options: dict[str, str]) -> Switches:
    """Links for one switch; the first option is what holds without one."""
    chosen = asked.extra.get(name) or next(iter(options))
    links = [
        Link(label=text, url=asked.url(view, **{name: value}), is_current=value == chosen)
        for value, text in options.items()
    ]
    return Switches(label=label, links=links)
