"""The owner's workspace: totals that agree, nothing hidden, and only what is one's own."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.dashboards.asking import Asked
from analytics.dashboards.owners import parts_panel, sentence, share_of_all
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from ccx.kernel.models import AuditEntry, User
from interactions.cases.choices import AuthorKind
from interactions.channels.choices import Channel
from interactions.models import Inbox, Interaction, Message
from journeys.models import CostRate
from journeys.ownership.choices import PartKind
from tests.analytics.dashboards.conftest import DAY, signed_in
from tests.factories.figures import a_reason, an_administrator, facts, summed
from tests.factories.owners import a_department, a_job, a_journey, a_touchpoint, an_owner, mapped

MARCH = Period(date(2026, 3, 1), date(2026, 3, 30))


@pytest.fixture
def map_(db: None) -> dict[str, Any]:
    """Billing causes 30 contacts of 12 customers, Logistics 10; 8 are of an unmapped reason and 2 of none."""
    bea, leo = an_owner(name="Bea"), an_owner(name="Leo")
    billing, logistics = a_department("Billing", bea), a_department("Logistics", leo)
    moving, job = a_journey("Moving house"), a_job("Pay the right amount", bea)
    invoice, parcel = a_touchpoint(billing, moving), a_touchpoint(logistics)
    wrong, double, late, other = a_reason("Wrong bill"), a_reason("Paid twice"), a_reason("Late"), a_reason("Other")
    mapped(wrong, invoice, job)
    mapped(double, invoice)
    mapped(late, parcel)
    common: dict[str, Any] = {"contacts": 1, "offered": 1, "identified": 1, "channel": Channel.EMAIL}
    for number in range(30):
        reason = wrong if number < 20 else double
        facts(
            1, DAY, reason_id=reason.pk, customer_id=1 + number % 12, repeat=int(number < 6), handle_n=1, handle_s=360,
            cost_cents=450, ces_n=int(number < 12), ces_easy=int(number < 3), csat_n=int(number < 4), csat_top=1,
            avoidable_n=int(number < 5), avoidable_yes=int(number < 4), **common,
        )  # fmt: skip
    facts(10, DAY, reason_id=late.pk, customer_id=3, cost_cents=100, **common)
    facts(8, DAY, reason_id=other.pk, customer_id=77, **common)
    facts(2, DAY, **common)
    summed()
    CostRate.objects.create(valid_from=datetime(2026, 1, 1, tzinfo=UTC), per_hour=45)
    return {"bea": bea, "leo": leo, "billing": billing, "logistics": logistics, "wrong": wrong, "late": late,
            "moving": moving, "job": job}  # fmt: skip


def asked_by(user: User, **fields: Any) -> Asked:
    base: dict[str, Any] = {"period": MARCH, "preset": "", "is_compared": True, "filters": Filters(), "given": {}}
    return Asked(user=User.objects.get(pk=user.pk), **base | {"extra": {}} | fields)


def contacts_by(split: Split, user: User) -> dict[str, int]:
    answer = read_figures(
        keys=["contacts", "customers"], period=MARCH, comparison=None, filters=Filters(), split_by=split, user=user
    )
    assert sum(group.figures["contacts"].n for group in answer.groups) == answer.total["contacts"].n
    return {group.label: group.figures["contacts"].n for group in answer.groups}


def test_parts_add_up_to_the_whole_and_what_is_on_none_is_shown(map_: dict[str, Any]) -> None:
    boss = an_administrator()

    assert contacts_by(Split.DEPARTMENT, boss) == {"Billing": 30, "Logistics": 10, "No department": 10}
    assert contacts_by(Split.JOURNEY, boss) == {"Moving house": 30, "No journey": 20}
    assert contacts_by(Split.JOB, boss) == {"Pay the right amount": 20, "No job": 30}

    table = parts_panel(asked_by(boss)).panel.table
    assert table is not None
    shown = {row.cells[0].text: (row.cells[1].text, row.cells[2].text) for row in table.rows}
    assert shown == {
        "Billing": ("30", "60%"),
        "Logistics": ("10", "20%"),
        "On no department yet": ("10", "20%"),
        "All together": ("50", "100%"),
    }
    page = signed_in(boss).get("/owners/?from=2026-03-01&to=2026-03-30").content.decode()
    overview = signed_in(boss).get("/dashboards/?from=2026-03-01&to=2026-03-30").content.decode()
    assert "50 contacts" in overview
    assert "10 (20%) belong to none yet." in page


def test_a_part_is_counted_alike_from_rollups_and_from_single_contacts(map_: dict[str, Any]) -> None:
    boss, bea = an_administrator(), User.objects.get(pk=map_["bea"].pk)
    for filters in (Filters(), Filters(channel=Channel.EMAIL)):
        by_rollup = read_figures(
            keys=["contacts", "cost", "repeat_contacts"], period=MARCH, comparison=None, filters=filters,
            split_by=Split.DEPARTMENT, user=boss,
        )  # fmt: skip
        assert {group.label: group.figures["cost"].n for group in by_rollup.groups}["Billing"] == 30 * 450
    part = Filters(parts=((PartKind.DEPARTMENT, map_["billing"].pk),))
    for user in (boss, bea):
        answer = read_figures(
            keys=["contacts", "customers", "cost", "cost_per_contact", "handled_time"], period=MARCH,
            comparison=None, filters=part, split_by=Split.REASON, user=user,
        )  # fmt: skip
        total = answer.total
        assert (total["contacts"].n, total["customers"].value, total["cost"].n) == (30, 12, 13_500)
        assert (total["cost_per_contact"].value, total["handled_time"].n) == (450, 30 * 360)
        # A customer with two reasons is one customer: the parts add up to more.
        assert sum(group.figures["customers"].value or 0 for group in answer.groups) == 12 + 10


def test_the_sentence_that_matters(map_: dict[str, Any]) -> None:
    part = Filters(parts=((PartKind.DEPARTMENT, map_["billing"].pk),)).with_reasons()
    told = (
        "Billing caused 30 contacts of 12 customers in 30 days: 60% of all, €135, 20% of the identified ones repeats."
    )
    for user in (an_administrator(), map_["bea"]):
        assert sentence("Billing", asked_by(user, filters=part)) == told
    # Their share of all contacts of one team would tell an owner how many that team has.
    assert share_of_all(asked_by(map_["bea"], filters=Filters(team=5)), 3) is None
    CostRate.objects.all().delete()
    assert "€" not in sentence("Billing", asked_by(map_["bea"], filters=part))


def page_of(user: User, part: Any, **query: str) -> Any:
    dates = {"from": "2026-03-01", "to": "2026-03-30"}
    return signed_in(user).get(reverse("owners:part", args=[part.public_id]), dates | query)


def test_an_owner_finds_the_own_part_and_nobody_elses(map_: dict[str, Any], charlie: Client, lead: Client) -> None:
    bea = map_["bea"]
    own = page_of(bea, map_["billing"]).content.decode()
    assert "Wrong bill" in own
    assert "Paid twice" in own
    # Ten is enough to show a share of answers, four are too few; of five contacts somebody said it.
    assert "Too few" in own
    assert "n = 5" in own
    assert page_of(bea, map_["job"]).status_code == 200
    for part in ("logistics", "moving"):
        assert page_of(bea, map_[part]).status_code == 404
    listed = signed_in(bea).get("/owners/?from=2026-03-01&to=2026-03-30").content.decode()
    assert "Billing" in listed
    assert "Logistics" not in listed
    for stranger in (charlie, lead):
        assert stranger.get("/owners/").status_code == 404
        assert stranger.get(reverse("owners:part", args=[map_["billing"].public_id])).status_code == 404
    assert signed_in(bea).get("/owners/unmapped/department/").status_code == 404
    rows = signed_in(bea).get("/dashboards/rows/", {"department": map_["logistics"].public_id})
    assert rows.status_code == 404


def test_the_rows_behind_a_reason_are_as_many_as_the_page_says(map_: dict[str, Any]) -> None:
    page = page_of(map_["bea"], map_["billing"]).content.decode()
    address = f"department={map_['billing'].public_id}&amp;kpi=contacts&amp;part=numerator&amp;reason="
    assert "reason=" in page
    rows = signed_in(map_["bea"]).get(
        "/dashboards/rows/",
        {"from": "2026-03-01", "to": "2026-03-30", "department": str(map_["billing"].public_id),
         "reason": str(map_["wrong"].public_id), "kpi": "contacts"},
    )  # fmt: skip
    assert "20 contacts in" in rows.content.decode(), address
    costs = signed_in(map_["bea"]).get(
        "/dashboards/rows/",
        {"from": "2026-03-01", "to": "2026-03-30", "department": str(map_["billing"].public_id), "kpi": "cost"},
    )
    assert "30 contacts in 1 Mar – 30 Mar 2026 that add up to €135" in costs.content.decode()


def a_message(reason: Any, body: str) -> None:
    inbox = Inbox.objects.get_or_create(name="Mail", channel=Channel.EMAIL)[0]
    at = datetime(2026, 3, 10, 10, tzinfo=UTC)
    contact = Interaction.objects.create(inbox=inbox, channel=Channel.EMAIL, reason=reason, started_at=at)
    Message.objects.create(interaction=contact, author_kind=AuthorKind.CUSTOMER, body=body, sent_at=at)


def test_customers_words_are_those_of_the_own_reasons_and_that_they_were_read_is_known(map_: dict[str, Any]) -> None:
    a_message(map_["wrong"], "My bill is <b>wrong</b> again")
    a_message(map_["late"], "Where is my parcel?")

    page = page_of(map_["bea"], map_["billing"]).content.decode()

    assert "My bill is &lt;b&gt;wrong&lt;/b&gt; again" in page
    assert "Where is my parcel" not in page
    assert AuditEntry.objects.filter(action="read", object_kind="department", actor_id=map_["bea"].pk).count() == 1


def test_every_state_of_a_part_is_told(map_: dict[str, Any]) -> None:
    boss = an_administrator()
    lonely = a_department("Legal")
    assert "No reason is on Legal yet" in page_of(boss, lonely).content.decode()
    assert "No owner yet" in signed_in(boss).get("/owners/").content.decode()
    empty = page_of(boss, map_["billing"], **{"from": "2026-01-01", "to": "2026-01-31"}).content.decode()
    assert "No contacts in January 2026." in empty
    assert "Nothing of this kind is yours yet" in signed_in(an_owner()).get("/owners/").content.decode()
    CostRate.objects.all().delete()
    assert "No rate" in page_of(boss, map_["billing"]).content.decode()
    # More than a quarter: customers are not counted, everything else is.
    long = page_of(boss, map_["billing"], **{"from": "2025-01-01", "to": "2026-03-30"})
    assert "30" in long.content.decode()


def test_pages_of_owners_cost_as_many_queries_for_many_reasons(map_: dict[str, Any], queries_do_not_grow: Any) -> None:
    client = signed_in(an_administrator())
    touchpoint = a_touchpoint(map_["billing"])

    def more() -> None:
        for _number in range(8):
            reason = a_reason()
            mapped(reason, touchpoint)
            facts(3, DAY, reason_id=reason.pk, contacts=1, customer_id=5)
        summed()

    assert queries_do_not_grow(lambda: client.get("/owners/?from=2026-03-01&to=2026-03-30"), more) < 45


def test_the_figures_of_a_part_can_be_exported_as_shown(map_: dict[str, Any]) -> None:
    answer = signed_in(map_["bea"]).get(
        "/dashboards/export/owners/reasons.csv",
        {"department": str(map_["billing"].public_id), "from": "2026-03-01", "to": "2026-03-30"},
    )
    lines = b"".join(answer).decode().splitlines()  # type: ignore[arg-type]
    assert any(",Wrong bill," in line and ",contacts," in line and ",20," in line for line in lines)
    assert not any("Late" in line for line in lines)
