"""Pages of figures. Everything a page shows is in its address; who may not see figures finds no page."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from analytics.dashboards import answers, definitions, operations, overview, owners, resolution
from analytics.dashboards.asking import Asked, ask, compared_words, period_words
from analytics.dashboards.contact_rows import CSV_HEAD, csv_rows, rows_table
from analytics.dashboards.csv_files import FIGURES_HEAD, csv_answer, figure_rows
from analytics.dashboards.filter_bars import chosen_words, filter_bar
from analytics.dashboards.live_levels import levels_today
from analytics.dashboards.sheets import Builder
from analytics.dashboards.wording import counted_text, value_text
from analytics.facts.models import Fact
from analytics.kpis.definition import Unit
from analytics.kpis.errors import FiguresAreHiddenError, UnknownFilterError, UnknownKpiError
from analytics.kpis.registry import kpi_of
from analytics.kpis.rows import MOST_EXPORTED, At, Part, RowsOf, rows_of
from ccx.kernel.audit.services import record_read
from ccx.kernel.look.figures import number
from ccx.kernel.look.parts import Empty, Link, Table, Tile
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability

View = Callable[..., HttpResponseBase]
PANELS: dict[str, dict[str, Builder]] = {
    overview.PAGE: overview.PANELS,
    operations.PAGE: operations.PANELS,
    resolution.PAGE: resolution.PANELS,
    answers.PAGE: answers.PANELS,
    owners.PAGE: owners.PANELS,
}
SWITCHES: dict[str, Mapping[str, tuple[str, ...]]] = {
    operations.PAGE: operations.SWITCHES,
    resolution.PAGE: resolution.SWITCHES,
    answers.PAGE: answers.SWITCHES,
    owners.PAGE: owners.SWITCHES,
}


def for_viewers(view: View) -> View:
    """Signed in, may see dashboards, and asks for what exists; everyone else finds no page."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: str) -> HttpResponseBase:
        if not viewer(request).can(Ability.SEE_DASHBOARDS):
            raise Http404
        try:
            return view(request, **named)
        except (UnknownFilterError, UnknownKpiError, FiguresAreHiddenError) as error:
            raise Http404(str(error)) from None

    answer: View = require_GET(login_required(guarded))
    return answer


def viewer(request: HttpRequest) -> User:
    """Who is looking; signed in, as the decorator has made sure."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


@for_viewers
def show_overview(request: HttpRequest) -> HttpResponse:
    """The vital few."""
    asked = ask(request, viewer(request))
    return _page(request, asked, overview.PAGE, title=_("How is it going?"), tiles=overview.tiles)


@for_viewers
def show_live(request: HttpRequest) -> HttpResponse:
    """The service level of today, for the page that shows the floor: only what goes to its places."""
    levels = levels_today(ask(request, viewer(request)))
    return render(request, "analytics/dashboards/_live.html", {"levels": levels})


@for_viewers
def show_operations(request: HttpRequest) -> HttpResponse:
    """Volume, waiting, giving up, service level, work."""
    asked = ask(request, viewer(request), switches=operations.SWITCHES)
    return _page(request, asked, operations.PAGE, title=_("Operations"))


@for_viewers
def show_resolution(request: HttpRequest) -> HttpResponse:
    """Solved the first time, and who comes back."""
    asked = ask(request, viewer(request), switches=resolution.SWITCHES)
    return _page(request, asked, resolution.PAGE, title=_("Resolution and repeats"), tiles=resolution.tiles)


@for_viewers
def show_answers(request: HttpRequest) -> HttpResponse:
    """What customers answered, and their words."""
    asked = ask(request, viewer(request), switches=answers.SWITCHES)
    # The page quotes customers.
    record_read(request=request, action="read", object_kind="analytics.answers", object_id=None)
    return _page(request, asked, answers.PAGE, title=_("What customers say"), tiles=answers.tiles)


def _page(
    request: HttpRequest, asked: Asked, page: str, *, title: str, tiles: Callable[[Asked], list[Tile]] | None = None
) -> HttpResponse:
    view = VIEWS[page]
    context: dict[str, Any] = _frame(asked, view, title)
    if _is_empty(asked):
        context["empty"] = _empty(asked, view)
    else:
        context["tiles"] = tiles(asked) if tiles else []
        context["panels"] = [build(asked).panel for build in PANELS[page].values()]
    return render(request, "analytics/dashboards/page.html", context)


VIEWS = {
    overview.PAGE: overview.VIEW,
    operations.PAGE: operations.VIEW,
    resolution.PAGE: resolution.VIEW,
    answers.PAGE: answers.VIEW,
}


def _frame(asked: Asked, view: str, title: str) -> dict[str, Any]:
    """What every page of figures has: its name, its neighbours, its filters."""
    names = {
        "analytics:dashboards": _("Overview"),
        "analytics:operations": _("Operations"),
        "analytics:resolution": _("Resolution"),
        "analytics:answers": _("What customers say"),
    }
    links = [Link(label=name, url=asked.url(other), is_current=other == view) for other, name in names.items()]
    links.append(Link(label=_("Definitions"), url=reverse("analytics:definitions")))
    return {
        "title": title,
        "subtitle": compared_words(asked),
        "tabs": links,
        "bar": filter_bar(asked, view),
        "problem": asked.problem,
        "tiles": [],
        "panels": [],
        "empty": None,
    }


def _visible_facts(asked: Asked) -> Any:
    return Fact.objects.visible_to(asked.user)


def _is_empty(asked: Asked) -> bool:
    days = (asked.period.first, asked.period.last)
    rows = _visible_facts(asked)
    return not (rows.filter(day__range=days).exists() or rows.filter(end_day__range=days, fcr_n__gt=0).exists())


def _empty(asked: Asked, view: str) -> Empty:
    """One sentence, and the way to the newest month that has contacts."""
    newest = _visible_facts(asked).order_by("-day").values_list("day", flat=True).first()
    sentence = _("No contacts in %(period)s.") % {"period": period_words(asked.period)}
    if newest is None:
        return Empty(sentence=_("There are no contacts that you may see yet."), icon="dashboards")
    month = f"{newest:%Y-%m}"
    url = asked.url(view, **{"period": "", "from": month, "to": month})
    name = formats.date_format(newest, "F Y")
    return Empty(
        sentence=sentence,
        icon="calendar",
        action=Link(label=_("Show the newest month with contacts, %(month)s") % {"month": name}, url=url),
    )


@for_viewers
def export_panel(request: HttpRequest, page: str, panel: str) -> HttpResponseBase:
    """The figures of one panel as CSV, with their exact parts."""
    user = viewer(request)
    build = PANELS.get(page, {}).get(panel)
    if build is None or not user.can(Ability.EXPORT):
        raise Http404
    asked = ask(request, user, switches=SWITCHES.get(page))
    sheet = build(asked)
    record_read(request=request, action="exported", object_kind="analytics.panel", object_id=None)
    name = f"{page}-{panel}-{asked.period.first}-{asked.period.last}"
    return csv_answer(name, FIGURES_HEAD, figure_rows(sheet.lines, asked))


@for_viewers
def show_definitions(request: HttpRequest) -> HttpResponse:
    """Every figure, as it is counted."""
    asked = ask(request, viewer(request))
    context = _frame(asked, "analytics:definitions", _("How everything is counted"))
    context |= {"subtitle": "", "chapters": definitions.chapters()}
    context["tabs"] = [*context["tabs"][:-1], Link(label=_("Definitions"), url=request.path, is_current=True)]
    return render(request, "analytics/dashboards/definitions.html", context)


@for_viewers
def show_rows(request: HttpRequest) -> HttpResponseBase:
    """Exactly the contacts behind a figure, newest first; with `format=csv` all of them as a file."""
    asked = ask(request, viewer(request))
    behind = _behind(request, asked)
    if request.GET.get("format") == "csv":
        return _export_rows(request, asked, behind)
    facts, following = behind.page(request.GET.get("cursor", ""))
    count, total = behind.totals()
    table = rows_table(behind, facts, user=asked.user, caption=_("Contacts behind the figure"))
    return render(
        request,
        "analytics/dashboards/rows.html",
        {
            "kpi": behind.kpi,
            "table": _paged(table, request, following, shown=len(facts), count=count),
            "title": str(behind.kpi.title),
            "subtitle": _rows_sentence(behind, asked, count=count, total=total),
            "counted": counted_text(behind.kpi),
            "parts": _parts(request, behind),
            "export_url": _with(request, format="csv", cursor="") if asked.user.can(Ability.EXPORT) else "",
            "back": Link(label=_("Overview"), url=asked.url("analytics:dashboards", below="")),
            "chosen": chosen_words(asked, At.told(request.GET.get("hour", ""), request.GET.get("weekday", ""))),
        },
    )


def _behind(request: HttpRequest, asked: Asked) -> RowsOf:
    try:
        part = Part(request.GET.get("part", "numerator"))
    except ValueError:
        raise Http404 from None
    kpi = kpi_of(request.GET.get("kpi", "contacts"))
    at = At.told(request.GET.get("hour", ""), request.GET.get("weekday", ""))
    return rows_of(kpi=kpi, part=part, period=asked.period, filters=asked.filters, user=asked.user, at=at)


def _rows_sentence(behind: RowsOf, asked: Asked, *, count: int, total: int) -> str:
    words = {"n": number(count), "period": period_words(asked.period)}
    if behind.adds_amounts and behind.kpi.unit in {Unit.SECONDS, Unit.CENTS}:
        return _adding_up(count) % (words | {"total": value_text(behind.kpi, total)})
    if total != count:
        return _adding_up(count) % (words | {"total": number(total)})
    return ngettext("%(n)s contact in %(period)s.", "%(n)s contacts in %(period)s.", count) % words


def _adding_up(count: int) -> str:
    return ngettext(
        "%(n)s contact in %(period)s that adds up to %(total)s.",
        "%(n)s contacts in %(period)s that add up to %(total)s.",
        count,
    )


def _parts(request: HttpRequest, behind: RowsOf) -> list[Link]:
    if behind.kpi.denominator is None:
        return []
    names = {Part.NUMERATOR: _("Counted"), Part.DENOMINATOR: _("Out of")}
    return [
        Link(label=name, url=_with(request, part=part.value, cursor=""), is_current=part is behind.part)
        for part, name in names.items()
    ]


def _with(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}"


def _paged(table: Table, request: HttpRequest, following: str, *, shown: int, count: int) -> Table:
    """With the way on, and back to the newest."""
    return Table(
        caption=table.caption,
        columns=table.columns,
        rows=table.rows,
        empty=table.empty,
        previous_url=_with(request, cursor="") if request.GET.get("cursor") else "",
        next_url=_with(request, cursor=following) if following else "",
        shown=_("%(shown)s of %(count)s") % {"shown": number(shown), "count": number(count)},
    )


def _export_rows(request: HttpRequest, asked: Asked, behind: RowsOf) -> HttpResponseBase:
    if not asked.user.can(Ability.EXPORT):
        raise Http404
    count, _total = behind.totals()
    if count > MOST_EXPORTED:
        text = _("More than %(most)s contacts; narrow the period or the filters.") % {"most": number(MOST_EXPORTED)}
        return HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
    record_read(request=request, action="exported", object_kind="analytics.rows", object_id=None)
    name = f"{behind.kpi.key}-{behind.part.value}-{asked.period.first}-{asked.period.last}"
    return csv_answer(name, CSV_HEAD, csv_rows(behind.every(), user=asked.user))
