"""The filter bar of every dashboard page."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from analytics.dashboards.asking import NO_COMPARISON, PRESETS, Asked, address_of, period_words
from analytics.kpis.labels import names_of
from analytics.kpis.questions import Dimension, Split
from analytics.kpis.rows import At
from ccx.kernel.look.parts import FilterBar, Link, Option, Select
from ccx.kernel.models import Team, User
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Queue
from journeys.ownership.choices import PartKind

_PERIOD = {"period": "", "from": "", "to": ""}


def filter_bar(asked: Asked, view: str) -> FilterBar:
    """The bar for a page; three queries for what may be chosen."""
    parts = [kind.value for kind in PartKind]
    filtered = any(name in asked.given for name in ("channel", "queue", "team", "reason", "agent", *parts))
    hidden = [(name, value) for name, value in asked.extra.items()]
    if asked.preset:
        hidden.append(("period", asked.preset))
    hidden += [(name, asked.given[name]) for name in ("agent", "horizon", *parts) if name in asked.given]
    return FilterBar(
        action=address_of(view),
        presets=[
            Link(
                label=str(label), url=asked.url(view, **_PERIOD | {"period": preset}), is_current=preset == asked.preset
            )
            for preset, label in PRESETS.items()
        ],
        period_label=period_words(asked.period),
        first_day="" if asked.preset else asked.period.first.isoformat(),
        last_day="" if asked.preset else asked.period.last.isoformat(),
        is_custom=not asked.preset,
        comparison=_comparison(asked),
        selects=[_channels(asked), *_rows(asked)],
        hidden=hidden,
        reset_url=asked.url(view, **dict.fromkeys((*Dimension, *parts), "")) if filtered else "",
    )


def chosen_words(asked: Asked, at: At | None) -> list[str]:
    """What is left of all contacts in a list of rows, in words."""
    filters = asked.filters
    chosen = [(Split(name.value), getattr(filters, name.value)) for name in Dimension]
    chosen += [(Split(kind.value), part) for kind, part in filters.parts]
    words = []
    for split, key in chosen:
        name = "" if key is None else names_of(split, [key]).get(key, ("", ""))[0]
        if split is Split.REASON and filters.is_alone and key:
            name = _("%(reason)s, without those below it") % {"reason": name}
        words.append(name)
    if at is not None:
        words.append("" if at.weekday is None else str(WEEKDAYS[at.weekday - 1]))
        words.append(f"{at.hour:02d}:00–{(at.hour + 1) % 24:02d}:00")
    return [word for word in words if word]


def _comparison(asked: Asked) -> Select:
    return Select(
        name="compare",
        label=_("Compared with"),
        options=[
            Option(label=_("Against the period before"), value="", is_selected=asked.is_compared),
            Option(label=_("No comparison"), value=NO_COMPARISON, is_selected=not asked.is_compared),
        ],
    )


def _channels(asked: Asked) -> Select:
    options = [(channel.slug, str(channel.label)) for channel in Channel]
    return _select("channel", _("Channel"), _("All channels"), options, asked)


def _rows(asked: Asked) -> list[Select]:
    user = asked.user
    return [
        _select("queue", _("Queue"), _("All queues"), _named(Queue.objects.visible_to(user), user), asked),
        _select("team", _("Team"), _("All teams"), _named(Team.objects.visible_to(user), user), asked),
        _select("reason", _("Reason"), _("All reasons"), _reasons(user), asked),
    ]


def _named(rows: "QuerySet[Queue] | QuerySet[Team]", user: User) -> list[tuple[str, str]]:
    return [(str(public_id), name) for public_id, name in rows.order_by("name").values_list("public_id", "name")]


def _reasons(user: User) -> list[tuple[str, str]]:
    """The tree, each node under its parent, set in by its depth."""
    fields = ("pk", "parent_id", "public_id", "name")
    children: dict[int | None, list[tuple[int, str, str]]] = {}
    for pk, parent_id, public_id, name in ContactReason.objects.visible_to(user).order_by("name").values_list(*fields):
        children.setdefault(parent_id, []).append((pk, str(public_id), name))
    found: list[tuple[str, str]] = []
    waiting = [(node, 0) for node in reversed(children.get(None, []))]
    while waiting:
        (pk, public_id, name), depth = waiting.pop()
        found.append((public_id, "\N{EM SPACE}" * depth + name))
        waiting.extend((child, depth + 1) for child in reversed(children.get(pk, [])))
    return found


def _select(name: str, label: str, every: str, options: Iterable[tuple[str, str]], asked: Asked) -> Select:
    chosen = asked.given.get(name, "")
    listed = [Option(label=every, value="", is_selected=not chosen)]
    listed += [Option(label=text, value=value, is_selected=value == chosen) for value, text in options]
    if chosen == "none":
        listed.append(Option(label=_("None"), value="none", is_selected=True))
    return Select(name=name, label=label, options=listed)
