"""What groups are called, and how an address names them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from analytics.kpis.questions import NONE, Split
from ccx.kernel.models import Team, User
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Queue
from journeys.models import Department, JobToBeDone, Journey

Named = dict[int, tuple[str, str]]


def names_of(split: Split, keys: Iterable[int]) -> Named:
    """Label and address name by key; one query, none for channels."""
    if split is Split.CHANNEL:
        return {channel.value: (str(channel.label), channel.slug) for channel in Channel}
    querysets: dict[Split, QuerySet[Any]] = {
        Split.QUEUE: Queue.objects.all(),
        Split.TEAM: Team.objects.all(),
        Split.AGENT: User.objects.all(),
        Split.REASON: ContactReason.objects.all(),
        Split.DEPARTMENT: Department.objects.all(),
        Split.JOURNEY: Journey.objects.all(),
        Split.JOB: JobToBeDone.objects.all(),
    }
    nothing = {
        Split.QUEUE: _("No queue"),
        Split.TEAM: _("No team"),
        Split.AGENT: _("No agent"),
        Split.REASON: _("No reason"),
        Split.DEPARTMENT: _("No department"),
        Split.JOURNEY: _("No journey"),
        Split.JOB: _("No job"),
    }
    wanted = sorted(set(keys) - {0})
    rows = querysets[split].filter(pk__in=wanted).values_list("pk", "name", "public_id") if wanted else []
    named: Named = {pk: (name, str(public_id)) for pk, name, public_id in rows}
    return {0: (nothing[split], NONE)} | named


def label_of_time(split: Split, key: date, *, is_within_a_year: bool) -> tuple[str, str]:
    """A day or month for people and for addresses."""
    if split is Split.MONTH:
        return formats.date_format(key, "F Y"), f"{key:%Y-%m}"
    return formats.date_format(key, "D j M" if is_within_a_year else "D j M Y"), key.isoformat()
