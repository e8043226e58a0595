"""Tags and filters every page writes figures, times, icons and form fields with."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django import forms, template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from ccx.kernel.files import IMAGES
from ccx.kernel.look import figures
from ccx.kernel.look.icons import ICONS, SPRITE
from ccx.kernel.look.sparkline import sparkline_svg

register = template.Library()
Number = int | float | Decimal

_CONTROL_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-group"),
    (forms.CheckboxSelectMultiple, "form-check-group"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)


@register.filter
def duration(value: timedelta | Number | None) -> str:
    """`{{ seconds|duration }}`: 3 m 12 s."""
    return figures.duration(value)


@register.filter
def percent(value: Number | None, digits: int = 1) -> str:
    """`{{ share|percent }}`: a share of 0.873 as 87.3%."""
    return figures.percent(value, digits)


@register.filter
def number(value: Number | None, digits: int = 0) -> str:
    """`{{ count|number }}`: grouped as the reader's language does."""
    return figures.number(value, digits)


@register.filter
def language_name(code: str) -> str:
    """`{{ customer.language|language_name }}`: "de-AT" as German; a code that nobody knows stays as it is."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


@register.filter
def time_apart(value: datetime, other: datetime) -> str:
    """`{{ due_at|time_apart:now }}`: how far two moments are apart, in the largest unit that tells it."""
    return timesince(min(value, other), max(value, other), depth=1)


@register.filter
def is_picture(content_type: str) -> bool:
    """`{{ file.content_type|is_picture }}`: whether such a file may be shown in a page."""
    return content_type in IMAGES


@register.filter
def plain_number(value: Number | None) -> str:
    """`{{ value|plain_number }}`: a number for machines, whatever the reader's language."""
    return "" if value is None else str(value)


@register.filter
def money(value: Number | None, currency: str = "EUR") -> str:
    """`{{ amount|money:"EUR" }}`."""
    return figures.money(value, currency)


@register.filter
def local_time(value: datetime | None) -> str:
    """`{{ moment|local_time }}`: short and in the reader's zone, in full with the zone on hover."""
    if value is None:
        return figures.MISSING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        timezone.localtime(value).isoformat(),
        figures.time_with_zone(value),
        figures.local_time(value),
    )


@register.filter
def clock_time(value: datetime) -> str:
    """`{{ moment|clock_time }}`: hours and minutes where the day stands beside it, in full on hover."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        timezone.localtime(value).isoformat(),
        figures.time_with_zone(value),
        figures.clock_time(value),
    )


@register.filter
def day_name(value: date) -> str:
    """`{{ day|day_name }}`: today, yesterday, a weekday, else the date."""
    return figures.day_name(value)


@register.inclusion_tag("components/change.html")
def change(
    now: Number | figures.Change | None,
    before: Number | None = None,
    better: figures.Better = "neither",
    measure: figures.Measure = "number",
    against: str = "",
) -> dict[str, Any]:
    """`{% change now before better="down" measure="duration" %}`, or a Change made by the page."""
    made = now if isinstance(now, figures.Change) else figures.change(now, before, better=better, measure=measure)
    return {"change": made, "against": against}


@register.simple_tag
def sparkline(values: Sequence[float | None], label: str = "") -> SafeString:
    """`{% sparkline values %}`: a small trend line, drawn by the server."""
    return sparkline_svg(values, label)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "search" %}` beside a word; with a label when it stands alone."""
    if name not in ICONS:
        raise template.TemplateSyntaxError(f"No icon is called {name!r}; see ccx/kernel/look/icons.py.")
    spoken = SafeString(' aria-hidden="true"')
    if label:  # texts of {% translate %} count as safe markup, and may still hold a quotation mark
        spoken = SafeString(f' role="img" aria-label="{conditional_escape(label).replace(chr(34), "&quot;")}"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" focusable="false"{}><use href="{}#{}"/></svg>',
        spoken,
        static(SPRITE),
        name,
    )


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """`{% control field %}`: a form field's control with its look and its ties to help and errors."""
    classes = next(name for kind, name in _CONTROL_CLASSES if isinstance(field.field.widget, kind))
    own = field.field.widget.attrs.get("class", "")
    invalid = " is-invalid" if field.errors else ""
    return SafeString(field.as_widget(attrs={"class": f"{classes}{invalid} {own}".strip()}))


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label goes after the control."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether the field is several controls under one legend."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.simple_tag
def reference_number() -> str:
    """The number of this request: what a person quotes and what the log is searched for."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "")) or _("none")
