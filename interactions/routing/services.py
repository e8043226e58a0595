"""What we promise about waiting."""

from collections.abc import Iterable

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.routing.events import TargetChanged
from interactions.routing.models import ServiceTarget


@transaction.atomic
def save_target(*, target: ServiceTarget, by: User | None) -> ServiceTarget:
    """Store a new or changed target. What arrived since it holds, or held before the change, is measured anew."""
    require_configure(by)
    before = ServiceTarget.objects.select_for_update().filter(pk=target.pk).first() if target.pk else None
    target.save()
    _tell([target, before] if before is not None else [target], by=by)
    return target


@transaction.atomic
def remove_targets(*, target_ids: Iterable[int], by: User | None) -> None:
    """Take targets away: what held before or beside them goes on. Removing one that is gone is a no-op."""
    require_configure(by)
    gone = list(ServiceTarget.objects.select_for_update().filter(pk__in=target_ids).order_by("pk"))
    ServiceTarget.objects.filter(pk__in=[target.pk for target in gone]).delete()
    _tell(gone, by=by)


def _tell(targets: Iterable[ServiceTarget], *, by: User | None) -> None:
    events = {
        TargetChanged(
            since=int(target.valid_from.timestamp()), queue_id=target.queue_id or 0, channel=target.channel or 0
        )
        for target in targets
    }
    announce(*sorted(events, key=lambda event: event.since), by_id=by.pk if by else None)
