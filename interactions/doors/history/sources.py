"""Which source a contact of a file belongs to. A source covers one stretch of time without a gap.

A file that leaves a gap gets a sibling, "Name (2024-05)": between the two nothing is known, so nothing may be counted
as if it were. Both share the scope of customers' numbers, so people are the same in both.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from interactions.channels.contact import InboundContact
from interactions.doors.history.mapping import Mapping, MappingError
from interactions.doors.models import ImportRun
from interactions.intake.models import HistorySource

# A stretch of days, the last one exclusive.
Period = tuple[date, date]


def check_source(mapping: Mapping) -> None:
    """Days of one source are days of one zone. Raises MappingError where the source has another one."""
    for source in _family(mapping):
        if source.time_zone != mapping.time_zone:
            raise MappingError(
                _("The source '%(source)s' is known already, with days of %(zone)s.")
                % {"source": source.name, "zone": source.time_zone}
            )


def place(run: ImportRun, mapping: Mapping, contacts: Sequence[InboundContact]) -> list[InboundContact]:
    """Let sources cover what came, and give each contact its own. The run remembers the first."""
    if not contacts:
        return []
    days = [contact.occurred_at.astimezone(mapping.zone).date() for contact in contacts]
    family = {source.pk: source for source in _family(mapping).select_for_update().order_by("pk")}
    by_month: dict[date, int] = {}
    for period in _periods(days, mapping.period):
        source = _source_for(run, mapping, period, list(family.values()))
        family[source.pk] = source
        if run.source_id is None:
            run.source = source
            run.save(update_fields=["source"])
        month = period[0].replace(day=1)
        while month < period[1]:
            by_month[month] = source.pk
            month = _next_month(month)
    return [_belonging(contact, by_month[day.replace(day=1)]) for contact, day in zip(contacts, days, strict=True)]


def _family(mapping: Mapping) -> "models.QuerySet[HistorySource]":
    base = re.escape(mapping.source_name[:100])
    return HistorySource.objects.filter(Q(name=mapping.source_name[:120]) | Q(name__regex=rf"^{base} \([0-9-]+\)$"))


def _periods(days: Sequence[date], unit: str) -> list[Period]:
    """What these days say was covered: from the first to the last one, or months without a gap."""
    if unit == "day":
        return [(min(days), max(days) + timedelta(days=1))]
    months = sorted({day.replace(day=1) for day in days})
    periods = [(months[0], _next_month(months[0]))]
    for before, month in pairwise(months):
        if month == _next_month(before):
            periods[-1] = (periods[-1][0], _next_month(month))
        else:
            periods.append((month, _next_month(month)))
    return periods


def _next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _source_for(run: ImportRun, mapping: Mapping, period: Period, family: Sequence[HistorySource]) -> HistorySource:
    first, until = period
    for source in family:
        # A file of days is one stretch from its first row to its last; what lies between belongs to it.
        is_own = mapping.period == "day" and source.pk == run.source_id
        if is_own or (first <= source.covered_until and until >= source.covered_from):
            if first < source.covered_from or until > source.covered_until:
                source.covered_from = min(source.covered_from, first)
                source.covered_until = max(source.covered_until, until)
                source.save(update_fields=["covered_from", "covered_until"])
            return source
    return HistorySource.objects.create(
        name=_free_name(mapping.source_name, first, {source.name for source in family}),
        time_zone=mapping.time_zone,
        covered_from=first,
        covered_until=until,
    )


def _free_name(base: str, first: date, taken: set[str]) -> str:
    names = (base[:120], f"{base[:100]} ({first:%Y-%m})", f"{base[:100]} ({first:%Y-%m-%d})")
    return next(name for name in names if name not in taken)


def _belonging(contact: InboundContact, source_id: int) -> InboundContact:
    if contact.past is None or contact.past.source_id == source_id:
        return contact
    return replace(contact, past=replace(contact.past, source_id=source_id))
