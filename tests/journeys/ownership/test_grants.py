"""Owners see the contacts of the reasons that the map puts on their part, and of no others because of it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccx.kernel.errors import DomainError
from ccx.kernel.events.models import EventRow
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import Grant, User
from ccx.kernel.people.choices import GrantScope, Role
from ccx.kernel.people.errors import GrantIsByRuleError, NotAllowedError
from ccx.kernel.people.services.accounts import change_person, deactivate_person, reactivate_person
from ccx.kernel.people.services.grants import give_grant, take_grant
from interactions.models import ContactReason
from journeys.models import Department, JobToBeDone, Journey, ReasonTouchpoint, Touchpoint
from journeys.ownership.choices import RULE, PartKind
from journeys.ownership.services.mapping import map_reasons, name_job
from journeys.ownership.services.parts import remove_part, remove_touchpoint, save_part, save_touchpoint
from tests.factories.figures import a_reason
from tests.factories.owners import a_department, a_job, a_journey, a_touchpoint, an_owner, mapped
from tests.factories.people import make_grant, make_user
from tests.factories.sandboxes import sandbox

STEP = st.tuples(st.integers(0, 11), st.integers(0, 5), st.integers(0, 5))


def granted_by_rule() -> set[tuple[int, int | None]]:
    return set(Grant.objects.filter(rule=RULE, scope=GrantScope.REASON).values_list("user_id", "target_id"))


def said_by_the_map() -> set[tuple[int, int]]:
    """Row by row, as a person would read the map; what somebody gave by hand needs no rule."""
    by_hand = set(Grant.objects.filter(rule="").values_list("user_id", "target_id"))
    said = set()
    for row in ReasonTouchpoint.objects.select_related("touchpoint__department", "touchpoint__journey", "job"):
        for part in (row.touchpoint.department, row.touchpoint.journey, row.job):
            owner = part.owner if part else None
            if owner and owner.is_active and owner.role in {Role.EXPERIENCE_OWNER, Role.ADMINISTRATOR}:
                said.add((owner.pk, row.reason_id))
    return said - by_hand


class Office:
    """An administrator who keeps changing the map."""

    def __init__(self) -> None:
        self.boss = make_user(Role.ADMINISTRATOR)
        make_user(Role.ADMINISTRATOR)
        self.owners: list[User | None] = [an_owner(), an_owner(), None]
        self.reasons = [a_reason() for _ in range(4)]
        departments = [a_department(owner=self.owners[0]), a_department()]
        for department in departments:
            a_touchpoint(department, a_journey())
        self.deeds = (
            self.hand_over, self.hand_over, self.hand_over, self.map, self.map, self.map, self.name, self.move,
            self.remove, self.by_hand, self.close, self.change_role,
        )  # fmt: skip

    def one(self, model: Any, number: int) -> Any:
        rows = list(model.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def owner(self, number: int) -> User | None:
        owner = self.owners[number % 3]
        return User.objects.get(pk=owner.pk) if owner else None

    def hand_over(self, about: int, how: int) -> None:
        kind = list(PartKind)[about % 3]
        model = {PartKind.DEPARTMENT: Department, PartKind.JOURNEY: Journey, PartKind.JOB: JobToBeDone}[kind]
        part = self.one(model, how)
        name = part.name if part else f"New {kind}"
        save_part(kind=kind, part_id=part.pk if part else None, name=name, owner=self.owner(how), by=self.boss)

    def map(self, about: int, how: int) -> None:
        touchpoint = self.one(Touchpoint, how) if how != 5 else None
        map_reasons(reason_ids=[self.reasons[about % 4].pk], touchpoint=touchpoint, by=self.boss)

    def name(self, about: int, how: int) -> None:
        name_job(reason_ids=[self.reasons[about % 4].pk], job=self.one(JobToBeDone, how), by=self.boss)

    def move(self, about: int, how: int) -> None:
        row = self.one(Touchpoint, about)
        save_touchpoint(
            touchpoint_id=row.pk,
            name=row.name,
            department=self.one(Department, how),
            journey=self.one(Journey, how) if about % 2 else None,
            by=self.boss,
        )

    def remove(self, about: int, how: int) -> None:
        if about % 3:
            into = self.one(Touchpoint, how)
            remove_touchpoint(touchpoint_id=self.one(Touchpoint, about).pk, into_id=into.pk, by=self.boss)
        else:
            remove_part(kind=PartKind.JOURNEY, part_id=self.one(Journey, how).pk, by=self.boss)

    def by_hand(self, about: int, how: int) -> None:
        user, reason = self.owner(about), self.reasons[how % 4]
        if user and how % 2:
            give_grant(user_id=user.pk, scope=GrantScope.REASON, target_id=reason.pk, by=self.boss)
        elif user:
            found = Grant.objects.filter(user=user).first()
            take_grant(user_id=user.pk, grant_id=found.pk if found else 0, by=self.boss)
        pump_everything()

    def close(self, about: int, how: int) -> None:
        if user := self.owner(about):
            (deactivate_person if how % 2 else reactivate_person)(user_id=user.pk, by=self.boss)
        pump_everything()

    def change_role(self, about: int, how: int) -> None:
        if user := self.owner(about):
            role = Role.AGENT if how % 3 == 0 else Role.EXPERIENCE_OWNER
            change_person(user_id=user.pk, email=user.email, name=user.name, role=role, team=None, by=self.boss)
        pump_everything()


@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=4, max_size=25))
def test_whatever_happens_the_grants_of_ownership_are_what_the_map_says(db: None, steps: list) -> None:
    with sandbox():
        office = Office()
        for deed, about, how in steps:
            try:
                office.deeds[deed](about, how)
            except DomainError:
                continue
            assert granted_by_rule() == said_by_the_map()


@pytest.fixture
def billing(db: None) -> Department:
    return a_department("Billing", an_owner(name="Bea"))


def test_a_new_owner_sees_at_once_and_the_former_one_no_more(admin: User, billing: Department) -> None:
    reason = a_reason()
    mapped(reason, a_touchpoint(billing))
    former, new = billing.owner, an_owner()
    EventRow.objects.all().delete()

    save_part(kind=PartKind.DEPARTMENT, part_id=billing.pk, name="Billing", owner=new, by=admin)

    assert granted_by_rule() == {(new.pk, reason.pk)}
    told = EventRow.objects.filter(kind="access_changed").values_list("agent_id", flat=True)
    assert former is not None
    assert sorted(told) == sorted([former.pk, new.pk])


def test_what_a_person_gave_stays_whatever_the_map_says(admin: User, billing: Department) -> None:
    assert billing.owner is not None
    reason = a_reason()
    by_hand = make_grant(billing.owner, GrantScope.REASON, reason.pk)
    touchpoint = a_touchpoint(billing)

    map_reasons(reason_ids=[reason.pk], touchpoint=touchpoint, by=admin)
    map_reasons(reason_ids=[reason.pk], touchpoint=None, by=admin)

    assert list(Grant.objects.filter(user=billing.owner)) == [by_hand]


def test_a_grant_of_ownership_is_not_taken_by_hand(admin: User, billing: Department) -> None:
    mapped(a_reason(), a_touchpoint(billing))
    grant = Grant.objects.get(rule=RULE)

    with pytest.raises(GrantIsByRuleError):
        take_grant(user_id=grant.user_id, grant_id=grant.pk, by=admin)


def test_an_owner_moves_the_own_reasons_only_between_own_touchpoints(billing: Department) -> None:
    owner = billing.owner
    assert owner is not None
    here, there, elsewhere = a_touchpoint(billing), a_touchpoint(billing), a_touchpoint(a_department())
    own, free, anothers = a_reason(), a_reason(), a_reason()
    mapped(own, here)
    mapped(anothers, elsewhere)

    map_reasons(reason_ids=[own.pk], touchpoint=there, by=owner)
    assert ReasonTouchpoint.objects.get(reason=own).touchpoint == there

    for reason, touchpoint in ((free, here), (anothers, here), (own, elsewhere), (own, None)):
        with pytest.raises(NotAllowedError):
            map_reasons(reason_ids=[reason.pk], touchpoint=touchpoint, by=owner)
    for job in (a_job(owner=an_owner()),):
        with pytest.raises(NotAllowedError):
            name_job(reason_ids=[own.pk], job=job, by=owner)
    with pytest.raises(NotAllowedError):
        save_touchpoint(
            touchpoint_id=here.pk, name="Here", department=billing, journey=a_journey(owner=an_owner()), by=owner
        )
    assert {reason for _user, reason in granted_by_rule()} == {own.pk}


def test_nobody_else_changes_the_map(billing: Department, alice: User) -> None:
    reason = a_reason()
    touchpoint = a_touchpoint(billing)
    with pytest.raises(NotAllowedError):
        map_reasons(reason_ids=[reason.pk], touchpoint=touchpoint, by=alice)
    with pytest.raises(NotAllowedError):
        save_part(kind=PartKind.DEPARTMENT, part_id=billing.pk, name="Mine", owner=alice, by=billing.owner)
    with pytest.raises(NotAllowedError):
        remove_touchpoint(touchpoint_id=touchpoint.pk, by=alice)
    assert not ContactReason.objects.filter(pk__in=ReasonTouchpoint.objects.values("reason")).exists()
