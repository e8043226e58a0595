"""What waits for a person, and what waits for the sweep."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from ccx.kernel.models import User
from interactions.doors.models import Delivery

# Read in its request, a delivery is settled within seconds.
LATE = timedelta(minutes=1)


def deliveries_aside(user: User) -> QuerySet[Delivery]:
    """What was put aside, newest first; without its bytes."""
    aside = Delivery.objects.visible_to(user).filter(state=Delivery.State.QUARANTINED)
    return aside.select_related("inbox").defer("body").order_by("-received_at", "-pk")


def late_deliveries(user: User) -> int:
    """How many were kept a while ago and are not read yet."""
    late = Delivery.objects.visible_to(user).filter(
        state=Delivery.State.RECEIVED, received_at__lt=timezone.now() - LATE
    )
    return late.count()
