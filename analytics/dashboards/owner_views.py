"""The owner's workspace: for owners what is theirs, for those who see everything all of it; others find no page."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.dashboards import owners
from analytics.dashboards.asking import Asked, ask, compared_words, period_words
from analytics.dashboards.filter_bars import filter_bar
from analytics.dashboards.owner_words import words_of
from analytics.dashboards.sheets import Switches, read
from analytics.dashboards.views import for_viewers, viewer
from analytics.kpis.parts import reasons_of
from analytics.kpis.questions import NONE, Split
from ccx.kernel.audit.services import record_read
from ccx.kernel.look.parts import Empty, Link, Panel
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from journeys.ownership.choices import PartKind
from journeys.ownership.models import PARTS, Part

MOST_SHOWN = 200


def _owner_or_all(request: HttpRequest) -> User:
    user = viewer(request)
    if not (user.can(Ability.OWN_EXPERIENCE) or user.sees_everything):
        raise Http404
    return user


@for_viewers
def show_owners(request: HttpRequest) -> HttpResponse:
    """Every part that the person may see, ranked by what it causes."""
    user = _owner_or_all(request)
    asked = ask(request, user, switches=owners.SWITCHES)
    kind = owners.kind_of(asked)
    context = _frame(asked, owners.VIEW, title=_("Where do contacts come from?"))
    context["switches"] = _by(asked, kind)
    has_contacts = bool(read(asked, ["contacts"], is_compared=False).total["contacts"].n)
    has_parts = PARTS[kind].objects.visible_to(user).exists()
    if not has_contacts and not has_parts:
        context["empty"] = _nothing_yet(user, kind, asked)
    else:
        context["tiles"] = owners.tiles(asked)
        panel = owners.parts_panel(asked).panel
        context["sentence"] = panel.insight
        context["panels"] = [replace(panel, insight="")]
    return render(request, "analytics/dashboards/owners.html", context)


@for_viewers
def show_part(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One department, journey or job: its reasons, what they cost, and what customers say."""
    user = _owner_or_all(request)
    kind, part = _part(user, public_id)
    asked = ask(request, user, switches=owners.SWITCHES, fixed={kind.value: str(public_id)})
    context = _frame(asked, reverse("owners:part", args=[public_id]), title=part.name)
    owner = part.owner.name if part.owner else _("No owner yet")
    context["subtitle"] = f"{kind.label} · {owner} · {context['subtitle']}"
    context["back"] = Link(label=_("Owners"), url=asked.url(owners.VIEW, by=kind.value, sort=""))
    if not reasons_of(kind, part.pk):
        context["empty"] = _nothing_mapped(user, part)
        return render(request, "analytics/dashboards/owners.html", context)
    _fill(request, asked, context, name=part.name, of=(kind.value, part.pk))
    return render(request, "analytics/dashboards/owners.html", context)


@for_viewers
def show_unmapped(request: HttpRequest, kind: str) -> HttpResponse:
    """The reasons that belong to none yet, and the way to map them."""
    user = _owner_or_all(request)
    if not user.sees_everything or kind not in PartKind.values:
        raise Http404
    asked = ask(request, user, switches=owners.SWITCHES, fixed={kind: NONE})
    context = _frame(asked, reverse("owners:unmapped", args=[kind]), title=_("What belongs to nobody yet"))
    context["back"] = Link(label=_("Owners"), url=asked.url(owners.VIEW, by=kind, sort=""))
    if user.can(Ability.CONFIGURE):
        url = f"{reverse('map:reasons')}?show=unmapped"
        context["actions"] = [Link(label=_("Map these reasons"), url=url, icon="journeys", is_primary=True)]
    _fill(request, asked, context, name="", of=(kind, None))
    return render(request, "analytics/dashboards/owners.html", context)


@for_viewers
def show_reason_counts(request: HttpRequest) -> HttpResponse:
    """Contacts of 30 days by reason, put into the places that another page keeps for them; else the whole story."""
    user = _owner_or_all(request)
    if request.headers.get("HX-Request") != "true":
        return redirect("owners:owners")
    asked = ask(request, user)
    answer = read(asked, ["contacts"], Split.REASON, is_compared=False)
    counted = {group.slug: group.figures["contacts"].n for group in answer.groups}
    shown = request.GET.get("shown", "").split(",")[:MOST_SHOWN]
    rows = [
        {"slug": slug, "contacts": counted.get(slug, 0), "url": asked.rows_url("contacts", reason=slug)}
        for slug in shown
        if slug
    ]
    return render(request, "analytics/dashboards/_reason_counts.html", {"rows": rows})


def _fill(
    request: HttpRequest, asked: Asked, context: dict[str, Any], *, name: str, of: tuple[str, int | None]
) -> None:
    """Sentence, tiles, reasons and words; or that there were no contacts."""
    answer = read(asked, ["contacts"], Split.REASON, is_compared=False)
    if not answer.total["contacts"].n:
        sentence = _("No contacts in %(period)s.") % {"period": period_words(asked.period)}
        context["empty"] = Empty(sentence=sentence, icon="calendar")
        return
    context["sentence"] = owners.sentence(name, asked) if name else ""
    context["tiles"] = owners.tiles(asked)
    ranked = sorted(answer.groups, key=lambda group: -group.figures["contacts"].n)
    names = {group.key: group for group in ranked if isinstance(group.key, int)}
    words = words_of(names, asked.period, user=asked.user)
    panels = [owners.reasons_panel(asked).panel]
    if words:
        said = [
            {
                "reason": names[reason].label,
                "url": asked.rows_url("contacts", reason=names[reason].slug),
                "words": lines,
            }
            for reason, lines in words.items()
        ]
        panels.append(
            Panel(
                key="words",
                question=_("What do customers say?"),
                template="analytics/dashboards/_owner_words.html",
                context=said,
                span=12,
                note=_("The newest comments and first words of the reasons with most contacts."),
            )
        )
        record_read(request=request, action="read", object_kind=of[0], object_id=of[1])
    context["panels"] = panels


def _part(user: User, public_id: UUID) -> tuple[PartKind, Part]:
    for kind, model in PARTS.items():
        found = model.objects.visible_to(user).select_related("owner").filter(public_id=public_id).first()
        if found is not None:
            return kind, found
    raise Http404


def _frame(asked: Asked, view: str, *, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "subtitle": compared_words(asked),
        "bar": filter_bar(asked, view),
        "problem": asked.problem,
        "sentence": "",
        "switches": None,
        "actions": [],
        "back": None,
        "tiles": [],
        "panels": [],
        "empty": None,
    }


def _by(asked: Asked, kind: PartKind) -> Switches:
    names = {PartKind.DEPARTMENT: _("Departments"), PartKind.JOURNEY: _("Journeys"), PartKind.JOB: _("Jobs")}
    return Switches(
        label=_("By"),
        links=[
            Link(label=name, url=asked.url(owners.VIEW, by=one.value), is_current=one is kind)
            for one, name in names.items()
        ],
    )


def _nothing_yet(user: User, kind: PartKind, asked: Asked) -> Empty:
    if user.can(Ability.CONFIGURE):
        return Empty(
            sentence=_("There is nothing on the map yet: no contacts in this period, and no departments."),
            icon="journeys",
            action=Link(label=_("Draw the map"), url=reverse("map:parts", args=[kind.value])),
        )
    return Empty(
        sentence=_("Nothing of this kind is yours yet. An administrator can make you the owner of a part."),
        icon="department",
    )


def _nothing_mapped(user: User, part: Part) -> Empty:
    sentence = _("No reason is on %(name)s yet, so nothing is counted for it.") % {"name": part.name}
    if not user.can(Ability.CONFIGURE):
        return Empty(sentence=sentence, icon="journeys")
    return Empty(
        sentence=sentence,
        icon="journeys",
        action=Link(label=_("Map reasons"), url=reverse("map:reasons")),
    )
