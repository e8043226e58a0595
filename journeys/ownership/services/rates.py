"""What an hour of handling and a contact cost, from a day on."""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.channels.choices import Channel
from journeys.ownership.errors import RateChangesThePastError, RateIsNegativeError
from journeys.ownership.events import CostRateChanged
from journeys.ownership.models import CostRate

_RATES_LOCK = 5_301_078


def midnight(day: date) -> datetime:
    """When a day begins on the centre's calendar."""
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


@transaction.atomic
def set_cost_rate(
    *,
    channel: Channel | None,
    from_day: date,
    amounts: tuple[Decimal, Decimal],
    is_past_meant: bool = False,
    by: User | None,
) -> CostRate:
    """What an hour and a contact cost (`amounts`) from a day on, on one channel or on all; a rate of that day changes.

    Contacts cost what held when they arrived. A rate that begins in the past counts the contacts since then anew, and
    is refused unless that is meant.
    """
    require_configure(by)
    _take_turn()
    if min(amounts) < 0:
        raise RateIsNegativeError
    since = midnight(from_day)
    _refuse_past(since, is_past_meant=is_past_meant)
    rate, _is_new = CostRate.objects.update_or_create(
        channel=channel, valid_from=since, defaults={"per_hour": amounts[0], "per_contact": amounts[1]}
    )
    _changed(rate, by=by)
    return rate


@transaction.atomic
def remove_cost_rate(*, rate_id: int, is_past_meant: bool = False, by: User | None) -> None:
    """Take a rate away: what held before it goes on. Removing one that is gone is a no-op."""
    require_configure(by)
    _take_turn()
    rate = CostRate.objects.filter(pk=rate_id).first()
    if rate is None:
        return
    _refuse_past(rate.valid_from, is_past_meant=is_past_meant)
    rate.delete()
    _changed(rate, by=by)


def _refuse_past(since: datetime, *, is_past_meant: bool) -> None:
    if since <= timezone.now() and not is_past_meant:
        raise RateChangesThePastError


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RATES_LOCK])


def _changed(rate: CostRate, *, by: User | None) -> None:
    event = CostRateChanged(since=int(rate.valid_from.timestamp()), channel=rate.channel or 0)
    announce(event, by_id=by.pk if by else None)
