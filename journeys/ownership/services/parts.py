"""Departments, journeys, jobs to be done and touchpoints: made, changed, and taken away when nothing hangs on them."""

from typing import Any, TypeVar

from django.db import transaction
from django.db.models import ProtectedError

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.errors import NotAllowedError
from ccx.kernel.people.services.authority import require_configure
from journeys.ownership.choices import PartKind
from journeys.ownership.errors import (
    CannotMoveIntoItselfError,
    NameTakenError,
    OwnerMayNotOwnError,
    StillInUseError,
)
from journeys.ownership.events import MapChanged
from journeys.ownership.models import PARTS, Department, JobToBeDone, Journey, Part, ReasonTouchpoint, Touchpoint
from journeys.ownership.services.access import share_with_owners, take_turn

Row = TypeVar("Row", Department, Journey, JobToBeDone, Part, Touchpoint)


@transaction.atomic
def save_part(*, kind: PartKind, part_id: int | None, name: str, owner: User | None, by: User | None) -> Part:
    """Make (`part_id` None), rename or hand over a department, journey or job. The new owner sees its contacts."""
    require_configure(by)
    take_turn()
    model = PARTS[kind]
    part = model.objects.get(pk=part_id) if part_id is not None else model()
    _refuse_taken(model, name, but=part.pk)
    if owner is not None and owner.pk != part.owner_id and not owner.can(Ability.OWN_EXPERIENCE):
        raise OwnerMayNotOwnError
    part.name, part.owner = name.strip(), owner
    part.save()
    return _changed(kind.value, part, by=by)


@transaction.atomic
def remove_part(*, kind: PartKind, part_id: int, into_id: int | None = None, by: User | None) -> None:
    """Take a department, journey or job off the map; what hangs on it moves to `into_id`, without it this is refused.

    A department or journey hands over touchpoints, a job hands over reasons.
    """
    require_configure(by)
    take_turn()
    model = PARTS[kind]
    part = model.objects.get(pk=part_id)
    hanging: Any = getattr(part, "reasons" if kind is PartKind.JOB else "touchpoints")
    if into_id is not None:
        into = model.objects.get(pk=_other_than(part_id, into_id))
        hanging.update(**{kind.value: into})
    elif hanging.exists():
        raise StillInUseError(count=hanging.count())
    part.delete()
    _changed(kind.value, part, by=by)


@transaction.atomic
def save_touchpoint(
    *, touchpoint_id: int | None, name: str, department: Department, journey: Journey | None, by: User | None
) -> Touchpoint:
    """Make or change a touchpoint: those who configure any, an owner those of the own departments.

    An owner gives nobody else sight of it: another's department or journey is refused.
    """
    take_turn()
    touchpoint = Touchpoint.objects.get(pk=touchpoint_id) if touchpoint_id is not None else Touchpoint()
    if by is not None and not by.can(Ability.CONFIGURE):
        own = Department.objects.owned_by(by).values_list("pk", flat=True)
        departments = {department.pk} if touchpoint_id is None else {department.pk, touchpoint.department_id}
        is_anothers = journey is not None and journey.pk != touchpoint.journey_id and journey.owner_id != by.pk
        if not departments <= set(own) or is_anothers:
            raise NotAllowedError
    _refuse_taken(Touchpoint, name, but=touchpoint.pk)
    touchpoint.name, touchpoint.department, touchpoint.journey = name.strip(), department, journey
    touchpoint.save()
    return _changed("touchpoint", touchpoint, by=by)


@transaction.atomic
def remove_touchpoint(*, touchpoint_id: int, into_id: int | None = None, by: User | None) -> None:
    """Take a touchpoint off the map; its reasons move to `into_id`, without it this is refused while it has any."""
    take_turn()
    touchpoint = Touchpoint.objects.get(pk=touchpoint_id)
    targets = [touchpoint]
    if into_id is not None:
        targets.append(Touchpoint.objects.get(pk=_other_than(touchpoint_id, into_id)))
    if by is not None and not by.can(Ability.CONFIGURE):
        own = set(Department.objects.owned_by(by).values_list("pk", flat=True))
        if not {target.department_id for target in targets} <= own:
            raise NotAllowedError
    if into_id is not None:
        ReasonTouchpoint.objects.filter(touchpoint=touchpoint).update(touchpoint_id=into_id)
    try:
        touchpoint.delete()
    except ProtectedError as error:
        raise StillInUseError(count=len(error.protected_objects)) from None
    _changed("touchpoint", touchpoint, by=by)


def _changed(what: str, row: Row, *, by: User | None) -> Row:
    announce(MapChanged(what=what, row_id=row.pk), by_id=by.pk if by else None)
    share_with_owners(by=by)
    return row


def _other_than(pk: int, other: int) -> int:
    if pk == other:
        raise CannotMoveIntoItselfError
    return other


def _refuse_taken(model: type[Part] | type[Touchpoint], name: str, *, but: int | None) -> None:
    others = model.objects.filter(name__iexact=name.strip())
    if (others if but is None else others.exclude(pk=but)).exists():
        raise NameTakenError(name=name)
