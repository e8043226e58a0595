import pytest
from django.db import IntegrityError
from django.test import Client

from ccx.kernel.models import EventRow, User
from interactions.cases.errors import ReasonTreeHasCycleError
from interactions.cases.services.reasons import save_reason
from interactions.models import ContactReason
from tests.fixtures_people import admin, alice, team

__all__ = ["admin", "alice", "team"]


def _reason(code: str, parent: ContactReason | None = None) -> ContactReason:
    return ContactReason.objects.create(code=code, name=code.title(), parent=parent)


def _changed() -> list[tuple[int, int | None]]:
    rows = EventRow.objects.filter(kind="reason_changed").order_by("id")
    return [(row.data["reason_id"], row.actor_id) for row in rows]


def test_another_parent_or_window_is_told_and_another_name_is_not(admin: User) -> None:
    top, leaf = _reason("delivery"), _reason("late")
    leaf.parent = top
    save_reason(reason=leaf, by=admin)
    leaf.resolution_window_days = 14
    save_reason(reason=leaf, by=admin)
    leaf.name = "Too late"
    save_reason(reason=leaf, by=admin)
    assert _changed() == [(leaf.pk, admin.pk)] * 2


def test_a_new_reason_measures_nothing_anew(admin: User) -> None:
    save_reason(reason=ContactReason(code="new", name="New", parent=_reason("top")), by=admin)
    assert _changed() == []


def test_a_reason_cannot_stand_below_itself(admin: User) -> None:
    top = _reason("a")
    middle = _reason("b", top)
    leaf = _reason("c", middle)
    top.parent = leaf
    with pytest.raises(ReasonTreeHasCycleError):
        save_reason(reason=top, by=admin)
    assert ContactReason.objects.get(pk=top.pk).parent_id is None
    assert _changed() == []


def test_the_database_refuses_a_reason_that_is_its_own_parent(db: None) -> None:
    reason = _reason("a")
    with pytest.raises(IntegrityError):
        ContactReason.objects.filter(pk=reason.pk).update(parent=reason)


def _fields(reason: ContactReason, **new: object) -> dict[str, object]:
    fields = {"name": reason.name, "code": reason.code, "resolution_window_days": 7, "is_active": "on", "parent": ""}
    return fields | new


def test_the_configuration_page_goes_through_the_service(client: Client, admin: User) -> None:
    client.force_login(admin)
    reason = _reason("late")
    page = f"/admin/interactions/contactreason/{reason.pk}/change/"
    assert client.post(page, _fields(reason, resolution_window_days=21)).status_code == 302
    assert ContactReason.objects.get().resolution_window_days == 21
    assert _changed() == [(reason.pk, admin.pk)]


def test_the_configuration_page_says_what_is_wrong_with_a_circle(client: Client, admin: User) -> None:
    client.force_login(admin)
    top = _reason("a")
    leaf = _reason("b", top)
    answer = client.post(f"/admin/interactions/contactreason/{top.pk}/change/", _fields(top, parent=leaf.pk))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["parent"] == ["A reason cannot stand below itself."]


def test_a_supervisor_configures_nothing(client: Client, alice: User) -> None:
    client.force_login(alice)
    reason = _reason("late")
    page = f"/admin/interactions/contactreason/{reason.pk}/change/"
    assert client.post(page, _fields(reason, name="Mine")).status_code == 404
    assert ContactReason.objects.get().name == "Late"


@pytest.mark.parametrize(
    "path",
    [
        "/settings/inboxes/",
        "/admin/interactions/queue/add/",
        "/admin/interactions/skill/add/",
        "/admin/interactions/businesshours/add/",
        "/admin/interactions/servicetarget/add/",
        "/admin/interactions/disposition/add/",
        "/admin/interactions/contactreason/add/",
    ],
)
def test_every_kind_of_configuration_has_a_page(client: Client, admin: User, path: str) -> None:
    client.force_login(admin)
    assert client.get(path).status_code == 200


def test_business_hours_take_two_shifts_a_day_and_a_holiday(client: Client, admin: User) -> None:
    client.force_login(admin)
    fields = {"name": "Office", "time_zone": "Europe/Vienna"}
    for prefix, rows in (
        (
            "intervals",
            [{"weekday": 0, "opens": "09:00", "closes": "12:00"}, {"weekday": 0, "opens": "13:00", "closes": "17:00"}],
        ),
        ("holidays", [{"date": "2026-12-25", "name": "Christmas"}]),
    ):
        fields |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
        for number, row in enumerate(rows):
            fields |= {f"{prefix}-{number}-{name}": str(value) for name, value in row.items()}
    answer = client.post("/admin/interactions/businesshours/add/", fields)
    assert answer.status_code == 302, answer.context["errors"]
    from interactions.models import BusinessHours

    hours = BusinessHours.objects.get()
    assert (hours.intervals.count(), hours.holidays.get().name) == (2, "Christmas")
