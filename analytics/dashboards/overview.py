"""The vital few: what a supervisor looks at first."""

from django.utils.translation import gettext as _

from analytics.dashboards.asking import Asked, period_words
from analytics.dashboards.sheets import (
    Builder,
    Sheet,
    Span,
    by_group,
    by_time,
    count_note,
    export_url,
    figure_column,
    group_lines,
    read,
    read_groups,
    time_chart,
    time_split,
    total_lines,
)
from analytics.dashboards.wording import busiest, change_of, count_cell, figure_text, tile_of
from analytics.kpis.figures import Figure, FigureSet, Group
from analytics.kpis.hours import read_week
from analytics.kpis.questions import Split
from ccx.kernel.look.figures import number, percent
from ccx.kernel.look.parts import Cell, Chart, Column, Panel, Row, Table, Tile
from interactions.channels.choices import Channel

PAGE = "overview"
VIEW = "analytics:dashboards"
MOST_REASONS = 8
_VITAL = ("fcr", "service_level", "abandon_offered", "repeat_rate", "unidentified_share", "csat", "contacts")


def tiles(asked: Asked) -> list[Tile]:
    """At most five figures that together say how it goes."""
    answer = read(asked, _VITAL, time_split(asked))
    found = answer.total
    second = "service_level" if found["service_level"].n else "abandon_offered"
    last = "csat" if found["csat"].n else "contacts"
    return [
        tile_of(found["fcr"], asked, trend=_trend(answer, "fcr")),
        tile_of(found[second], asked, trend=_trend(answer, second), name=_short_name(found[second])),
        tile_of(found["repeat_rate"], asked, trend=_trend(answer, "repeat_rate"), note=unidentified_note(answer)),
        _work_tile(asked),
        tile_of(found[last], asked, trend=_trend(answer, last)),
    ]


def _short_name(figure: Figure) -> str:
    return _("Service level") if figure.kpi.family == "service_level" else str(figure.kpi.title)


def _trend(answer: FigureSet, key: str) -> list[float | None]:
    return answer.series(key) if len(answer.groups) > 1 else []


def unidentified_note(answer: FigureSet) -> str:
    """The share that no repeat figure can see, beside every one of them."""
    figure = answer.total["unidentified_share"]
    return "" if figure.value is None else _("%(share)s unidentified") % {"share": percent(figure.value)}


def _work_tile(asked: Asked) -> Tile:
    """How long the work takes on the busiest channel; the operations page has them all."""
    figure = read(asked, ["aht"]).total["aht"]
    channel, part = busiest(figure)
    if channel is None:
        return tile_of(figure, asked)
    before = dict(figure.before.by_channel).get(channel) if figure.before is not None else None
    name = _("Handle time, %(channel)s") % {"channel": Channel(channel).label}
    within = Asked(**{**vars(asked), "given": {**asked.given, "channel": Channel(channel).slug}})
    return tile_of(part.compared(before), within, name=name, note=_spread(asked, Channel(channel)))


def _spread(asked: Asked, channel: Channel) -> str:
    """What stands beside a mean: the median and the 90th percentile of the channel."""
    answer = read(asked, ["handle_median", "handle_p90"], Split.CHANNEL, is_compared=False)
    found = next((group.figures for group in answer.groups if group.slug == channel.slug), {})
    if not found or any(figure.value is None for figure in found.values()):
        return ""
    return _("half within %(median)s, 9 in 10 within %(p90)s") % {
        "median": figure_text(found["handle_median"]),
        "p90": figure_text(found["handle_p90"]),
    }


def contacts_panel(asked: Asked, page: str = PAGE, span: Span = 8) -> Sheet:
    """Volume over time."""
    keys = {"contacts": _("Contacts"), "answered": _("Answered"), "abandoned": _("Abandoned")}
    answer = read(asked, list(keys), time_split(asked))
    hours = by_hour(keys, asked) if asked.period.days == 1 else None
    return Sheet(
        panel=Panel(
            key="contacts",
            question=_("How many contacts came, and how many did we answer?"),
            insight=volume_sentence(answer, asked),
            chart=time_chart(answer, "contacts") or (Chart(kind="bar") if hours else None),
            table=hours or by_time(answer, keys, caption=_("Contacts over time"), asked=asked),
            span=span,
            export_url=export_url(asked, page, "contacts"),
            rows_url=asked.rows_url("contacts"),
            counted=count_note(answer, "contacts"),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def by_hour(keys: dict[str, str], asked: Asked) -> Table | None:
    """One day hour by hour; None where the hours cannot be told."""
    weeks = {key: read_week(key=key, period=asked.period, filters=asked.filters, user=asked.user) for key in keys}
    weekday = asked.period.first.isoweekday()
    hours = sorted({hour for week in weeks.values() for _weekday, hour in week.cells})
    if not hours:
        return None
    columns = [Column(label=_("Hour")), *(figure_column(name, key) for key, name in keys.items())]
    rows = []
    for hour in range(hours[0], hours[-1] + 1):
        counts = [
            count_cell(int(week.value(weekday, hour) or 0), asked.rows_url(key, hour=str(hour)))
            for key, week in weeks.items()
        ]
        rows.append(Row(cells=[Cell(text=f"{hour:02d}:00"), *counts]))
    return Table(caption=_("Contacts by hour"), columns=columns, rows=rows)


def volume_sentence(answer: FigureSet, asked: Asked) -> str:
    """Volume in one sentence."""
    contacts, answered = answer.total["contacts"], answer.total["answered"]
    if not contacts.value:
        return _("No contacts in %(period)s.") % {"period": period_words(asked.period)}
    told = _("%(contacts)s contacts, %(answered)s of them answered") % {
        "contacts": number(contacts.value),
        "answered": number(answered.value),
    }
    change = change_of(contacts)
    if change is None or change.direction not in {"up", "down"} or not contacts.before or not contacts.before.value:
        return f"{told}."
    return _("%(told)s; %(change)s than in the period before.") % {"told": told, "change": change.text}


def channels_panel(asked: Asked) -> Sheet:
    """Where contacts come from."""
    answer = read_groups(asked, ["contacts"], Split.CHANNEL)
    groups = _most(answer, "contacts")
    insight = ""
    if groups and answer.total["contacts"].value:
        share = (groups[0].figures["contacts"].value or 0) / answer.total["contacts"].value
        insight = _("%(share)s come over %(channel)s.") % {"share": percent(share, 0), "channel": groups[0].label}
    return Sheet(
        panel=Panel(
            key="channels",
            question=_("Over which channels do they come?"),
            insight=insight,
            chart=Chart(kind="ranked"),
            table=by_group(
                groups,
                {"contacts": _("Contacts")},
                caption=_("Contacts by channel"),
                split=Split.CHANNEL,
                asked=asked,
            ),
            span=4,
            export_url=export_url(asked, PAGE, "channels"),
            counted=count_note(answer, "contacts"),
        ),
        lines=group_lines(groups),
    )


def _most(answer: FigureSet, key: str) -> list[Group]:
    with_any = [group for group in answer.groups if group.figures[key].n]
    return sorted(with_any, key=lambda group: -(group.figures[key].value or 0))


def resolution_panel(asked: Asked) -> Sheet:
    """First contact resolution over time."""
    answer = read(asked, ["fcr"], time_split(asked))
    figure = answer.total["fcr"]
    insight = _("Nothing has matured in this period yet.") if figure.excluded and figure.value is None else ""
    if figure.value is not None:
        insight = _("%(share)s of %(n)s cases were resolved with their first answered contact.") % {
            "share": figure_text(figure),
            "n": number(figure.n),
        }
    return Sheet(
        panel=Panel(
            key="resolution",
            question=_("Is it solved the first time?"),
            insight=insight,
            chart=time_chart(answer, "fcr"),
            table=by_time(
                answer, {"fcr": _("Solved first time")}, caption=_("First contact resolution over time"), asked=asked
            ),
            span=6,
            export_url=export_url(asked, PAGE, "resolution"),
            counted=count_note(answer, "fcr"),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def reasons_panel(asked: Asked, page: str = PAGE, most: int = MOST_REASONS, span: Span = 6) -> Sheet:
    """Reasons by the repeat contacts they make."""
    answer = read_groups(asked, ["repeat_rate", "contacts", "unidentified_share"], Split.REASON)
    groups = sorted(answer.groups, key=lambda group: -(group.figures["repeat_rate"].numerator or 0))
    groups = [group for group in groups if group.figures["contacts"].n][:most]
    titles = {"repeat_rate": _("Repeat share"), "contacts": _("Contacts"), "unidentified_share": _("Unidentified")}
    table = by_group(
        groups,
        titles,
        caption=_("Reasons by repeat contacts"),
        split=Split.REASON,
        asked=asked,
    )
    return Sheet(
        panel=Panel(
            key="reasons",
            question=_("Which reasons bring people back?"),
            insight=_reasons_sentence(groups),
            table=table,
            span=span,
            export_url=export_url(asked, page, "reasons"),
            note=_("Ranked by the number of repeat contacts."),
            counted=count_note(answer, "repeat_rate"),
        ),
        lines=group_lines(groups),
    )


def _reasons_sentence(groups: list[Group]) -> str:
    worst = next((group for group in groups if group.figures["repeat_rate"].numerator), None)
    if worst is None:
        return _("No repeat contacts of identified customers in this period.")
    return _("%(reason)s makes most: %(repeats)s repeat contacts, %(share)s of its identified ones.") % {
        "reason": worst.label,
        "repeats": number(worst.figures["repeat_rate"].numerator),
        "share": figure_text(worst.figures["repeat_rate"]),
    }


PANELS: dict[str, Builder] = {
    "contacts": contacts_panel,
    "channels": channels_panel,
    "resolution": resolution_panel,
    "reasons": reasons_panel,
}
