"""Operations: volume, waiting, giving up, service level, the work itself, by hour, queue and team."""

from django.utils import formats
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from analytics.dashboards.asking import Asked
from analytics.dashboards.overview import contacts_panel
from analytics.dashboards.sheets import (
    Builder,
    Line,
    Sheet,
    by_count,
    by_group,
    by_kpi,
    export_url,
    group_lines,
    read,
    read_groups,
    switch,
    total_lines,
)
from analytics.dashboards.wording import counted_text, figure_text, value_text
from analytics.kpis.catalogue.service_level import DEFAULT_VARIANT, THRESHOLDS, VARIANTS, service_level_key
from analytics.kpis.figures import Group
from analytics.kpis.hours import HOURS, Week, read_week
from analytics.kpis.questions import Split
from analytics.kpis.registry import kpi_of
from ccx.kernel.look.figures import number
from ccx.kernel.look.parts import HeatCell, Heatmap, Panel, heat_levels

PAGE = "operations"
VIEW = "analytics:operations"
HEAT = ("contacts", "abandon_offered", "asa_all_answered")
SWITCHES = {"x": THRESHOLDS, "heat": HEAT}
_SWITCHES = "analytics/dashboards/_switches.html"


def volume_panel(asked: Asked) -> Sheet:
    """Volume over time."""
    return contacts_panel(asked, PAGE, 8)


def outcomes_panel(asked: Asked) -> Sheet:
    """What became of the contacts."""
    names = {
        "offered": _("Asked for a person"),
        "answered": _("Answered"),
        "abandoned": _("Abandoned"),
        "callbacks": _("Asked for a callback"),
        "self_served": _("Self-served"),
        "outbound": _("Started by us"),
        "not_contacts": _("Phantoms, tests, spam"),
    }
    answer = read(asked, list(names))
    groups = {key: answer.total[key] for key in names}
    told = _("%(answered)s answered, %(abandoned)s gave up.") % {
        "answered": number(groups["answered"].value),
        "abandoned": number(groups["abandoned"].value),
    }
    return Sheet(
        panel=Panel(
            key="outcomes",
            question=_("What became of them?"),
            insight=told if groups["offered"].value else "",
            table=by_count(answer, names, caption=_("Outcomes"), asked=asked),
            span=4,
            export_url=export_url(asked, PAGE, "outcomes"),
        ),
        lines=total_lines(answer),
    )


def waiting_panel(asked: Asked) -> Sheet:
    """Waiting: the mean beside the median and the 90th percentile."""
    names = {
        "asa_all_answered": _("Mean, all answered"),
        "wait_median": _("Median, all answered"),
        "wait_p90": _("90th percentile, all answered"),
        "asa_queued": _("Mean, those that queued"),
        "wait_median_queued": _("Median, those that queued"),
        "wait_p90_queued": _("90th percentile, those that queued"),
        "wait_abandoned": _("Mean before giving up"),
    }
    answer = read(asked, list(names))
    mean, p90 = answer.total["asa_all_answered"], answer.total["wait_p90"]
    insight = ""
    if mean.value is not None and p90.value is not None:
        insight = _("Callers wait %(mean)s on average, but one in ten waits longer than %(p90)s.") % {
            "mean": figure_text(mean),
            "p90": figure_text(p90),
        }
    return Sheet(
        panel=Panel(
            key="waiting",
            question=_("How long do people wait?"),
            insight=insight,
            table=by_kpi(answer, names, caption=_("Waiting times"), asked=asked),
            span=6,
            export_url=export_url(asked, PAGE, "waiting"),
        ),
        lines=total_lines(answer),
    )


def abandonment_panel(asked: Asked) -> Sheet:
    """Abandonment, every way it is counted."""
    keys = ["abandon_offered", "abandon_offered_ex_short", "abandon_queue", "abandon_queue_ex_short"]
    keys += ["abandon_offered_ex5", "abandon_offered_ex10"]
    names = {key: str(kpi_of(key).variant).capitalize() for key in keys}
    answer = read(asked, keys)
    figure = answer.total["abandon_offered"]
    insight = ""
    if figure.value is not None:
        insight = _("%(share)s of %(n)s callers and chatters gave up before an agent answered.") % {
            "share": figure_text(figure),
            "n": number(figure.n),
        }
    return Sheet(
        panel=Panel(
            key="abandonment",
            question=_("How many give up?"),
            insight=insight,
            table=by_kpi(answer, names, caption=_("Abandonment by definition"), asked=asked),
            span=6,
            export_url=export_url(asked, PAGE, "abandonment"),
        ),
        lines=total_lines(answer),
    )


def service_level_panel(asked: Asked) -> Sheet:
    """Service level in every published variant, at one threshold."""
    threshold = asked.extra.get("x", THRESHOLDS[0])
    names = {service_level_key(variant.code, threshold): str(variant.name) for variant in VARIANTS}
    answer = read(asked, list(names))
    options = {x: _("Target") if x == "target" else f"{x} s" for x in THRESHOLDS}
    values = [figure.value for figure in answer.total.values() if figure.value is not None]
    insight = ""
    if values:
        insight = _("%(ours)s by our definition (B without short abandons); %(low)s to %(high)s by others.") % {
            "ours": figure_text(answer.total[service_level_key(DEFAULT_VARIANT, threshold)]),
            "low": value_text(kpi_of("service_level"), min(values)),
            "high": value_text(kpi_of("service_level"), max(values)),
        }
    return Sheet(
        panel=Panel(
            key="service_level",
            question=_("How many are answered in time?"),
            insight=insight,
            table=by_kpi(answer, names, caption=_("Service level by variant"), asked=asked),
            span=6,
            template=_SWITCHES,
            context=switch(asked, VIEW, "x", _("Answered within"), options),
            export_url=export_url(asked, PAGE, "service_level"),
        ),
        lines=total_lines(answer),
    )


def handling_panel(asked: Asked) -> Sheet:
    """Handle time, channel by channel and never over several."""
    titles = {
        "aht": _("Mean"),
        "handle_median": _("Median"),
        "handle_p90": _("90th percentile"),
        "mean_talk": _("Talk"),
        "mean_hold": _("Hold"),
        "mean_wrap": _("Wrap-up"),
        "aht_truncated": _("Mean, 0–3,600 s"),
    }
    answer = read_groups(asked, list(titles), Split.CHANNEL)
    groups = _with(list(answer.groups), "aht")
    return Sheet(
        panel=Panel(
            key="handling",
            question=_("How long does the work take?"),
            insight=_pair_sentence(groups, "aht", "handle_median"),
            table=by_group(
                groups,
                titles,
                caption=_("Handle time by channel"),
                split=Split.CHANNEL,
                asked=asked,
            ),
            span=12,
            export_url=export_url(asked, PAGE, "handling"),
            counted=counted_text(kpi_of("aht")),
        ),
        lines=group_lines(groups),
    )


def responses_panel(asked: Asked) -> Sheet:
    """First responses on messaging channels."""
    titles = {
        "first_response": _("Mean"),
        "first_response_median": _("Median"),
        "first_response_p90": _("90th percentile"),
        "first_response_in_target": _("In time"),
    }
    answer = read_groups(asked, list(titles), Split.CHANNEL)
    groups = _with(list(answer.groups), "first_response")
    return Sheet(
        panel=Panel(
            key="responses",
            question=_("How fast do we answer messages?"),
            insight=_pair_sentence(groups, "first_response", "first_response_median"),
            table=by_group(
                groups,
                titles,
                caption=_("First response by channel"),
                split=Split.CHANNEL,
                asked=asked,
            ),
            span=6,
            export_url=export_url(asked, PAGE, "responses"),
        ),
        lines=group_lines(groups),
    )


def _with(groups: list[Group], key: str) -> list[Group]:
    return sorted((group for group in groups if group.figures[key].n), key=lambda group: -group.figures[key].n)


def _pair_sentence(groups: list[Group], mean: str, median: str) -> str:
    if not groups:
        return ""
    figures = groups[0].figures
    return _("%(channel)s: %(mean)s on average, half of them within %(median)s.") % {
        "channel": groups[0].label,
        "mean": figure_text(figures[mean]),
        "median": figure_text(figures[median]),
    }


def queues_panel(asked: Asked) -> Sheet:
    """Queues side by side."""
    titles = {
        "offered": _("Offered"),
        "service_level": _("Service level"),
        "abandon_offered": _("Abandonment"),
        "asa_all_answered": _("Mean wait"),
        "wait_median": _("Median"),
        "wait_p90": _("90th percentile"),
    }
    answer = read_groups(asked, list(titles), Split.QUEUE)
    groups = _with(list(answer.groups), "offered")
    return Sheet(
        panel=Panel(
            key="queues",
            question=_("Which queues are under pressure?"),
            insight=_worst(groups),
            table=by_group(
                groups,
                titles,
                caption=_("Figures by queue"),
                split=Split.QUEUE,
                asked=asked,
                view=VIEW,
            ),
            span=12,
            export_url=export_url(asked, PAGE, "queues"),
        ),
        lines=group_lines(groups),
    )


def _worst(groups: list[Group]) -> str:
    judged = [group for group in groups if group.figures["service_level"].value is not None]
    if len(judged) < 2:
        return ""
    worst = min(judged, key=lambda group: group.figures["service_level"].value or 0.0)
    return _("%(queue)s answers the smallest share in time: %(share)s.") % {
        "queue": worst.label,
        "share": figure_text(worst.figures["service_level"]),
    }


def teams_panel(asked: Asked) -> Sheet:
    """Teams side by side; handle time is left out so that nobody ranks by it."""
    titles = {
        "answered": _("Answered"),
        "transfer_rate": _("Transfers"),
        "fcr": _("Solved first time"),
        "occupancy": _("Occupancy"),
    }
    answer = read_groups(asked, list(titles), Split.TEAM)
    groups = _with(list(answer.groups), "answered")
    return Sheet(
        panel=Panel(
            key="teams",
            question=_("How do the teams stand?"),
            table=by_group(
                groups,
                titles,
                caption=_("Figures by team"),
                split=Split.TEAM,
                asked=asked,
                view=VIEW,
            ),
            span=12,
            export_url=export_url(asked, PAGE, "teams"),
            counted=counted_text(kpi_of("occupancy")),
        ),
        lines=group_lines(groups),
    )


def hours_panel(asked: Asked) -> Sheet:
    """The week by the hour."""
    key = asked.extra.get("heat", HEAT[0])
    week = read_week(key=key, period=asked.period, filters=asked.filters, user=asked.user)
    options = {name: str(kpi_of(name).title) for name in HEAT}
    return Sheet(
        panel=Panel(
            key="hours",
            question=_("When in the week does it happen?"),
            insight=week.refusal or _peak(week),
            heatmap=None if week.refusal else _heatmap(week, asked),
            span=12,
            template=_SWITCHES,
            context=switch(asked, VIEW, "heat", _("Shown"), options),
            export_url="" if week.refusal else export_url(asked, PAGE, "hours"),
            note=_("Read from %(source)s.") % {"source": week.source} if week.cells else "",
            counted=counted_text(week.kpi),
        ),
        lines=[
            Line(group=f"{WEEKDAYS[weekday - 1]} {hour:02d}", slug=f"{weekday}-{hour:02d}", figure=figure)
            for (weekday, hour), figure in sorted(week.cells.items())
        ],
    )


def _heatmap(week: Week, asked: Asked) -> Heatmap:
    first = int(formats.get_format("FIRST_DAY_OF_WEEK")) or 7
    weekdays = [(day - 1) % 7 + 1 for day in range(first, first + 7)]
    values = [week.value(weekday, hour) for weekday in weekdays for hour in HOURS]
    levels = heat_levels(values)
    rows = []
    for index, weekday in enumerate(weekdays):
        cells = [
            HeatCell(
                text=f"{hour:02d}:00 {value_text(week.kpi, values[index * 24 + hour])}",
                level=levels[index * 24 + hour],
                url=asked.rows_url(week.kpi.key, weekday=str(weekday), hour=str(hour))
                if (weekday, hour) in week.cells
                else "",
            )
            for hour in HOURS
        ]
        rows.append((str(WEEKDAYS_ABBR[weekday - 1]), cells))
    greatest = max((value for value in values if value is not None), default=None)
    return Heatmap(
        caption=_("%(figure)s by weekday and hour") % {"figure": week.kpi.title},
        columns=[f"{hour:02d}" for hour in HOURS],
        rows=rows,
        low=value_text(week.kpi, 0),
        high=value_text(week.kpi, greatest),
    )


def _peak(week: Week) -> str:
    known = {cell: figure for cell, figure in week.cells.items() if figure.value and figure.n >= 10}
    if not known:
        return ""
    (weekday, hour), figure = max(known.items(), key=lambda item: item[1].value or 0)
    return _("Most on %(weekday)s between %(hour)s and %(next)s: %(value)s.") % {
        "weekday": WEEKDAYS[weekday - 1],
        "hour": f"{hour:02d}:00",
        "next": f"{(hour + 1) % 24:02d}:00",
        "value": figure_text(figure),
    }


PANELS: dict[str, Builder] = {
    "contacts": volume_panel,
    "outcomes": outcomes_panel,
    "waiting": waiting_panel,
    "abandonment": abandonment_panel,
    "service_level": service_level_panel,
    "responses": responses_panel,
    "handling": handling_panel,
    "hours": hours_panel,
    "queues": queues_panel,
    "teams": teams_panel,
}
