"""How figures are written for people: one home for durations, shares, money, changes and times."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
Number = int | float | Decimal
Better = Literal["up", "down", "neither"]
Measure = Literal["share", "points", "duration", "number"]

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF", "INR": "₹"}
_WITHOUT_CENTS = {"JPY", "KRW", "VND", "CLP", "ISK"}


def duration(value: timedelta | Number | None) -> str:
    """Seconds as the two largest units that matter: "3 m 12 s", "2 h 05 m", "3 d 4 h"."""
    if value is None:
        return MISSING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    sign = MINUS if seconds < 0 else ""
    seconds = abs(seconds)
    if 0 < seconds < 0.95:
        return sign + formats.number_format(round(seconds, 1) or 0.1, 1) + NBSP + _("s")
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{sign}{number(days)}{NBSP}{_('d')} {hours_left}{NBSP}{_('h')}"
    if hours:
        return f"{sign}{hours}{NBSP}{_('h')} {minutes_left:02d}{NBSP}{_('m')}"
    if minutes:
        return f"{sign}{minutes}{NBSP}{_('m')} {rest:02d}{NBSP}{_('s')}"
    return f"{sign}{rest}{NBSP}{_('s')}"


def number(value: Number | None, digits: int = 0) -> str:
    """A count or a mean, grouped as the reader's language does."""
    if value is None:
        return MISSING
    text = formats.number_format(_rounded(value, digits), digits, use_l10n=True, force_grouping=True)
    return text.replace("-", MINUS)


def percent(value: Number | None, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage."""
    if value is None:
        return MISSING
    shown = number(Decimal(str(value)) * 100, digits)
    # Translators: a percentage; German and French want a no-break space before the sign.
    return _("%(number)s%%") % {"number": shown}


def money(value: Number | None, currency: str = "EUR", *, is_whole: bool = False) -> str:
    """An amount in a currency's main unit, written as the reader's language does; whole ones without cents."""
    if value is None:
        return MISSING
    digits = 0 if is_whole or currency in _WITHOUT_CENTS else 2
    shown = number(abs(Decimal(str(value))), digits)
    sign = MINUS if value < 0 else ""
    symbol = _SYMBOLS.get(currency, currency)
    if (get_language() or "en").startswith("en"):
        gap = NBSP if symbol.isalpha() else ""
        return f"{sign}{symbol}{gap}{shown}"
    return f"{sign}{shown}{NBSP}{symbol}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a figure moved against its comparison: a word, an arrow and what it means, never only a colour."""

    direction: Literal["up", "down", "same", "unknown"]
    tone: Literal["good", "bad", "neutral"]
    text: str


def change(
    now: Number | None, before: Number | None, *, better: Better = "neither", measure: Measure = "number"
) -> Change:
    """Compare two figures: shares move in percentage points, everything else in percent of what it was."""
    if now is None or before is None:
        return Change(direction="unknown", tone="neutral", text=_("no comparison"))
    moved = Decimal(str(now)) - Decimal(str(before))
    if moved == 0:
        return Change(direction="same", tone="neutral", text=_("unchanged"))
    direction: Literal["up", "down"] = "up" if moved > 0 else "down"
    tone: Literal["good", "bad", "neutral"] = "neutral"
    if better != "neither":
        tone = "good" if better == direction else "bad"
    return Change(direction=direction, tone=tone, text=_change_text(moved, before, measure))


def _change_text(moved: Decimal, before: Number, measure: Measure) -> str:
    more = moved > 0
    if measure in {"share", "points"}:
        points = abs(moved) * (100 if measure == "share" else 1)
        size = number(points, 1)
        text = ngettext("%(size)s point", "%(size)s points", 1 if points == 1 else 2) % {"size": size}
    elif measure == "duration":
        text = duration(abs(moved))
    elif abs(moved) > 10 * abs(Decimal(str(before))):
        text = number(abs(moved))  # "138,600%" tells nobody anything
    else:
        share = abs(moved) / abs(Decimal(str(before)))
        text = percent(share, 1 if share < Decimal("0.1") else 0)
    if measure == "duration":
        return (_("%(size)s longer") if more else _("%(size)s shorter")) % {"size": text}
    if measure == "number":
        return (_("%(size)s more") if more else _("%(size)s fewer")) % {"size": text}
    return (_("%(size)s higher") if more else _("%(size)s lower")) % {"size": text}


def local_time(value: datetime, now: datetime | None = None) -> str:
    """A moment in the reader's zone, as short as is still clear: the time today, else with its date."""
    local = timezone.localtime(value)
    today = timezone.localtime(now or timezone.now())
    time = formats.date_format(local, "H:i")
    if local.date() == today.date():
        return time
    day = formats.date_format(local, "j M" if local.year == today.year else "j M Y")
    return f"{day}, {time}"


def clock_time(value: datetime) -> str:
    """Hours and minutes in the reader's zone, where the day stands beside it."""
    return formats.date_format(timezone.localtime(value), "H:i")


def day_name(day: date, today: date | None = None) -> str:
    """A day as people call it: today, yesterday, its weekday within a week, else its date."""
    now = today or timezone.localdate()
    if day == now:
        return _("Today")
    if day == now - timedelta(days=1):
        return _("Yesterday")
    if now - timedelta(days=7) < day < now:
        return formats.date_format(day, "l")
    return formats.date_format(day, "D j M" if day.year == now.year else "j M Y")


def time_with_zone(value: datetime) -> str:
    """The same moment in full with its zone, for the tooltip."""
    local = timezone.localtime(value)
    offset = local.strftime("%z")
    return f"{formats.date_format(local, 'l j F Y, H:i:s')} {local.tzname()} (UTC{offset[:3]}:{offset[3:]})"


def _rounded(value: Number, digits: int) -> Decimal:
    """Half away from zero, as people round; floats would round 0.5 down and 1.5 up."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded
