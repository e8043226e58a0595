"""The weekly letter to an owner: five lines from the registry's figures, in the owner's language."""

import re
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.dashboards.asking import period_words
from analytics.dashboards.owner_words import words_of
from analytics.dashboards.owners import has_rate, work_text
from analytics.dashboards.wording import change_of, value_text
from analytics.kpis.figures import Figure, Group
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from ccx.kernel.look.figures import number, percent
from ccx.kernel.models import User
from journeys.ownership.letters import Letter

_KEYS = ("contacts", "customers", "cost", "handled_time", "repeat_rate", "ces")
# Mail leaves the house: what looks like an address or a number of somebody stays here.
_PERSONAL: Final = re.compile(r"\S+@\S+|\+?\d(?:[\s./-]?\d){4,}")


def write_letter(owner: User, *, week: date, reason_ids: frozenset[int]) -> Letter:
    """The letter about the week that begins on this Monday."""
    language = owner.language or settings.LANGUAGE_CODE
    with translation.override(language):
        period = Period(week, week + timedelta(days=6))
        answer = read_figures(
            keys=_KEYS,
            period=period,
            comparison=period.before,
            filters=Filters(owned=reason_ids),
            split_by=Split.REASON,
            user=owner,
        )
        groups = [group for group in answer.groups if group.figures["contacts"].n]
        ranked = sorted(groups, key=lambda group: -group.figures["contacts"].n)
        lines = [_volume(answer.total, period), *_details(answer.total, ranked, period, owner)]
        dates = f"from={period.first}&to={period.last}"
        context = {
            "name": owner.name,
            "lines": lines,
            "link": f"{settings.BASE_URL.rstrip('/')}{reverse('owners:owners')}?{dates}",
            "language": language,
        }
        subject = _("%(n)s contacts in the week of %(days)s") % {
            "n": number(answer.total["contacts"].n),
            "days": period_words(period),
        }
        return Letter(
            subject=subject,
            text=render_to_string("emails/analytics/owner_letter.txt", context).strip() + "\n",
            html=render_to_string("emails/analytics/owner_letter.html", context),
            language=language,
        )


def _volume(total: dict[str, Figure], period: Period) -> str:
    contacts, customers = total["contacts"].n, int(total["customers"].value or 0)
    if not contacts:
        return _("Your part of the business caused no contact in %(days)s.") % {"days": period_words(period)}
    told = _("Your part of the business caused %(contacts)s of %(customers)s in %(days)s") % {
        "contacts": ngettext("%(n)s contact", "%(n)s contacts", contacts) % {"n": number(contacts)},
        "customers": ngettext("%(n)s customer", "%(n)s customers", customers) % {"n": number(customers)},
        "days": period_words(period),
    }
    change = change_of(total["contacts"])
    if change is None or change.direction == "unknown":
        return f"{told}."
    if change.direction == "same":
        return _("%(told)s, as many as the week before.") % {"told": told}
    return _("%(told)s, %(change)s than the week before.") % {"told": told, "change": change.text}


def _details(total: dict[str, Figure], ranked: list[Group], period: Period, owner: User) -> list[str]:
    if not ranked:
        return []
    lines = [
        _("Most of them: %(reason)s, %(n)s.")
        % {"reason": ranked[0].label, "n": number(ranked[0].figures["contacts"].n)}
    ]
    work = work_text(total["handled_time"].value)
    if has_rate(period):
        amount = value_text(total["cost"].kpi, total["cost"].value)
        lines.append(_("They took %(work)s of work and cost %(amount)s.") % {"work": work, "amount": amount})
    else:
        lines.append(_("They took %(work)s of work; no rate says what it cost.") % {"work": work})
    repeats, easy = total["repeat_rate"], total["ces"]
    told = []
    if repeats.value is not None:
        told.append(_("%(share)s of the identified ones were repeats") % {"share": percent(repeats.value, 0)})
    if easy.value is not None:
        told.append(
            _("%(share)s of %(n)s who answered found it easy") % {"share": percent(easy.value, 0), "n": number(easy.n)}
        )
    if told:
        lines.append("; ".join(told) + ".")
    words = words_of((group.key for group in ranked if isinstance(group.key, int)), period, user=owner)
    if words:
        said = next(iter(words.values()))[0]
        lines.append(_("One customer: “%(words)s”") % {"words": _PERSONAL.sub("…", said.text)})
    return lines
