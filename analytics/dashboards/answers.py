"""What customers say: satisfaction, effort, recommendation, resolution in their own eyes, and their words."""

from django.utils.translation import gettext as _

from analytics.dashboards.asking import Asked
from analytics.dashboards.sheets import (
    Builder,
    Sheet,
    by_group,
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
from analytics.dashboards.wording import count_cell, figure_text, tile_of
from analytics.kpis.answers import scores_given, words_written
from analytics.kpis.figures import Group
from analytics.kpis.questions import Split
from analytics.kpis.registry import kpi_of
from ccx.kernel.look.figures import MISSING, number, percent
from ccx.kernel.look.parts import Cell, Chart, Column, Panel, Row, Table, Tile
from ccx.kernel.people.choices import Ability

PAGE = "answers"
VIEW = "analytics:answers"
SWITCHES = {"asked": ("csat", "ces", "nps"), "by": ("channel", "queue", "team", "reason")}
KEYS = ("csat", "ces", "nps", "said_resolved", "response_rate")
MOST_GROUPS = 25
_SWITCHES = "analytics/dashboards/_switches.html"


def _titles() -> dict[str, str]:
    return {
        "csat": _("Satisfied"),
        "ces": _("Easy"),
        "nps": _("NPS"),
        "said_resolved": _("Said resolved"),
        "response_rate": _("Answered"),
    }


def _shares() -> dict[str, str]:
    """Those that can share an axis: the net promoter score is no share."""
    return {key: title for key, title in _titles().items() if key != "nps"}


def tiles(asked: Asked) -> list[Tile]:
    """The four questions and how many answer at all."""
    answer = read(asked, KEYS, time_split(asked))
    trends = {key: answer.series(key) if len(answer.groups) > 1 else [] for key in KEYS}
    return [tile_of(answer.total[key], asked, trend=trends[key]) for key in KEYS]


def over_time_panel(asked: Asked) -> Sheet:
    """Satisfaction over time, by months where most days would hold too few answers to show."""
    answered = read(asked, ["csat"], is_compared=False).total["csat"].n
    is_daily = answered >= kpi_of("csat").suppressed_below * asked.period.days
    answer = read(asked, KEYS, time_split(asked) if is_daily else Split.MONTH)
    figure = answer.total["csat"]
    insight = _("Too few answers in this period to say anything.")
    if figure.value is not None:
        insight = _("%(share)s of %(n)s who answered were satisfied.") % {
            "share": figure_text(figure),
            "n": number(figure.n),
        }
    return Sheet(
        panel=Panel(
            key="over_time",
            question=_("How satisfied are they, and how does it move?"),
            insight=insight,
            chart=time_chart(answer, "csat") if len(answer.groups) > 2 else None,
            table=by_time(answer, _shares(), caption=_("What customers answered over time"), asked=asked),
            span=8,
            export_url=export_url(asked, PAGE, "over_time"),
            counted=count_note(answer, "csat"),
            note=_("A day or month with fewer than ten answers shows no figure."),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def distribution_panel(asked: Asked) -> Sheet:
    """How often each score was given: a mean of 3 can be all 3s, or half 1s and half 5s."""
    key = asked.extra.get("asked", "csat")
    answer = read(asked, [key], is_compared=False)
    given = scores_given(key, period=asked.period, filters=asked.filters, user=asked.user)
    options = {"csat": _("Satisfaction"), "ces": _("Ease"), "nps": _("Recommendation")}
    total = sum(given.values()) if given else 0
    rows = []
    if given and total:
        rows = [
            Row(cells=[Cell(text=str(score)), count_cell(count), Cell(text=percent(count / total, 0))], key=str(score))
            for score, count in given.items()
        ]
    insight = ""
    if given is None:
        insight = _("Fewer than ten answered; single answers are not shown as a figure.")
    elif not total:
        insight = _("Nobody answered in this period.")
    return Sheet(
        panel=Panel(
            key="distribution",
            question=_("Which scores do they give?"),
            insight=insight,
            chart=Chart(kind="bar") if rows else None,
            table=Table(
                caption=_("Scores"),
                columns=[
                    Column(label=_("Score")),
                    Column(label=_("Answers"), is_numeric=True),
                    Column(label=_("Share")),
                ],
                rows=rows,
                empty=MISSING,
            ),
            span=4,
            template=_SWITCHES,
            context=switch(asked, VIEW, "asked", _("Asked for"), options),
            export_url=export_url(asked, PAGE, "distribution"),
            counted=count_note(answer, key),
        ),
        lines=total_lines(answer),
    )


def groups_panel(asked: Asked) -> Sheet:
    """Who is served well, and who is not."""
    by = asked.extra.get("by", "channel")
    answer = read_groups(asked, KEYS, Split(by))
    groups = sorted(answer.groups, key=_most_answers)
    groups = [group for group in groups if any(group.figures[key].n for key in KEYS)][:MOST_GROUPS]
    options = {"channel": _("Channel"), "queue": _("Queue"), "team": _("Team"), "reason": _("Reason")}
    return Sheet(
        panel=Panel(
            key="groups",
            question=_("Where are they content, and where not?"),
            insight=_worst_sentence(groups),
            table=by_group(
                groups,
                _titles(),
                caption=_("What customers answered, by group"),
                split=Split(by),
                asked=asked,
            ),
            span=12,
            template=_SWITCHES,
            context=switch(asked, VIEW, "by", _("By"), options),
            export_url=export_url(asked, PAGE, "groups"),
            note=_("Most answers first. Fewer than ten answers show no figure."),
        ),
        lines=group_lines(groups),
    )


def _most_answers(group: Group) -> int:
    return -group.figures["csat"].n


def _worst_sentence(groups: list[Group]) -> str:
    told = [group for group in groups if group.figures["csat"].value is not None]
    if len(told) < 2:
        return ""
    worst = min(told, key=lambda group: group.figures["csat"].value or 0)
    return _("Least satisfied: %(name)s, %(share)s of %(n)s.") % {
        "name": worst.label,
        "share": figure_text(worst.figures["csat"]),
        "n": number(worst.figures["csat"].n),
    }


def words_panel(asked: Asked) -> Sheet:
    """Their own words, the newest first; each leads to its contact."""
    words = words_written(period=asked.period, filters=asked.filters, user=asked.user)
    answer = read(asked, ["csat"], is_compared=False)
    return Sheet(
        panel=Panel(
            key="words",
            question=_("What do they say in their own words?"),
            insight="" if words else _("Nobody wrote anything in this period."),
            template="analytics/dashboards/_words.html" if words else "",
            context={"words": words, "leads_to_contacts": asked.user.can(Ability.SEE_CUSTOMERS)},
            span=12,
        ),
        lines=total_lines(answer),
    )


PANELS: dict[str, Builder] = {
    "over_time": over_time_panel,
    "distribution": distribution_panel,
    "groups": groups_panel,
    "words": words_panel,
}
