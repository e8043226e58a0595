"""The service level so far today, for a page that shows the floor live: in all, and queue by queue."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.dashboards.asking import Asked, preset_period
from analytics.dashboards.wording import figure_text
from analytics.kpis.figures import Figure, State
from analytics.kpis.questions import Split, today
from analytics.kpis.reading import read_figures
from interactions.channels.choices import Channel

KEY = "service_level"


@dataclass(frozen=True)
class Level:
    """What stands at one place of the page: `place` is the end of the element's id."""

    place: str
    parts: Sequence[tuple[str, str]]
    n: int


def levels_today(asked: Asked) -> list[Level]:
    """Of contacts that arrived today; where channels may not be mixed each stands for itself."""
    period = preset_period("today", today())
    answer = read_figures(
        keys=[KEY], period=period, comparison=None, filters=asked.filters, split_by=Split.QUEUE, user=asked.user
    )
    levels = [_level("all", answer.total[KEY])]
    levels += [_level(group.slug, group.figures[KEY]) for group in answer.groups if group.key]
    return levels


def _level(place: str, figure: Figure) -> Level:
    if figure.state is State.SEVERAL_CHANNELS:
        parts = [(str(Channel(channel).label), figure_text(one)) for channel, one in figure.by_channel]
        return Level(place, parts, figure.n)
    return Level(place, [("", figure_text(figure))], figure.n)
