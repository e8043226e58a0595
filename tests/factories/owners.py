"""A small map of where contacts come from, for tests of ownership."""

from itertools import count
from typing import Any

from ccx.kernel.models import User
from ccx.kernel.people.choices import Role
from interactions.models import ContactReason
from journeys.models import Department, JobToBeDone, Journey, ReasonTouchpoint, Touchpoint
from journeys.ownership.services.access import share_with_owners
from tests.factories.people import make_user

_numbers = count(1)


def an_owner(**fields: Any) -> User:
    return make_user(Role.EXPERIENCE_OWNER, **fields)


def a_department(name: str = "", owner: User | None = None) -> Department:
    return Department.objects.create(name=name or f"Department {next(_numbers)}", owner=owner)


def a_journey(name: str = "", owner: User | None = None) -> Journey:
    return Journey.objects.create(name=name or f"Journey {next(_numbers)}", owner=owner)


def a_job(name: str = "", owner: User | None = None) -> JobToBeDone:
    return JobToBeDone.objects.create(name=name or f"Job {next(_numbers)}", owner=owner)


def a_touchpoint(department: Department, journey: Journey | None = None, name: str = "") -> Touchpoint:
    return Touchpoint.objects.create(
        name=name or f"Touchpoint {next(_numbers)}", department=department, journey=journey
    )


def mapped(reason: ContactReason, touchpoint: Touchpoint, job: JobToBeDone | None = None) -> ReasonTouchpoint:
    """A reason on the map, its owners given sight of it."""
    row = ReasonTouchpoint.objects.create(reason=reason, touchpoint=touchpoint, job=job)
    share_with_owners(by=None)
    return row
