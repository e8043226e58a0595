"""What waits for a person, and what waits for the sweep."""

from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.doors.models import Delivery

COUNT_KEY: Final = "deliveries-aside"
COUNT_SECONDS: Final = 60
# Read in its request, a delivery is settled within seconds.
LATE = timedelta(minutes=1)


def deliveries_aside(user: User) -> QuerySet[Delivery]:
    """What was put aside, newest first; without its bytes."""
    aside = Delivery.objects.visible_to(user).filter(state=Delivery.State.QUARANTINED)
    return aside.select_related("inbox").defer("body").order_by("-received_at", "-pk")


def count_aside(user: User) -> int:
    """How many were put aside, for the rail of every page: at most a minute old, by the index of what is open."""
    if not user.can(Ability.OPERATE):
        return 0
    known = cache.get(COUNT_KEY)
    if known is None:
        known = deliveries_aside(user).order_by().count()
        cache.set(COUNT_KEY, known, timeout=COUNT_SECONDS)
    return int(known)


def forget_count() -> None:
    """Somebody did something about them: the next page counts anew."""
    cache.delete(COUNT_KEY)


def late_deliveries(user: User) -> int:
    """How many were kept a while ago and are not read yet."""
    late = Delivery.objects.visible_to(user).filter(
        state=Delivery.State.RECEIVED, received_at__lt=timezone.now() - LATE
    )
    return late.count()
