"""CSV for people who open it in a spreadsheet: nothing in it can run as a formula."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

from analytics.dashboards.asking import Asked
from analytics.dashboards.sheets import Line
from interactions.channels.choices import Channel

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
FIGURES_HEAD = (
    "from", "to", "group", "group_key", "channel", "figure", "version", "unit", "value", "numerator", "denominator",
    "n", "state", "source",
)  # fmt: skip


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def safe(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets a quote in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def csv_answer(name: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """A CSV file, sent as it is made, with the mark that makes spreadsheets read UTF-8."""
    answer = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + writer.writerow(list(head))
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def figure_rows(lines: Iterable[Line], asked: Asked) -> Iterator[tuple[object, ...]]:
    """A line a figure, with its exact parts; figures that stay apart by channel have a line each."""
    for line in lines:
        parts = line.figure.by_channel or ((0, line.figure),)
        for channel, figure in parts:
            yield (
                asked.period.first.isoformat(),
                asked.period.last.isoformat(),
                line.group,
                line.slug,
                channel_slug(channel),
                figure.kpi.key,
                figure.kpi.version,
                figure.kpi.unit.value,
                figure.value,
                figure.numerator,
                figure.denominator,
                figure.n,
                figure.state.value,
                figure.source,
            )


def channel_slug(channel: int) -> str:
    """Empty where a figure is not of one channel."""
    return Channel(channel).slug if channel else ""
