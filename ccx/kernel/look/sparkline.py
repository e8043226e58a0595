"""A trend as a small drawing made by the server: no script, no style, readable as a sentence."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ccx.kernel.look.figures import number

WIDTH, HEIGHT, MARGIN = 120, 32, 3
Point = tuple[float, float]
# A line without length and with round ends: stays round however the drawing is stretched.
_DOT = '<path class="{}" d="M{},{}h0"/>'


def sparkline_svg(values: Sequence[float | None], label: str = "") -> SafeString:
    """Draw the values left to right; None is a gap. Two known values, and a third of all, are the least that make
    a trend: fewer are specks that say nothing."""
    known = [value for value in values if value is not None]
    if len(known) < max(2, len(values) / 3):
        return SafeString("")
    runs = _runs(values, low=min(known), high=max(known))
    lines = format_html_join(
        "",
        '<polyline class="spark-line" points="{}"/>',
        ((" ".join(f"{x:.1f},{y:.1f}" for x, y in run),) for run in runs if len(run) > 1),
    )
    alone = [run[0] for run in runs[:-1] if len(run) == 1]
    dots = format_html_join("", _DOT, (("spark-dot", f"{x:.1f}", f"{y:.1f}") for x, y in alone))
    last_x, last_y = runs[-1][-1]
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none" '
        'focusable="false">{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        label or _sentence(known),
        lines,
        dots,
        format_html(_DOT, "spark-dot spark-last", f"{last_x:.1f}", f"{last_y:.1f}"),
    )


def _sentence(known: Sequence[float]) -> str:
    digits = 0 if all(float(value).is_integer() for value in known) else 2
    return _("Trend: from %(first)s to %(last)s, lowest %(low)s, highest %(high)s") % {
        "first": number(known[0], digits),
        "last": number(known[-1], digits),
        "low": number(min(known), digits),
        "high": number(max(known), digits),
    }


def _runs(values: Sequence[float | None], *, low: float, high: float) -> list[list[Point]]:
    """Unbroken stretches of points; a flat line lies in the middle."""
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    height = HEIGHT - 2 * MARGIN
    runs: list[list[Point]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        share = (value - low) / (high - low) if high > low else 0.5
        runs[-1].append((MARGIN + index * step, MARGIN + (1 - share) * height))
    return [run for run in runs if run]
