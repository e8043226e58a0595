"""The map's pages: who edits what, in a page, by htmx, or many at once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ccx.kernel.models import User
from journeys.models import CostRate, Department, ReasonTouchpoint, Touchpoint
from tests.factories.figures import a_reason
from tests.factories.owners import a_department, a_job, a_touchpoint, an_owner, mapped

HTMX = {"HTTP_HX_REQUEST": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss(admin: User) -> Client:
    return signed_in(admin)


def test_a_reason_is_mapped_in_its_line_or_on_a_page_of_its_own(boss: Client) -> None:
    parent, touchpoint, job = a_reason("Money"), a_touchpoint(a_department("Billing")), a_job()
    reason = a_reason("Wrong bill", parent)
    address, prefix = reverse("map:reason", args=[reason.public_id]), f"r{reason.public_id.hex}"

    form = boss.get(address, **HTMX).content.decode()
    assert f'name="{prefix}-touchpoint"' in form
    assert '<optgroup label="Billing">' in form
    line = boss.post(address, {f"{prefix}-touchpoint": touchpoint.public_id, f"{prefix}-job": job.public_id}, **HTMX)
    assert touchpoint.name in line.content.decode()
    assert "<html" not in line.content.decode()
    row = ReasonTouchpoint.objects.get(reason=reason)
    assert (row.touchpoint, row.job) == (touchpoint, job)
    assert "Not on the map" not in boss.get(f"{address}?as=words", **HTMX).content.decode()

    above = reverse("map:reason", args=[parent.public_id])
    a_reason("Paid twice", parent)
    sent = {f"r{parent.public_id.hex}-touchpoint": touchpoint.public_id, f"r{parent.public_id.hex}-with_below": "on"}
    assert boss.post(above, sent | {"back": "/map/?q=bill"})["Location"] == "/map/?q=bill"
    assert ReasonTouchpoint.objects.count() == 3
    assert boss.post(address, {"back": "//evil.example/map/"})["Location"] == "/map/"
    assert not ReasonTouchpoint.objects.filter(reason=reason).exists()


def test_many_ticked_reasons_are_mapped_at_once_and_the_rest_is_found(boss: Client) -> None:
    touchpoint = a_touchpoint(a_department())
    reasons = [a_reason(f"Reason {number}") for number in range(4)]
    page = boss.get("/map/").content.decode()
    assert "4 reasons have no place yet" in page
    shown = f"/dashboards/reason-counts/?shown={reasons[0].public_id},"
    assert f'id="reason-count-{reasons[0].public_id}" hx-swap-oob="true">0<' in boss.get(shown, **HTMX).content.decode()
    ticked = [str(reason.public_id) for reason in reasons[:3]]

    boss.post("/map/reasons/place/", {"reason": ticked, "touchpoint": str(touchpoint.public_id)})

    assert ReasonTouchpoint.objects.filter(touchpoint=touchpoint).count() == 3
    left = boss.get("/map/?show=unmapped").content.decode()
    assert ("Reason 3" in left, "Reason 1" in left) == (True, False)
    assert "No reason fits" in boss.get("/map/?q=nothing+like+it").content.decode()
    boss.post("/map/reasons/place/", {"reason": ticked, "unmap": "1"})
    assert not ReasonTouchpoint.objects.exists()
    told = boss.post("/map/reasons/place/", {"reason": "x"}, follow=True).content.decode()
    assert "Tick the reasons first." in told


def test_an_owner_edits_what_is_the_owners_and_finds_nothing_else(boss: Client) -> None:
    bea = an_owner(name="Bea")
    own, others = a_department("Billing", bea), a_department("Logistics", an_owner())
    invoice, parcel = a_touchpoint(own), a_touchpoint(others)
    wrong, late, free = a_reason("Wrong bill"), a_reason("Late"), a_reason("Free")
    mapped(wrong, invoice)
    mapped(late, parcel)
    client = signed_in(bea)

    page = client.get("/map/").content.decode()
    assert ("Wrong bill" in page, "Late" in page, "Free" in page) == (True, False, False)
    for reason in (late, free):
        assert client.get(reverse("map:reason", args=[reason.public_id])).status_code == 404
    client.post("/map/reasons/place/", {"reason": [str(free.public_id)], "touchpoint": str(invoice.public_id)})
    assert not ReasonTouchpoint.objects.filter(reason=free).exists()
    address, prefix = reverse("map:reason", args=[wrong.public_id]), f"r{wrong.public_id.hex}"
    refused = client.post(address, {f"{prefix}-touchpoint": parcel.public_id})
    assert refused.status_code == 200
    assert ReasonTouchpoint.objects.get(reason=wrong).touchpoint == invoice

    client.post("/map/touchpoints/add/", {"name": "Reminder", "department": own.public_id, "journey": ""})
    client.post("/map/touchpoints/add/", {"name": "Mine now", "department": others.public_id, "journey": ""})
    assert list(Touchpoint.objects.filter(name__in=["Reminder", "Mine now"]).values_list("name", flat=True)) == [
        "Reminder"
    ]
    assert client.get(reverse("map:touchpoint", args=[parcel.public_id])).status_code == 404
    for address in ("/map/costs/", "/map/parts/department/"):
        assert client.get(address).status_code == 404


def test_a_department_is_made_handed_over_and_taken_away(boss: Client) -> None:
    bea = an_owner(name="Bea")
    boss.post("/map/parts/department/add/", {"name": "Billing", "owner": bea.public_id})
    department = Department.objects.get(name="Billing", owner=bea)
    a_touchpoint(department, name="Invoice")
    listed = boss.get("/map/parts/department/").content.decode()
    assert "Bea" in listed
    remove = reverse("map:remove_part", args=["department", department.public_id])
    told = boss.post(remove, follow=True).content.decode()
    assert "still in use" in told
    other = a_department("Finance")
    boss.post(remove, {"into": str(other.public_id)})
    assert Touchpoint.objects.get(name="Invoice").department == other
    assert boss.post("/map/parts/department/add/", {"name": "finance"}).status_code == 200
    assert Department.objects.count() == 1


def test_a_rate_in_the_past_asks_before_it_counts_anew(boss: Client) -> None:
    today = timezone.now().date()
    sent = {"channel": "voice", "from_day": today - timedelta(days=20), "per_hour": "42", "per_contact": "0.30"}
    refused = boss.post("/map/costs/", sent).content.decode()
    assert "would be counted anew" in refused
    assert not CostRate.objects.exists()

    boss.post("/map/costs/", sent | {"is_past_meant": "on"})
    rate = CostRate.objects.get()
    assert "€42.00" in boss.get("/map/costs/").content.decode()
    boss.post(reverse("map:remove_rate", args=[rate.pk]))
    assert CostRate.objects.exists()
    boss.post(reverse("map:remove_rate", args=[rate.pk]), {"is_past_meant": "1"})
    assert not CostRate.objects.exists()
    assert "No rate yet" in boss.get("/map/costs/").content.decode()
