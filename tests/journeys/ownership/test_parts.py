"""What the map refuses: names twice, owners who may not own, and taking away what is in use."""

import pytest

from ccx.kernel.models import User
from journeys.models import Department, JobToBeDone, ReasonTouchpoint, Touchpoint
from journeys.ownership.choices import PartKind
from journeys.ownership.errors import (
    CannotMoveIntoItselfError,
    NameTakenError,
    OwnerMayNotOwnError,
    StillInUseError,
)
from journeys.ownership.services.parts import remove_part, remove_touchpoint, save_part, save_touchpoint
from tests.factories.figures import a_reason
from tests.factories.owners import a_department, a_job, a_touchpoint, mapped


def test_a_department_with_touchpoints_goes_only_when_they_have_another(admin: User) -> None:
    old, new = a_department("Old"), a_department("New")
    touchpoint = a_touchpoint(old)

    with pytest.raises(StillInUseError):
        remove_part(kind=PartKind.DEPARTMENT, part_id=old.pk, by=admin)
    with pytest.raises(CannotMoveIntoItselfError):
        remove_part(kind=PartKind.DEPARTMENT, part_id=old.pk, into_id=old.pk, by=admin)

    remove_part(kind=PartKind.DEPARTMENT, part_id=old.pk, into_id=new.pk, by=admin)
    touchpoint.refresh_from_db()
    assert touchpoint.department == new
    assert list(Department.objects.all()) == [new]


def test_a_touchpoint_and_a_job_with_reasons_hand_them_over(admin: User) -> None:
    department = a_department()
    here, there, job, better = a_touchpoint(department), a_touchpoint(department), a_job(), a_job()
    mapped(a_reason(), here, job)
    for refused in (
        lambda: remove_touchpoint(touchpoint_id=here.pk, by=admin),
        lambda: remove_part(kind=PartKind.JOB, part_id=job.pk, by=admin),
    ):
        with pytest.raises(StillInUseError):
            refused()

    remove_touchpoint(touchpoint_id=here.pk, into_id=there.pk, by=admin)
    remove_part(kind=PartKind.JOB, part_id=job.pk, into_id=better.pk, by=admin)

    row = ReasonTouchpoint.objects.get()
    assert (row.touchpoint, row.job) == (there, better)
    assert (Touchpoint.objects.count(), JobToBeDone.objects.count()) == (1, 1)


def test_names_are_taken_once_whatever_their_case(admin: User) -> None:
    department = a_department("Billing")
    a_touchpoint(department, name="Invoice")
    with pytest.raises(NameTakenError):
        save_part(kind=PartKind.DEPARTMENT, part_id=None, name=" billing ", owner=None, by=admin)
    with pytest.raises(NameTakenError):
        save_touchpoint(touchpoint_id=None, name="INVOICE", department=department, journey=None, by=admin)
    assert save_part(kind=PartKind.DEPARTMENT, part_id=department.pk, name="billing", owner=None, by=admin)


def test_only_who_may_own_is_made_an_owner(admin: User, alice: User) -> None:
    with pytest.raises(OwnerMayNotOwnError):
        save_part(kind=PartKind.JOURNEY, part_id=None, name="Moving house", owner=alice, by=admin)
