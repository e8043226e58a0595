"""Resolution: solved the first time, who comes back, with what, and over which detours."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.dashboards.asking import Asked
from analytics.dashboards.overview import unidentified_note
from analytics.dashboards.sheets import (
    Builder,
    Sheet,
    by_group,
    by_kpi,
    by_time,
    count_note,
    export_url,
    group_lines,
    read,
    read_groups,
    switch,
    time_chart,
    time_split,
    total_lines,
)
from analytics.dashboards.wording import counted_text, figure_text, tile_of
from analytics.facts.measures import FOLLOW_UP_DAYS
from analytics.kpis.figures import Group
from analytics.kpis.questions import Split
from analytics.kpis.registry import kpi_of
from ccx.kernel.look.figures import number
from ccx.kernel.look.parts import Panel, Tile

PAGE = "resolution"
VIEW = "analytics:resolution"
SWITCHES = {"followed": ("any", "same"), "within": tuple(str(days) for days in FOLLOW_UP_DAYS)}
MOST_REASONS = 25
_SWITCHES = "analytics/dashboards/_switches.html"


def tiles(asked: Asked) -> list[Tile]:
    """Five figures about getting it solved; the unidentified share is one of them."""
    keys = ("fcr", "repeat_rate", "unidentified_share", "contacts_per_case", "channel_switching")
    answer = read(asked, keys, time_split(asked))
    trends = {key: answer.series(key) if len(answer.groups) > 1 else [] for key in keys}
    beside = unidentified_note(answer)
    return [
        tile_of(answer.total[key], asked, trend=trends[key], note=beside if key == "repeat_rate" else "")
        for key in keys
    ]


def over_time_panel(asked: Asked) -> Sheet:
    """Resolution and repeats over time."""
    keys = {"fcr": _("First time"), "repeat_rate": _("Repeats"), "unidentified_share": _("Unidentified")}
    answer = read(asked, list(keys), time_split(asked))
    figure = answer.total["fcr"]
    insight = ""
    if figure.value is not None:
        insight = _("%(share)s of %(n)s cases were resolved with their first answered contact.") % {
            "share": figure_text(figure),
            "n": number(figure.n),
        }
    if figure.excluded:
        insight = f"{insight} " + _("%(n)s younger cases are not mature yet and drawn dotted.") % {
            "n": number(figure.excluded)
        }
    return Sheet(
        panel=Panel(
            key="over_time",
            question=_("Is it solved the first time, and does it stay solved?"),
            insight=insight.strip(),
            chart=time_chart(answer, "fcr"),
            table=by_time(answer, keys, caption=_("Resolution and repeats over time"), asked=asked),
            span=12,
            export_url=export_url(asked, PAGE, "over_time"),
            counted=count_note(answer, "fcr"),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def _followed(asked: Asked) -> tuple[str, str]:
    return asked.extra.get("followed", "any"), asked.extra.get("within", "7")


def follow_ups_panel(asked: Asked) -> Sheet:
    """Who comes back within 1, 3 and 7 days, by both definitions."""
    names = {}
    for issue, words in (("any", _("any contact")), ("same", _("answered, same reason"))):
        for days in FOLLOW_UP_DAYS:
            text = ngettext("%(days)s day: %(words)s", "%(days)s days: %(words)s", days)
            names[f"followed_{issue}_{days}d"] = text % {"days": days, "words": words}
    answer = read(asked, [*names, "unidentified_share"])
    shown = {**names, "unidentified_share": _("Unidentified, not seen above")}
    figure = answer.total["followed_any_7d"]
    insight = ""
    if figure.value is not None:
        insight = _("%(share)s of identified customers whom an agent answered contacted us again within 7 days.") % {
            "share": figure_text(figure)
        }
    return Sheet(
        panel=Panel(
            key="follow_ups",
            question=_("How many come back, and how soon?"),
            insight=insight,
            table=by_kpi(answer, shown, caption=_("Follow-ups by definition"), asked=asked),
            span=6,
            export_url=export_url(asked, PAGE, "follow_ups"),
            counted=counted_text(kpi_of("followed_any_7d")),
        ),
        lines=total_lines(answer),
    )


def came_back_panel(asked: Asked) -> Sheet:
    """One of these definitions, day by day, as the switches choose."""
    issue, within = _followed(asked)
    key = f"followed_{issue}_{within}d"
    answer = read(asked, [key], time_split(asked))
    options = {"any": _("Any contact"), "same": _("Same reason, answered")}
    figure = answer.total[key]
    insight = ""
    if figure.excluded:
        insight = _("%(n)s of the youngest are not mature yet: drawn dotted and not in the headline.") % {
            "n": number(figure.excluded)
        }
    return Sheet(
        panel=Panel(
            key="came_back",
            question=_("Is it getting better?"),
            insight=insight,
            chart=time_chart(answer, key),
            table=by_time(answer, {key: _("Came back")}, caption=_("Follow-ups over time"), asked=asked),
            span=6,
            template="analytics/dashboards/_two_switches.html",
            context=[
                switch(asked, VIEW, "followed", _("Followed by"), options),
                switch(asked, VIEW, "within", _("Days"), {"7": "7", "3": "3", "1": "1"}),
            ],
            export_url=export_url(asked, PAGE, "came_back"),
            counted=counted_text(figure.kpi),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def reasons_panel(asked: Asked) -> Sheet:
    """Reasons ranked by the repeat contacts they make, with how soon people come back."""
    issue, within = _followed(asked)
    follow = f"followed_{issue}_{within}d"
    keys = ["repeat_rate", follow, "fcr", "contacts", "unidentified_share"]
    answer = read_groups(asked, keys, Split.REASON)
    groups = sorted(answer.groups, key=lambda group: -(group.figures["repeat_rate"].numerator or 0))
    groups = [group for group in groups if group.figures["contacts"].n][:MOST_REASONS]
    titles = {
        "repeat_rate": _("Repeat share"),
        follow: _("Back within %(days)s d") % {"days": within},
        "fcr": _("Solved first time"),
        "contacts": _("Contacts"),
        "unidentified_share": _("Unidentified"),
    }
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
            insight=_share_of_top(groups, answer.total["repeat_rate"].numerator or 0),
            table=table,
            span=12,
            export_url=export_url(asked, PAGE, "reasons"),
            note=_("Ranked by the number of repeat contacts; each figure of a reason is of that reason alone."),
        ),
        lines=group_lines(groups),
    )


def _share_of_top(groups: list[Group], every: int) -> str:
    top = [group for group in groups if group.figures["repeat_rate"].numerator][:3]
    if not top or not every:
        return _("No repeat contacts of identified customers in this period.")
    repeats = sum(group.figures["repeat_rate"].numerator or 0 for group in top)
    names = ", ".join(group.label for group in top)
    return _("%(names)s: %(repeats)s of %(every)s repeat contacts.") % {
        "names": names,
        "repeats": number(repeats),
        "every": number(every),
    }


def cases_panel(asked: Asked) -> Sheet:
    """What a case takes."""
    names = {
        "cases": _("Cases that began"),
        "contacts_per_case": _("Contacts per case"),
        "channel_switching": _("Changed channel within 72 hours"),
        "stuck_share": _("Three contacts or more"),
        "stuck_customers": _("Customers whose case took three or more"),
        "said_resolved": _("Customers who said it was resolved"),
    }
    answer = read(asked, list(names))
    figure = answer.total["contacts_per_case"]
    insight = ""
    if figure.value is not None:
        insight = _("A case takes %(contacts)s contacts.") % {"contacts": figure_text(figure)}
    return Sheet(
        panel=Panel(
            key="cases",
            question=_("What does it take until it is solved?"),
            insight=insight,
            table=by_kpi(answer, names, caption=_("Cases"), asked=asked),
            span=12,
            export_url=export_url(asked, PAGE, "cases"),
        ),
        lines=total_lines(answer),
    )


PANELS: dict[str, Builder] = {
    "over_time": over_time_panel,
    "follow_ups": follow_ups_panel,
    "came_back": came_back_panel,
    "reasons": reasons_panel,
    "cases": cases_panel,
}
