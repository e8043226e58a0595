"""What a dashboard page is asked, all of it in its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import Text
from analytics.kpis.errors import InvalidPeriodError
from analytics.kpis.questions import Dimension, Filters, Period, day_of, filters_of, last_day_of, today, with_horizon
from ccx.kernel.models import User
from journeys.ownership.choices import PartKind

DEFAULT_PRESET = "30d"
NO_COMPARISON = "none"
PRESETS: Mapping[str, Text] = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("7 days"),
    "30d": _("30 days"),
    "quarter": _("Quarter"),
}
_KEPT = (
    "period",
    "from",
    "to",
    "compare",
    "horizon",
    "below",
    *(name.value for names in (Dimension, PartKind) for name in names),
)


def preset_period(preset: str, now: date) -> Period:
    """Whole days: those of a preset of several end yesterday, so that two periods are alike."""
    yesterday = now - timedelta(days=1)
    if preset == "today":
        return Period(now, now)
    if preset == "yesterday":
        return Period(yesterday, yesterday)
    if preset == "7d":
        return Period(now - timedelta(days=7), yesterday)
    if preset == "quarter":
        first = date(now.year, (now.month - 1) // 3 * 3 + 1, 1)
        return Period(first, max(first, yesterday))
    return Period(now - timedelta(days=30), yesterday)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The period, its comparison and the filters; `given` is what the address says, `extra` a page's own switches.

    `fixed` are filters that the page itself stands for: other addresses name them, the page's own do not.
    """

    user: User
    period: Period
    preset: str
    is_compared: bool
    filters: Filters
    given: Mapping[str, str]
    extra: Mapping[str, str]
    problem: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def comparison(self) -> Period | None:
        return self.period.before if self.is_compared else None

    def query(self, **changes: str) -> str:
        """The address's query with changes; an empty value leaves its name out."""
        asked = {**self.given, **self.extra, **changes}
        return urlencode({name: value for name, value in asked.items() if value})

    def url(self, view: str, **changes: str) -> str:
        """A dashboard page about the same, but for changes; `view` is its name, or its address if it has parts."""
        address = address_of(view)
        query = self.query(**changes)
        return f"{address}?{query}" if query else address

    def rows_url(self, kpi: str, part: str = "numerator", **changes: str) -> str:
        """The rows behind a figure under the same filters."""
        dates = {"period": "", "from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        if self.period.horizon:
            dates["horizon"] = self.period.horizon.isoformat()
        kept = {name: value for name, value in self.given.items() if name != "compare"}
        asked = kept | dict(self.fixed) | dates | changes | {"kpi": kpi, "part": part}
        return f"{reverse('analytics:rows')}?{urlencode({name: value for name, value in asked.items() if value})}"


def address_of(view: str) -> str:
    """Where a page is: by its name, or as it says itself."""
    return view if view.startswith("/") else reverse(view)


def ask(
    request: HttpRequest,
    user: User,
    *,
    switches: Mapping[str, tuple[str, ...]] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Asked:
    """Read the address. A period that is none falls back to the default and says so; an unknown filter is refused."""
    given = {name: request.GET[name].strip() for name in _KEPT if request.GET.get(name, "").strip()}
    given = {name: value for name, value in given.items() if name not in (fixed or {})}
    problem = ""
    try:
        period, preset = _period(given)
    except InvalidPeriodError as error:
        given = {name: value for name, value in given.items() if name not in {"from", "to", "period", "horizon"}}
        period, preset = preset_period(DEFAULT_PRESET, today()), DEFAULT_PRESET
        problem = str(error)
    extra = {
        name: request.GET[name] for name, allowed in (switches or {}).items() if request.GET.get(name, "") in allowed
    }
    return Asked(
        user=user,
        period=period,
        preset=preset,
        is_compared=given.get("compare") != NO_COMPARISON,
        filters=filters_of({**given, **(fixed or {})}, user=user),
        given=given,
        extra=extra,
        problem=problem,
        fixed=fixed or {},
    )


def _period(given: Mapping[str, str]) -> tuple[Period, str]:
    first, last = given.get("from", ""), given.get("to", "")
    horizon = given.get("horizon", "")
    if first or last:
        return with_horizon(Period(day_of(first or last), last_day_of(last or first)), horizon), ""
    preset = given.get("period", DEFAULT_PRESET)
    if preset not in PRESETS:
        preset = DEFAULT_PRESET
    return with_horizon(preset_period(preset, today()), horizon), preset


def period_words(period: Period) -> str:
    """A period for people: one day, a whole month, or from and to."""
    if period.days == 1:
        return formats.date_format(period.first, "D j M Y")
    if period.is_whole_months and period.first.replace(day=1) == period.last.replace(day=1):
        return formats.date_format(period.first, "F Y")
    first = formats.date_format(period.first, "j M" if period.first.year == period.last.year else "j M Y")
    return f"{first} – {formats.date_format(period.last, 'j M Y')}"


def compared_words(asked: Asked) -> str:
    """The period that is shown and, where there is one, the period it is compared with."""
    told = period_words(asked.period)
    if not asked.is_compared:
        return told
    before = period_words(asked.period.before)
    return _("%(period)s against %(before)s") % {"period": told, "before": before}
