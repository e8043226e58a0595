"""The pages of figures: their states, their addresses, and who finds them."""

import html
import re
from datetime import date
from math import isclose
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from analytics.kpis.definition import Aggregation, Unit
from analytics.kpis.questions import Period, day_of, filters_of, last_day_of
from analytics.kpis.registry import kpi_of
from analytics.kpis.rows import At, Part, RowsOf, rows_of
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.models import User
from interactions.models import ContactReason
from tests.analytics.dashboards.conftest import DAY, signed_in
from tests.factories.figures import a_queue, a_reason, a_team, an_administrator, answered, facts, summed

PAGES = ["/dashboards/", "/dashboards/operations/", "/dashboards/resolution/"]
ALL = [
    *PAGES,
    "/dashboards/definitions/",
    "/dashboards/rows/?kpi=contacts",
    "/dashboards/export/overview/contacts.csv",
]
# A figure with its link to rows: in a table, and in the week by the hour.
CELL = r'<td[^>]*data-value="([^"]+)"[^>]*>\s*<span[^>]*>(?:<svg.*?</svg> )?<a href="(/dashboards/rows/[^"]+)"'
HOUR = r'<a class="heat-link" href="([^"]+)"><span class="heat-text">\d\d:00 ([\d.]+)<'
MARCH = "?from=2026-03&to=2026-03"


@pytest.mark.parametrize("page", ALL)
def test_every_page_answers_who_may_see_figures(boss, centre, page) -> None:
    assert boss.get(page).status_code == 200


@pytest.mark.parametrize("page", ALL)
def test_who_may_not_see_figures_finds_no_page(charlie, centre, page) -> None:
    assert charlie.get(page).status_code == 404
    assert not AuditEntry.objects.filter(action="exported").exists()


@pytest.mark.parametrize("page", ALL)
def test_a_stranger_is_asked_to_sign_in(db, page) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("page", ALL)
def test_pages_are_only_read(boss, page) -> None:
    assert boss.post(page).status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_a_period_without_contacts_leads_to_the_newest_month_that_has_some(boss, centre, page) -> None:
    text = boss.get(f"{page}?from=1999-01&to=1999-01").content.decode()
    assert "No contacts in January 1999." in text
    assert f"{page}?from=2026-03&amp;to=2026-03" in text


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_centre_says_so(boss, page) -> None:
    assert "There are no contacts that you may see yet." in boss.get(page).content.decode()


@pytest.mark.parametrize(
    "asked", ["?from=yesterday", "?from=2026-03-10&to=2026-03-01", "?from=0001-01-01&to=9999-12-31"]
)
def test_a_period_that_is_none_shows_the_usual_one_and_says_so(boss, centre, asked) -> None:
    answer = boss.get(f"/dashboards/{asked}")
    assert answer.status_code == 200
    assert "dashboard-problem" in answer.content.decode()


@pytest.mark.parametrize(
    "asked",
    ["?channel=pigeon", "?team=1", "?queue=00000000-0000-0000-0000-000000000000", "?reason=%27"],
)
def test_a_filter_that_names_nothing_is_no_page(boss, centre, asked) -> None:
    assert boss.get(f"/dashboards/{asked}").status_code == 404


@pytest.mark.parametrize("preset", ["today", "yesterday", "7d", "30d", "quarter"])
def test_presets_stay_in_the_address(boss, centre, preset) -> None:
    text = boss.get(f"/dashboards/?period={preset}").content.decode()
    assert re.search(rf'href="/dashboards/\?period={preset}" aria-current="true"', text)


def test_the_overview_shows_at_most_five_tiles(boss, centre) -> None:
    text = boss.get(f"/dashboards/{MARCH}").content.decode()
    assert text.count("<article") == 5
    assert "First contact resolution" in text
    assert "10.0% unidentified" not in text
    assert "37.5% unidentified" in text


def test_a_lead_sees_the_figures_of_the_team_only(lead, boss, centre) -> None:
    of_lead = lead.get(f"/dashboards/rows/{MARCH}&kpi=contacts").content.decode()
    of_boss = boss.get(f"/dashboards/rows/{MARCH}&kpi=contacts").content.decode()
    assert "37 contacts in March 2026" in of_lead
    assert "40 contacts in March 2026" in of_boss


def test_a_lead_cannot_ask_for_another_team(lead, centre) -> None:
    assert lead.get(f"/dashboards/?team={centre['other'].public_id}").status_code == 404
    assert lead.get(f"/dashboards/?team={centre['team'].public_id}").status_code == 200


def test_every_panel_of_every_page_can_be_exported(boss, centre) -> None:
    for page in PAGES:
        text = boss.get(f"{page}{MARCH}").content.decode()
        for url in set(re.findall(r'href="(/dashboards/export/[^"]+)"', text)):
            answer = boss.get(url.replace("&amp;", "&"))
            assert answer.status_code == 200, url
            assert answer["Content-Type"].startswith("text/csv")
            assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbffrom,to,group")


def behind(url: str, user: User, part: str = "") -> RowsOf:
    """The rows that an address of the pages opens."""
    asked = dict(parse_qsl(urlsplit(html.unescape(url)).query))
    return rows_of(
        kpi=kpi_of(asked["kpi"]),
        part=Part(part or asked["part"]),
        period=Period(day_of(asked["from"]), last_day_of(asked["to"])),
        filters=filters_of(asked, user=user),
        user=user,
        at=At.told(asked.get("hour", ""), asked.get("weekday", "")),
    )


def told_by_rows(url: str, user: User) -> set[float]:
    """What a cell that opens these rows may say: what they count, or the quotient they are a part of."""
    rows = behind(url, user)
    kpi, total = rows.kpi, rows.totals()[1]
    unit = 100 if kpi.unit is Unit.CENTS else 1
    under = behind(url, user, "denominator").totals()[1] if kpi.denominator else 0
    return {float(total), total / unit, kpi.scale * total / under / unit if under else 0.0}


def test_every_figure_opens_exactly_its_rows(centre) -> None:
    user = an_administrator()
    client = signed_in(user)
    parent = a_reason("Money")
    ContactReason.objects.filter(pk=centre["reason"].pk).update(parent=parent)
    answered(2, DAY, wait=3, reason_id=parent.pk, identified=1, repeat=1, hour=14, weekday=2)
    facts(12, DAY, contacts=1, csat_n=1, csat_top=1, csat_s=5, ces_n=1, ces_easy=1, ces_s=6, reason_id=parent.pk)
    summed()
    of_one_day = "/dashboards/?from=2026-03-10&to=2026-03-10"
    opened: set[str] = set()
    for page in [*PAGES, "/dashboards/customers-say/", "/owners/", "/owners/unmapped/department/", of_one_day]:
        answer = client.get(page if "?" in page else f"{page}{MARCH}")
        assert answer.status_code == 200
        text = answer.text
        for value, url in re.findall(CELL, text):
            kpi = dict(parse_qsl(urlsplit(html.unescape(url)).query))["kpi"]
            assert is_without_sum(kpi) or any(isclose(float(value), told) for told in told_by_rows(url, user)), url
            opened.add(kpi)
        for url, value in re.findall(HOUR, text):
            assert float(value) in told_by_rows(url, user), url
            opened.add("an hour of the week")
    assert "an hour of the week" in opened
    assert len(opened) > 40


def is_without_sum(key: str) -> bool:
    """Quantiles and different customers: their rows are those of their contacts."""
    return kpi_of(key).aggregation in {Aggregation.QUANTILE, Aggregation.DISTINCT}


def test_a_list_of_rows_says_what_of_all_contacts_it_holds(boss, centre) -> None:
    asked = f"&kpi=contacts&queue={centre['queue'].public_id}&reason={centre['reason'].public_id}&below=0&channel=voice"
    text = boss.get(f"/dashboards/rows/{MARCH}{asked}&weekday=2&hour=10").text
    chosen = re.findall(r"<li>([^<]+)</li>", text.partition("chosen-filters")[2].partition("</ul>")[0])
    assert chosen == ["Voice", "Bills", "Wrong bill, without those below it", "Tuesday", "10:00–11:00"]


def test_an_export_leaves_a_trace(boss, centre) -> None:
    b"".join(boss.get(f"/dashboards/rows/{MARCH}&kpi=contacts&format=csv").streaming_content)
    boss.get(f"/dashboards/export/overview/contacts.csv{MARCH}")
    kinds = AuditEntry.objects.filter(action="exported").order_by("pk").values_list("object_kind", flat=True)
    assert list(kinds) == ["analytics.rows", "analytics.panel"]


def test_rows_are_exported_whole(boss, centre) -> None:
    lines = b"".join(boss.get(f"/dashboards/rows/{MARCH}&kpi=contacts&format=csv").streaming_content).decode()
    assert len(lines.strip().splitlines()) == 41


def test_a_name_that_is_a_formula_cannot_run_in_a_spreadsheet(boss, centre) -> None:
    reason = a_reason('=HYPERLINK("http://example.org")')
    facts(3, DAY, identified=1, repeat=1, contacts=1, offered=1, reason_id=reason.pk)
    summed()
    text = b"".join(boss.get(f"/dashboards/export/overview/reasons.csv{MARCH}").streaming_content).decode()
    assert "'=HYPERLINK" in text
    assert ",=HYPERLINK" not in text
    assert ',"=HYPERLINK' not in text


def test_names_are_shown_as_text(boss, centre) -> None:
    a_team("<script>alert(1)</script>")
    text = boss.get("/dashboards/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    "query",
    [
        "?kpi=",
        "?kpi=nothing",
        "?kpi=contacts&part=both",
        "?kpi=occupancy",
        "?kpi=contacts&cursor=x",
        "?weekday=1",
        "?hour=24",
        "?hour=1&weekday=8",
    ],
)
def test_rows_of_what_is_no_figure_are_no_page(boss, centre, query) -> None:
    assert boss.get(f"/dashboards/rows/{query}").status_code == 404


def test_switches_of_operations_live_in_the_address(boss, centre) -> None:
    text = boss.get(f"/dashboards/operations/{MARCH}&x=60&heat=asa_all_answered").content.decode()
    assert "service_level_a_60" in text
    assert "Queued only, without short ones" in text
    assert "Average speed of answer by weekday and hour" in text


def test_switches_of_resolution_live_in_the_address(boss, centre) -> None:
    text = boss.get(f"/dashboards/resolution/{MARCH}&followed=same&within=3").content.decode()
    assert "Back within 3 d" in text
    assert "within 3 × 24 hours of their start by an answered contact about the same reason" in text


def test_immature_days_are_marked_in_the_table(boss, centre) -> None:
    text = boss.get(f"/dashboards/resolution/{MARCH}").content.decode()
    assert "data-unripe" in text
    assert "5 younger cases are not mature yet and drawn dotted." in text


def test_definitions_have_an_anchor_for_every_figure(boss, db) -> None:
    from analytics.kpis.registry import REGISTRY

    text = boss.get("/dashboards/definitions/").content.decode()
    for key in REGISTRY:
        assert f'id="{key}"' in text


@pytest.mark.parametrize("page", [*PAGES, "/dashboards/rows/?kpi=contacts&from=2026-03&to=2026-03"])
def test_pages_ask_no_more_when_there_is_more(boss, centre, queries_do_not_grow, page) -> None:
    def more() -> None:
        for number in range(20):
            team, queue, reason = a_team(), a_queue(), a_reason()
            answered(
                1,
                date(2026, 3, 2 + number),
                team_id=team.pk,
                queue_id=queue.pk,
                reason_id=reason.pk,
                handle_n=1,
                handle_s=10,
                identified=1,
                handle_seconds=10,
            )
        summed()

    joined = page if "?" in page else f"{page}{MARCH}"
    assert queries_do_not_grow(lambda: boss.get(joined), more) < 60


def test_groups_stand_beside_the_period_before(boss, centre) -> None:
    answered(10, date(2026, 3, 9), queue_id=centre["queue"].pk, team_id=centre["team"].pk)
    summed()
    of_a_day = "/dashboards/operations/?from=2026-03-10&to=2026-03-10"
    queues = _table(boss.get(of_a_day).content.decode(), "Figures by queue")
    assert re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", queues)[:3] == ["Queue", "Offered", "Change"]
    assert "+100.0%" in _row(queues, "Bills").split("</td>")[1]
    teams = _table(boss.get(of_a_day).content.decode(), "Figures by team")
    assert "Change" in teams


def test_nothing_stands_beside_groups_where_no_comparison_is_asked_for(boss, centre) -> None:
    page = boss.get("/dashboards/operations/?from=2026-03-10&to=2026-03-10&compare=none").content.decode()
    assert "Change" not in _table(page, "Figures by queue")


def test_a_mean_of_handle_times_has_its_percentiles_beside_it(boss, centre) -> None:
    facts(2, DAY, contacts=1, handle_n=1, handle_s=900, talk_s=900, handle_seconds=900)
    summed()
    page = boss.get("/dashboards/?from=2026-03-10&to=2026-03-10").content.decode().replace("\xa0", " ")
    # 20 calls of 120 s and two of 900 s: 9 in 10 are within 120 s, the mean is 191 s.
    assert "half within 2 m 00 s, 9 in 10 within 2 m 00 s" in page


def _table(page: str, caption: str) -> str:
    return next(one for one in re.findall(r"<table.*?</table>", page, re.S) if caption in one)


def _row(table: str, name: str) -> str:
    return next(one for one in re.findall(r"<tr.*?</tr>", table, re.S) if name in one)
