"""What a weekly letter consists of, and who writes it: figures are computed above this app, so settings name them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from ccx.kernel.models import User


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail, but for whom it is to."""

    subject: str
    text: str
    html: str
    language: str


def written_for(owner: User, *, week: date, reason_ids: frozenset[int]) -> Letter:
    """The letter about the week that begins on this Monday, of the reasons somebody answers for."""
    write: Callable[..., Letter] = import_string(settings.CCX_OWNER_LETTER)
    return write(owner, week=week, reason_ids=reason_ids)


def week_before(day: date) -> date:
    """The Monday of the last whole week before the week of a day."""
    return day - timedelta(days=day.weekday() + 7)
