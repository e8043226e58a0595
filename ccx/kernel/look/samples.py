"""Made-up figures for the style page: every component in every state, with none, one and many rows."""

import math
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ccx.kernel.look.figures import change, duration, money, number, percent
from ccx.kernel.look.parts import (
    Cell,
    Chart,
    Column,
    Confirm,
    Empty,
    Fact,
    Failure,
    FilterBar,
    HeatCell,
    Heatmap,
    Link,
    Option,
    Panel,
    Row,
    Select,
    Table,
    Tile,
    TimelineItem,
    heat_levels,
)

LONG = (
    "Delivery promised for a day on which the carrier does not come to the customer's street "
    "(Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft)"
)
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class SampleForm(forms.Form):
    """One of each control."""

    name = forms.CharField(label="Name", help_text="As the customer writes it.")
    email = forms.EmailField(label="E-mail")
    queue = forms.ChoiceField(label="Queue", choices=[("a", "Billing"), ("b", LONG)])
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    solved = forms.ChoiceField(label="Was it solved?", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect)
    warn = forms.BooleanField(label="Tell me when the customer writes again", required=False)


def tiles() -> list[Tile]:
    """The vital few, then each state that is not "ready"."""
    against = "against the 7 days before"
    return [
        Tile(
            key="fcr",
            name="Solved at the first contact",
            value=percent(0.734),
            change=change(0.734, 0.712, better="up", measure="share"),
            against=against,
            trend=[0.69, 0.7, 0.71, None, 0.72, 0.74, 0.73],
            n=1284,
            interval="71.0 to 75.7%",
            counted="Contacts whose customer did not come back about the same reason within 7 days, of all "
            "finished contacts with a known customer.",
            url="#rows",
        ),
        Tile(
            key="aht",
            name="Handling time",
            value=duration(392),
            change=change(392, 371, better="down", measure="duration"),
            against=against,
            trend=[371, 365, 380, 392, 388, 401, 392],
            counted="Talk, hold and wrap-up of finished contacts, on average.",
            url="#rows",
        ),
        Tile(
            key="csat",
            name="Satisfied customers",
            value=percent(0.88, 0),
            state="immature",
            change=change(0.88, 0.88, better="up", measure="share"),
            against=against,
            trend=[0.9, 0.86, 0.88],
            n=23,
            interval="70 to 96%",
            url="#rows",
        ),
        Tile(
            key="waiting",
            name="Waiting now",
            value=number(12483),
            unit="contacts",
            state="approximate",
            change=change(12483, 9, better="down"),
            against=against,
            trend=[1, 1, 2, 3, 9, 9000, 12483],
            url="#rows",
        ),
        Tile(key="none", name="Abandoned", state="no_data", note="Nothing was offered in this period."),
        Tile(
            key="few",
            name="Customer effort",
            state="suppressed",
            n=3,
            note="Shown from 5 answers on.",
            counted="Answers to the question how easy it was, 1 to 7.",
        ),
        Tile(key="long", name=LONG, value=money(-1234567), url="#rows", counted=LONG),
    ]


def reasons(count: int = 8, **more: Any) -> Table:
    """Ranked reasons, the first with a name that is too long for any column."""
    names = [LONG, "Where is my order?", "Bill is higher than announced", "Password", "Return label missing"]
    rows = []
    for index in range(count):
        contacts = round(900 / (index + 1))
        share = 0.42 / (index + 1)
        rows.append(
            Row(
                url="#rows",
                cells=[
                    Cell(text=names[index % len(names)], detail="Logistics" if index == 0 else ""),
                    Cell(text=number(contacts), value=contacts),
                    Cell(text=percent(share), value=share, tone="bad" if share > 0.3 else ""),
                    Cell(text="Ada Lovelace" if index % 3 else "Nobody", icon="people"),
                ],
            )
        )
    columns = [
        Column(label="Reason", is_wide=True),
        Column(label="Contacts", is_numeric=True, sort_url="#sort", sorted="descending"),
        Column(label="Came back", is_numeric=True, sort_url="#sort"),
        Column(label="Owner"),
    ]
    return Table(caption="Reasons of the last 7 days", columns=columns, rows=rows, **more)


def _series(names: list[str], length: int = 14, *, gap: int = -1) -> Table:
    rows = []
    for day in range(length):
        cells = [Cell(text=f"{day + 3} Nov")]
        for index, _name in enumerate(names):
            value = round(180 - 28 * index + 40 * math.sin(day / 2 + index) + 4 * day)
            cells.append(Cell(text="no data") if day == gap else Cell(text=number(value), value=value))
        rows.append(Row(cells=cells))
    columns = [Column(label="Day"), *(Column(label=name, is_numeric=True) for name in names)]
    return Table(caption="Contacts a day", columns=columns, rows=rows)


def _heatmap() -> Heatmap:
    values = [
        None if day == 6 and hour < 8 else max(0.0, 60 * math.sin((hour - 6) / 15 * math.pi) - 9 * day)
        for day in range(7)
        for hour in range(24)
    ]
    levels = heat_levels(values)
    rows = []
    for day, name in enumerate(DAYS):
        cells = []
        for hour in range(24):
            value = values[day * 24 + hour]
            words = "no data" if value is None else f"{number(value)} contacts"
            cells.append(HeatCell(text=f"{hour:02d}:00, {words}", level=levels[day * 24 + hour]))
        rows.append((name, cells))
    return Heatmap(
        caption="Contacts by weekday and hour",
        columns=[f"{hour:02d}" for hour in range(24)],
        rows=rows,
        low="0",
        high="60 an hour",
    )


def panels() -> list[Panel]:
    """Each way of drawing, and the panel without anything to draw."""
    ranked = reasons(6)
    short = Table(
        caption=ranked.caption,
        columns=ranked.columns[:2],
        rows=[Row(cells=row.cells[:2], url=row.url) for row in ranked.rows],
    )
    return [
        Panel(
            key="reasons",
            question="Which reasons bring people back?",
            insight="Four of ten who ask about a delivery date write again within a week.",
            chart=Chart(kind="ranked"),
            table=short,
            export_url="#export",
            rows_url="#rows",
            note="Attested customers only, 91% of contacts.",
        ),
        Panel(
            key="channels",
            question="How do people reach us?",
            insight="Chat has overtaken e-mail since Tuesday; a day is missing because the import failed.",
            chart=Chart(kind="line"),
            table=_series(["E-mail", "Chat", "Voice"], gap=6),
            export_url="#export",
        ),
        Panel(
            key="hours",
            question="When do people need us?",
            insight="Mondays before noon take a fifth of the week.",
            heatmap=_heatmap(),
            span=12,
        ),
        Panel(
            key="states",
            question="How did contacts end?",
            chart=Chart(kind="stacked"),
            table=_series(["Solved", "Handed on", "Abandoned"], 10),
            span=4,
        ),
        Panel(
            key="load",
            question="Is the line growing?",
            chart=Chart(kind="live"),
            table=_series(["Waiting"], 60),
            span=4,
        ),
        Panel(
            key="volume",
            question="How many contacts a day?",
            chart=Chart(kind="bar"),
            table=_series(["Contacts"], 14),
            span=4,
        ),
        Panel(
            key="nothing", question="What do people say afterwards?", chart=Chart(kind="line"), table=reasons(0), span=4
        ),
        Panel(key="table", question=LONG, insight=LONG, table=reasons(9), span=8, export_url="#export"),
    ]


def filter_bar() -> FilterBar:
    """All kinds of choices, with one that is too long."""
    presets = ["Today", "Yesterday", "7 days", "30 days", "Quarter"]
    return FilterBar(
        action="",
        presets=[Link(label=label, url="?", is_current=label == "7 days") for label in presets],
        period_label="15 to 21 Nov",
        first_day="2026-11-15",
        last_day="2026-11-21",
        comparison=Select(
            name="against",
            label="Compared with",
            options=[
                Option(label="Against the 7 days before", value=""),
                Option(label="Against last year", value="year"),
            ],
        ),
        selects=[
            Select(
                name="channel",
                label="Channel",
                options=[
                    Option(label="All channels", value=""),
                    Option(label="E-mail", value="email", is_selected=True),
                ],
            ),
            Select(
                name="queue",
                label="Queue",
                options=[Option(label="All queues", value=""), Option(label=LONG, value="x")],
            ),
        ],
        reset_url="?",
    )


def timeline() -> list[TimelineItem]:
    """What happened to one customer."""
    now = timezone.now()
    return [
        TimelineItem(
            title="Called about the delivery date",
            at=now - timedelta(minutes=4),
            icon="voice",
            by="Ada Lovelace",
            url="#row",
        ),
        TimelineItem(
            title="Promise kept",
            at=now - timedelta(days=1),
            icon="good",
            tone="good",
            detail="Parcel arrived a day early.",
        ),
        TimelineItem(title="Survey: 2 of 5", at=now - timedelta(days=3), icon="feedback", tone="bad", detail=LONG),
        TimelineItem(title="First contact", at=now - timedelta(days=400), icon="email", tone="info"),
    ]


def everything() -> dict[str, Any]:
    """What templates/kernel/styleguide.html shows."""
    broken = SampleForm({"name": "", "email": "nobody", "queue": "z", "solved": ""}, prefix="broken")
    facts = [
        Fact(name="Customer since", value="3 Nov 2019"),
        Fact(name="E-mail", value="ada@example.org", icon="email", url="#row", note="Proven on 12 Nov"),
        Fact(name="Address", value=LONG),
    ]
    return {
        "actions": [
            Link(label="Export", url="#export", icon="download"),
            Link(label="New improvement", url="#new", icon="add", is_primary=True),
        ],
        "back": Link(label="Dashboards", url="#back"),
        "bar": filter_bar(),
        "tiles": tiles(),
        "panels": panels(),
        "many": reasons(40, next_url="#next", previous_url="#previous", shown="Rows 41 to 80"),
        "none": reasons(0, empty="No contact had a reason in this period."),
        "one": reasons(1),
        "form": SampleForm(),
        "broken_form": broken,
        "facts": facts,
        "timeline": timeline(),
        "tabs": [
            Link(label="Overview", url="#tab", is_current=True),
            Link(label="Contacts", url="#tab", count=12483),
            Link(label="Promises", url="#tab", icon="flag", count=0),
        ],
        "empty": Empty(
            sentence="Nobody is waiting. New contacts appear here by themselves.",
            icon="work",
            action=Link(label="Search earlier contacts", url="#search", icon="search"),
        ),
        "failure": Failure(
            what="The figures of today could not be read.",
            safe="Contacts are being handled as usual; nothing is lost.",
            next_step="Try again in a minute. If it goes on, tell your administrator this number.",
            reference="3f0c1a7e-52a0-7c1e-9d51-c0ffee000042",
            retry_url="?",
        ),
        "confirm": Confirm(
            key="merge",
            question="Merge these two customers?",
            consequence="All contacts of Ada L. go to Ada Lovelace. It can be taken back for 30 days.",
            action="#merge",
            verb="Merge customers",
        ),
        "statuses": [
            ("Solved", "good"),
            ("Due in 4 m", "warning"),
            ("Failed to send", "bad"),
            ("In review", "info"),
            ("Closed", "neutral"),
            (LONG, "warning"),
        ],
        "moments": [timezone.now(), timezone.now() - timedelta(days=30), timezone.now() - timedelta(days=500)],
    }
