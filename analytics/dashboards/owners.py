"""The owner's workspace: what a part of the business causes, ranked, in contacts, customers, work, money and effort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.dashboards.asking import Asked
from analytics.dashboards.overview import unidentified_note
from analytics.dashboards.sheets import (
    Builder,
    Sheet,
    count_note,
    export_url,
    group_lines,
    read,
    time_split,
    total_lines,
)
from analytics.dashboards.wording import cell_of, change_of, count_cell, tile_of, value_text
from analytics.kpis.figures import Figure, FigureSet, State, figure_of
from analytics.kpis.questions import NONE, Period, Split
from analytics.kpis.reading import contacts_of_the_centre
from analytics.kpis.registry import kpi_of
from analytics.kpis.sums import Sums
from analytics.kpis.trends import read_trends
from ccx.kernel.look.figures import MISSING, number, percent
from ccx.kernel.look.parts import Cell, Column, Panel, Row, Table, Tile
from ccx.kernel.people.choices import Ability
from journeys.models import CostRate
from journeys.ownership.choices import PartKind
from journeys.ownership.models import PARTS, Part

PAGE = "owners"
VIEW = "owners:owners"
SORTS = ("contacts", "cost", "handled_time", "repeat_contacts")
SWITCHES = {"by": tuple(PartKind.values), "sort": SORTS}
_COUNTED = ("handled_time", "cost", "repeat_contacts", "repeat_rate", "ces", "csat", "avoidable_share")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One part or reason with its figures, as the ranked list shows it."""

    label: str
    slug: str
    detail: str
    url: str
    figures: dict[str, Figure]
    trend: Sequence[float | None]
    is_unmapped: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)


def kind_of(asked: Asked) -> PartKind:
    """By what the business is cut on the page."""
    return PartKind(asked.extra.get("by", PartKind.DEPARTMENT))


def has_rate(period: Period) -> bool:
    """Whether any rate held within the period; without one every contact would cost nothing."""
    end = datetime.combine(period.last + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))
    return CostRate.objects.filter(valid_from__lt=end).exists()


def share_of_all(asked: Asked, contacts: float) -> float | None:
    """The share of all contacts of the centre; None where a filter would tell more than a person may see."""
    user, filters = asked.user, asked.filters
    if user.sees_everything:
        whole = replace(asked, filters=replace(filters, parts=(), owned=None, reason=None, reasons=frozenset()))
        total = read(whole, ["contacts"], is_compared=False).total["contacts"].n
    elif filters.queue is None and filters.team is None and filters.agent is None:
        total = contacts_of_the_centre(asked.period, channel=filters.channel, user=user)
    else:
        return None
    return contacts / total if total else None


def days_words(period: Period) -> str:
    """How long the period is, for a sentence."""
    return ngettext("%(days)s day", "%(days)s days", period.days) % {"days": number(period.days)}


def sentence(name: str, asked: Asked) -> str:
    """What a part caused, in one sentence."""
    found = read(asked, ["contacts", "customers", "cost", "repeat_rate"], is_compared=False).total
    contacts, customers, repeats = found["contacts"], found["customers"], found["repeat_rate"]
    counted = ngettext("%(n)s contact", "%(n)s contacts", contacts.n) % {"n": number(contacts.n)}
    if customers.value is not None:
        people = ngettext("%(n)s customer", "%(n)s customers", int(customers.value)) % {"n": number(customers.value)}
        counted = _("%(contacts)s of %(customers)s") % {"contacts": counted, "customers": people}
    told = _("%(name)s caused %(contacts)s in %(days)s") % {
        "name": name,
        "contacts": counted,
        "days": days_words(asked.period),
    }
    parts = []
    share = share_of_all(asked, contacts.value or 0)
    if share is not None:
        parts.append(_("%(share)s of all") % {"share": percent(share, 0)})
    if has_rate(asked.period):
        parts.append(value_text(found["cost"].kpi, found["cost"].value))
    if repeats.value is not None:
        parts.append(_("%(share)s of the identified ones repeats") % {"share": percent(repeats.value, 0)})
    return f"{told}: {', '.join(parts)}." if parts else f"{told}."


def tiles(asked: Asked) -> list[Tile]:
    """The whole in five figures: contacts, cost, repeats, solved the first time, effort."""
    keys = ("contacts", "cost", "cost_per_contact", "repeat_rate", "fcr", "ces", "unidentified_share")
    answer = read(asked, keys, time_split(asked))
    found = answer.total
    customers = read(asked, ["customers"], is_compared=False).total["customers"]
    people = "" if customers.value is None else _("of %(n)s customers") % {"n": number(customers.value)}
    each = _("%(amount)s per contact") % {
        "amount": value_text(found["cost_per_contact"].kpi, found["cost_per_contact"].value)
    }
    trends = {key: answer.series(key) if len(answer.groups) > 1 else [] for key in keys}
    cost = tile_of(found["cost"], asked, trend=trends["cost"], note=each)
    if not has_rate(asked.period):
        cost = replace(cost, state="no_data", note=_("No rate holds in this period."), change=None, trend=(), url="")
    return [
        tile_of(found["contacts"], asked, trend=trends["contacts"], note=people),
        cost,
        tile_of(found["repeat_rate"], asked, trend=trends["repeat_rate"], note=unidentified_note(answer)),
        tile_of(found["fcr"], asked, trend=trends["fcr"]),
        tile_of(found["ces"], asked, trend=trends["ces"], name=_("Easy (effort)")),
    ]


def _lines(asked: Asked, split: Split) -> tuple[FigureSet, list[Line]]:
    """Every group of the split with its figures; the whole answer for totals and export."""
    compared = read(asked, ["contacts"], split)
    keys = ["contacts", "customers", *_COUNTED]
    answer = read(asked, keys, split, is_compared=False)
    trends = read_trends(key="contacts", period=asked.period, filters=asked.filters, split_by=split, user=asked.user)
    counted = {group.key: group.figures["contacts"] for group in compared.groups}
    lines = [
        Line(
            label=group.label,
            slug=group.slug,
            detail="",
            url=asked.rows_url("contacts", **_chosen(split, group.slug)),
            chosen=_chosen(split, group.slug),
            figures=group.figures | {"contacts": counted.get(group.key, group.figures["contacts"])},
            trend=trends.get(group.key if isinstance(group.key, int) else 0, []),
            is_unmapped=group.slug == NONE,
        )
        for group in answer.groups
        if group.figures["contacts"].n
    ]
    return replace(answer, total=answer.total | compared.total), lines


def _chosen(split: Split, slug: str) -> dict[str, str]:
    """What an address says of one group; a reason's figures are of that reason alone."""
    return {split.value: slug} | ({"below": "0"} if split is Split.REASON else {})


def parts_panel(asked: Asked) -> Sheet:
    """Departments, journeys or jobs by what they cause; what is on none stands apart, and is never left out."""
    kind = kind_of(asked)
    answer, lines = _lines(asked, Split(kind.value))
    parts = {str(part.public_id): part for part in PARTS[kind].objects.visible_to(asked.user).select_related("owner")}
    known = {line.slug for line in lines}
    lines += [
        Line(label=part.name, slug=slug, detail="", url="", figures=_nothing(), trend=())
        for slug, part in parts.items()
        if slug not in known
    ]
    lines = [_placed(line, parts.get(line.slug), kind, asked) for line in lines]
    names = {PartKind.DEPARTMENT: _("Department"), PartKind.JOURNEY: _("Journey"), PartKind.JOB: _("Job to be done")}
    questions = {
        PartKind.DEPARTMENT: _("Which departments cause contacts?"),
        PartKind.JOURNEY: _("On which journeys do customers need us?"),
        PartKind.JOB: _("What do customers want to get done?"),
    }
    return Sheet(
        panel=Panel(
            key="parts",
            question=questions[kind],
            insight=_most_sentence(lines, answer),
            table=_table(lines, answer, asked, name=names[kind], caption=questions[kind], view=VIEW),
            span=12,
            export_url=export_url(asked, PAGE, "parts"),
            note=_rate_note(asked),
            counted=count_note(answer, "cost"),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def _nothing() -> dict[str, Figure]:
    """The figures of a part without a contact."""
    figures = {key: figure_of(kpi_of(key), Sums()) for key in ("contacts", "customers", *_COUNTED)}
    return figures | {"customers": replace(figures["customers"], value=0)}


def _placed(line: Line, part: Part | None, kind: PartKind, asked: Asked) -> Line:
    """A line of a part with its owner and its own page, as far as the person may open it."""
    if line.is_unmapped:
        is_open = asked.user.sees_everything
        url = asked.url(reverse("owners:unmapped", args=[kind.value])) if is_open else line.url
        names = {
            PartKind.DEPARTMENT: _("On no department yet"),
            PartKind.JOURNEY: _("On no journey yet"),
            PartKind.JOB: _("No job named yet"),
        }
        return replace(line, label=names[kind], url=url, detail=_("Open to map its reasons") if is_open else "")
    if part is None:
        return line
    url = asked.url(reverse("owners:part", args=[part.public_id]), by="")
    return replace(line, url=url, detail=part.owner.name if part.owner else _("No owner yet"))


def _most_sentence(lines: Sequence[Line], answer: FigureSet) -> str:
    placed = [line for line in lines if not line.is_unmapped and line.figures["contacts"].n]
    total = answer.total["contacts"].value or 0
    if not placed or not total:
        return (
            _("Nothing is mapped yet: say which touchpoint makes customers contact us for a reason.") if total else ""
        )
    most = max(placed, key=lambda line: line.figures["contacts"].n)
    told = _("%(name)s causes most: %(n)s contacts, %(share)s of these.") % {
        "name": most.label,
        "n": number(most.figures["contacts"].n),
        "share": percent(most.figures["contacts"].n / total, 0),
    }
    unmapped = sum(line.figures["contacts"].n for line in lines if line.is_unmapped)
    if not unmapped:
        return told
    left = _("%(n)s (%(share)s) belong to none yet.") % {"n": number(unmapped), "share": percent(unmapped / total, 0)}
    return f"{told} {left}"


def reasons_panel(asked: Asked) -> Sheet:
    """The reasons of a part by what they cause; each leads to its contacts."""
    answer, lines = _lines(asked, Split.REASON)
    return Sheet(
        panel=Panel(
            key="reasons",
            question=_("Why do customers have to contact us?"),
            insight=_worst_sentence(lines),
            table=_table(
                lines, answer, asked, name=_("Reason"), caption=_("Reasons by contacts"), view=own_address(asked)
            ),
            span=12,
            export_url=export_url(asked, PAGE, "reasons"),
            note=_rate_note(asked),
            counted=count_note(answer, "repeat_rate"),
        ),
        lines=group_lines(answer.groups) + total_lines(answer),
    )


def own_address(asked: Asked) -> str:
    """The page of the part that is asked about."""
    for kind in PartKind:
        public_id = {**asked.given, **asked.fixed}.get(kind.value)
        if public_id:
            named = ("owners:unmapped", kind.value) if public_id == NONE else ("owners:part", public_id)
            return reverse(named[0], args=[named[1]])
    return VIEW


def _worst_sentence(lines: Sequence[Line]) -> str:
    worst = max(lines, key=lambda line: line.figures["repeat_contacts"].n, default=None)
    if worst is None or not worst.figures["repeat_contacts"].n:
        return ""
    return _("“%(reason)s” brings most people back: %(n)s repeats.") % {
        "reason": worst.label,
        "n": number(worst.figures["repeat_contacts"].n),
    }


def _rate_note(asked: Asked) -> str:
    if has_rate(asked.period):
        return ""
    if asked.user.can(Ability.CONFIGURE):
        return _("No rate holds in this period: set one under Map, Costs.")
    return _("No rate holds in this period: an administrator can set one.")


def _table(lines: Sequence[Line], answer: FigureSet, asked: Asked, *, name: str, caption: str, view: str) -> Table:
    sort = asked.extra.get("sort", SORTS[0])
    ranked = sorted(lines, key=lambda line: (line.is_unmapped, -line.figures[sort].n, line.label.casefold()))
    titles = {
        "contacts": _("Contacts"),
        "cost": _("Cost"),
        "handled_time": _("Handled"),
        "repeat_contacts": _("Repeats"),
    }

    def column(key: str) -> Column:
        return Column(
            label=titles[key],
            is_numeric=True,
            sort_url=asked.url(view, sort=key if key != SORTS[0] else ""),
            sorted="descending" if key == sort else "",
        )

    columns = [
        Column(label=name, is_wide=True),
        column("contacts"),
        Column(label=_("Share"), is_numeric=True),
        Column(label=_("Against before") if answer.comparison or asked.is_compared else _("Trend")),
        Column(label=_("Customers"), is_numeric=True),
        column("handled_time"),
        column("cost"),
        column("repeat_contacts"),
        Column(label=_("Easy"), is_numeric=True),
        Column(label=_("Satisfied"), is_numeric=True),
        Column(label=_("Avoidable"), is_numeric=True),
    ]
    total = answer.total["contacts"].n
    most = max((line.figures["contacts"].n for line in ranked), default=0)
    is_rated = has_rate(asked.period)
    rows = [_row(line, asked, total=total, most=most, is_rated=is_rated) for line in ranked]
    if len(rows) > 1:
        whole = Line(label=_("All together"), slug="", detail="", url="", figures=answer.total, trend=())
        rows.append(replace(_row(whole, asked, total=total, most=0, is_rated=is_rated), is_total=True, key=""))
    return Table(caption=caption, columns=columns, rows=rows, empty=_("No contacts in this period."))


def _row(line: Line, asked: Asked, *, total: int, most: int, is_rated: bool) -> Row:
    found = line.figures
    contacts = found["contacts"].n
    repeats = found["repeat_rate"]
    known = found["avoidable_share"]

    def rows(key: str) -> str:
        return asked.rows_url(key, **line.chosen)

    return Row(
        key=line.slug,
        url=line.url,
        cells=[
            Cell(text=line.label, detail=line.detail, tone="neutral" if line.is_unmapped else ""),
            count_cell(contacts, rows("contacts")),
            Cell(
                text=percent(contacts / total, 0) if total else MISSING,
                is_numeric=True,
                bar=contacts / most if most else None,
            ),
            Cell(text="", change=change_of(found["contacts"]), trend=line.trend if any(line.trend) else ()),
            cell_of(found["customers"], rows("customers")),
            replace(cell_of(found["handled_time"], rows("handled_time")), text=work_text(found["handled_time"].value)),
            cell_of(found["cost"], rows("cost"))
            if is_rated
            else Cell(text=_("No rate"), tone="neutral", is_numeric=True),
            Cell(
                text=number(found["repeat_contacts"].n),
                detail=percent(repeats.value, 0) if repeats.value is not None else "",
                url=rows("repeat_contacts") if found["repeat_contacts"].n else "",
                is_numeric=True,
            ),
            _answers_cell(found["ces"], rows("ces")),
            _answers_cell(found["csat"], rows("csat")),
            replace(cell_of(known, rows("avoidable_share")), detail=f"n = {number(known.n)}" if known.n else ""),
        ],
    )


def work_text(seconds: float | None) -> str:
    """Work in hours, for a day of work has no 24 of them; little of it in minutes."""
    if seconds is None:
        return MISSING
    if seconds < 3600:
        return _("%(n)s min") % {"n": number(seconds / 60)}
    return _("%(n)s h") % {"n": number(seconds / 3600, 1 if seconds < 36_000 else 0)}


def _answers_cell(figure: Figure, url: str) -> Cell:
    if figure.state is State.SUPPRESSED:
        return Cell(text=_("Too few"), detail=f"n = {number(figure.n)}", tone="neutral", is_numeric=True)
    return cell_of(figure, url)


PANELS: dict[str, Builder] = {"parts": parts_panel, "reasons": reasons_panel}
