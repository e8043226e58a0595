"""Which touchpoint makes customers contact us for a reason, and what they wanted to get done there."""

from collections.abc import Collection

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.errors import NotAllowedError
from interactions.models import ContactReason
from journeys.ownership.events import MapChanged
from journeys.ownership.models import Department, JobToBeDone, ReasonTouchpoint, Touchpoint
from journeys.ownership.services.access import share_with_owners, take_turn


@transaction.atomic
def map_reasons(*, reason_ids: Collection[int], touchpoint: Touchpoint | None, by: User | None) -> int:
    """Put reasons on a touchpoint, or take them off the map (None); how many there are. Their jobs stay.

    Who configures may map any; an owner moves the own reasons between own touchpoints, for taking a reason would
    give sight of its contacts, and giving one away would take it.
    """
    take_turn()
    reasons = list(ContactReason.objects.filter(pk__in=reason_ids).order_by("pk").values_list("pk", flat=True))
    if by is not None and not by.can(Ability.CONFIGURE):
        own = set(Department.objects.owned_by(by).values_list("pk", flat=True))
        if touchpoint is None or touchpoint.department_id not in own or not _are_of(own, reasons):
            raise NotAllowedError
    if touchpoint is None:
        ReasonTouchpoint.objects.filter(reason_id__in=reasons).delete()
    else:
        ReasonTouchpoint.objects.bulk_create(
            [ReasonTouchpoint(reason_id=reason_id, touchpoint=touchpoint) for reason_id in reasons],
            update_conflicts=True,
            unique_fields=["reason"],
            update_fields=["touchpoint"],
        )
    _changed(reasons, by=by)
    return len(reasons)


@transaction.atomic
def name_job(*, reason_ids: Collection[int], job: JobToBeDone | None, by: User | None) -> int:
    """Say what customers with these reasons want to get done; reasons off the map are left as they are.

    An owner says it of the own reasons, and names no job that another owns: its owner would see their contacts.
    """
    take_turn()
    rows = ReasonTouchpoint.objects.filter(reason_id__in=reason_ids)
    reasons = list(rows.values_list("reason_id", flat=True))
    if by is not None and not by.can(Ability.CONFIGURE):
        own = set(Department.objects.owned_by(by).values_list("pk", flat=True))
        is_anothers = job is not None and job.owner_id not in {None, by.pk}
        if is_anothers or not _are_of(own, reasons):
            raise NotAllowedError
    rows.update(job=job)
    _changed(reasons, by=by)
    return len(reasons)


def _are_of(departments: set[int], reason_ids: Collection[int]) -> bool:
    rows = ReasonTouchpoint.objects.filter(reason_id__in=reason_ids, touchpoint__department_id__in=departments)
    return rows.count() == len(reason_ids)


def _changed(reason_ids: Collection[int], *, by: User | None) -> None:
    events = [MapChanged(what="reason_touchpoint", row_id=reason_id) for reason_id in reason_ids]
    announce(*events, by_id=by.pk if by else None)
    share_with_owners(by=by)
