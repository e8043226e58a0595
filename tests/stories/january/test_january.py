"""A real bank's January of 1999: every figure equals what was computed from the same file by other means.

In Python, in the API, on the page and in its CSV: counts exactly, ratios to four decimals.
"""

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from analytics.facts.models import Fact
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from interactions.cases.choices import Outcome
from interactions.doors.models import ImportRun
from interactions.models import HistorySource, Interaction, Segment
from tests.factories.derived import assert_derived_is_true, everything_derived
from tests.factories.imports import row_counts
from tests.stories.january.conftest import MAPPING, import_again, january_file

pytestmark = pytest.mark.real_data

JANUARY = Period(date(1999, 1, 1), date(1999, 1, 31))
# What of a figure is compared: what is counted, what it is divided by, and the quotient.
Parts = tuple[int, int | None, float]


def expected_figures(reference: dict[str, Any]) -> dict[str, Parts]:
    """Every reference figure by the key of the registry."""
    outcomes, offered = reference["outcome_counts"], reference["offered_AGENT_plus_HANG"]
    agent, hang, queued = outcomes["AGENT"], outcomes["HANG"], reference["AGENT_with_q_time>0"]
    given_up = reference["HANG_with_q_time>0"]
    found: dict[str, Parts] = {
        "answered": (agent, None, agent),
        "abandoned": (hang, None, hang),
        "not_contacts": (outcomes["PHANTOM"], None, outcomes["PHANTOM"]),
        "offered": (offered, None, offered),
        "abandon_offered": (hang, offered, reference["abandon_rate__HANG/(AGENT+HANG)"]),
        "abandon_queue": (
            given_up, given_up + queued, reference["abandon_rate_queued_only__HANG&q>0/(AGENT&q>0 + HANG&q>0)"],
        ),
    }  # fmt: skip
    for seconds in (5, 10):
        rate = reference[f"abandon_rate_excluding_short_abandons_q<={seconds}s"]
        late = round(rate * agent / (1 - rate))
        found[f"abandon_offered_ex{seconds}"] = (late, agent + late, rate)
    means = {
        "asa_all_answered": (agent, reference["ASA_mean_q_time_over_all_AGENT"]),
        "asa_queued": (queued, reference["mean_q_time_over_AGENT_with_q>0"]),
        "wait_abandoned": (given_up, reference["mean_q_time_over_HANG_with_q>0"]),
    }
    for key, name in (("aht", "AHT_AGENT_all"), ("aht_truncated", "AHT_AGENT_0<ser<=3600 (Brown et al. truncation)")):
        means[key] = (reference[name]["n"], reference[name]["mean"])
    found |= {key: (round(n * mean), n, mean) for key, (n, mean) in means.items()}
    for seconds in (20, 30, 60):
        level = reference[f"service_level_{seconds}s"]
        within = level["answered_within_T"]
        for variant, name in (("d", "/(AGENT+HANG)"), ("f", "/AGENT"), ("c", "/(AGENT + HANG with q>T)")):
            found[f"service_level_{variant}_{seconds}"] = (within, round(within / level[name]), level[name])
    [repeats] = [value for name, value in reference.items() if name.startswith("repeat_within")]
    followers = {"any": "AGENT contact -> next any contact (AGENT or HANG)",
                 "same": "AGENT contact -> next AGENT contact of the same type"}  # fmt: skip
    for days in (1, 3, 7):
        for issue, name in followers.items():
            one = repeats[f"{days}d"][name]
            found[f"followed_{issue}_{days}d"] = (one["repeat"], one["eligible"], one["repeat_share"])
    return found


@pytest.fixture(scope="session")
def expected(reference: dict[str, Any]) -> dict[str, Parts]:
    return expected_figures(reference)


def rounded(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Counts as they are, the value to four decimals."""
    return (*parts[:-1], round(float(parts[-1]), 4))


def all_rounded(figures: dict[str, Any], expected: dict[str, Parts]) -> dict[str, Any]:
    return {key: rounded(figures[key]) for key in expected}


def by_api(client: Client, keys: list[str], **more: str) -> dict[str, Parts]:
    query = {"from": "1999-01", "to": "1999-01", "keys": ",".join(keys)} | more
    body = client.get("/api/v1/figures", query).json()
    return {one["key"]: (one["numerator"], one["denominator"], one["value"]) for one in body["figures"]}


def by_page(client: Client, page: str, **more: str) -> dict[str, tuple[Any, ...]]:
    """The figures of every table of figures on a page, by the row's key: value, and its parts where it shows them."""
    html = client.get(f"/dashboards/{page}/", {"from": "1999-01", "to": "1999-01"} | more).content.decode()
    found: dict[str, tuple[Any, ...]] = {}
    for key, row in re.findall(r'<tr[^>]* id="row-([a-z_0-9]+)">(.*?)</tr>', html, re.S):
        values = [float(text) for text in re.findall(r'data-value="([^"]+)"', row)]
        if values:
            found[key] = (
                (int(values[1]), int(values[2]), values[0]) if len(values) > 2 else (values[0], None, values[0])
            )
    return found


def by_csv(client: Client, page: str, panel: str, **more: str) -> dict[str, Parts]:
    answer = client.get(f"/dashboards/export/{page}/{panel}.csv", {"from": "1999-01", "to": "1999-01"} | more)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["group_key"] in {"", "voice"}]
    return {
        row["figure"]: (int(row["numerator"]), int(row["denominator"]) if row["denominator"] else None,
                        float(row["value"]))
        for row in rows
        if row["state"] == "ready" and row["numerator"]
    }  # fmt: skip


def everywhere(client: Client, read: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What all pages or all exports say."""
    found: dict[str, Any] = {}
    for x in ("20", "30", "60"):
        found |= read(client, x)
    return found


def on_pages(client: Client, x: str) -> dict[str, Any]:
    return by_page(client, "operations", x=x) | by_page(client, "resolution")


def in_exports(client: Client, x: str) -> dict[str, Any]:
    panels = (("operations", "outcomes"), ("operations", "waiting"), ("operations", "abandonment"),
              ("operations", "service_level"), ("operations", "handling"), ("resolution", "follow_ups"))  # fmt: skip
    found: dict[str, Any] = {}
    for page, panel in panels:
        found |= by_csv(client, page, panel, x=x)
    return found


def test_the_import_takes_every_row_and_lists_the_negative_times(db: None, imported: ImportRun) -> None:
    run = imported
    assert (run.rows_read, run.rows_added, run.rows_known, run.rows_rejected) == (31_599, 31_599, 0, 0)
    assert run.rows_flagged == run.issues.count() == 33
    assert Segment.objects.filter(is_duration_known=False).count() == 33
    outcomes = Counter(Interaction.objects.values_list("outcome", flat=True))
    assert outcomes == {Outcome.HANDLED: 27_060, Outcome.ABANDONED: 4_299, Outcome.NOT_A_CONTACT: 240}
    source = HistorySource.objects.get()
    assert (source.time_zone, source.covered_from, source.covered_until) == (
        "Asia/Jerusalem", date(1999, 1, 1), date(1999, 2, 1),
    )  # fmt: skip


def test_the_api_says_what_the_reference_says(boss: Client, expected: dict[str, Parts]) -> None:
    assert all_rounded(by_api(boss, list(expected)), expected) == {k: rounded(v) for k, v in expected.items()}


def test_the_pages_say_what_the_reference_says(boss: Client, expected: dict[str, Parts]) -> None:
    found = everywhere(boss, on_pages)
    with_parts = {key: parts for key, parts in expected.items() if not key.startswith("aht")}
    assert all_rounded(found, with_parts) == {k: rounded(v) for k, v in with_parts.items()}
    from_api = by_api(boss, list(expected))
    assert {key: found[key] for key in with_parts} == {key: from_api[key] for key in with_parts}
    assert handle_times(boss) == (from_api["aht"][-1], from_api["aht_truncated"][-1])


def handle_times(client: Client) -> tuple[float, float]:
    """The mean of all and the truncated one, of voice, which a table by channel shows first and last."""
    html = client.get("/dashboards/operations/?from=1999-01&to=1999-01").content.decode()
    table = html.partition("Handle time by channel</caption>")[2]
    row = re.search(r'id="row-voice">(.*?)</tr>', table, re.S)
    values = [float(text) for text in re.findall(r'data-value="([^"]+)"', row[1] if row else "")]
    return values[0], values[-1]


def test_the_exports_say_what_the_reference_says(boss: Client, expected: dict[str, Parts]) -> None:
    assert all_rounded(everywhere(boss, in_exports), expected) == {k: rounded(v) for k, v in expected.items()}


def test_the_rows_behind_a_figure_are_as_many_as_it_counts(boss: Client, expected: dict[str, Parts]) -> None:
    for key in ("not_contacts", "abandon_queue", "followed_same_3d", "service_level_f_20"):
        asked = {"from": "1999-01", "to": "1999-01", "kpi": key, "format": "csv"}
        lines = b"".join(boss.get("/dashboards/rows/", asked).streaming_content).count(b"\r\n") - 1  # type: ignore[attr-defined]
        assert (key, lines) == (key, expected[key][0])


def test_the_unidentified_share_stands_beside_every_repeat_figure(boss: Client, reference: dict[str, Any]) -> None:
    share = 1 - reference["identified"]["share_of_AGENT+HANG_rows_identified"]
    page = by_page(boss, "resolution")
    offered = reference["offered_AGENT_plus_HANG"]
    identified = reference["identified"]["contacts"]
    assert rounded(page["unidentified_share"]) == (offered - identified, offered, round(share, 4))
    html = boss.get("/dashboards/resolution/?from=1999-01&to=1999-01").content.decode()
    panels = re.findall(r'<(?:section|article)[^>]* id="(?:panel|tile)-(\w+)"(.*?)</(?:section|article)>', html, re.S)
    telling = {name for name, text in panels if "57.8%" in text}
    assert {"repeat_rate", "unidentified_share", "follow_ups"} <= telling
    definitions = {one["key"]: one for one in boss.get("/api/v1/definitions").json()["definitions"]}
    repeats = [one for key, one in definitions.items() if "follow" in key or key in {"fcr", "repeat_rate"}]
    assert all(one["beside"] == ["unidentified_share"] for one in repeats)


def test_facts_and_rollups_of_the_month_are_those_of_a_rebuild(db: None) -> None:
    assert_derived_is_true()


def test_the_same_log_again_changes_nothing(db: None) -> None:
    before = row_counts(), everything_derived()
    import_again()

    run = ImportRun.objects.order_by("-pk")[0]
    assert (run.rows_added, run.rows_known) == (0, 31_599)
    assert (row_counts(), everything_derived()) == before


def test_clocks_that_pass_midnight_end_on_the_next_day(db: None) -> None:
    over_midnight = [one for one in Fact.objects.filter(handle_seconds__gt=0) if one.end_day != one.day]
    assert len(over_midnight) >= 21
    assert Fact.objects.filter(handle_seconds__lt=0).count() == Fact.objects.filter(wait_seconds__lt=0).count() == 0


def a_few_calls_of_february(path: Path) -> Path:
    """The customers of January's last two days call again on 1 February and on the 20th."""
    late = Fact.objects.filter(day__gte=date(1999, 1, 30), follow_n=1).values_list("interaction_id", flat=True)[:40]
    names = Interaction.objects.filter(pk__in=list(late)).values_list("identity__value", flat=True)
    with gzip.open(january_file(), "rt") as january:
        head = january.readline().rstrip()
    lines = [
        f"AA0101\t{9000 + number}\t{name.rsplit(':', 1)[-1]}\t0\tPS\t{day}\t10:00:00\t10:00:10\t10\t0:00:00\t0:00:00\t0"
        "\tAGENT\t10:00:10\t10:02:10\t120\tMICHAL"
        for number, name in enumerate(sorted(set(names)))
        for day in ("990201", "990220")
    ]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_februarys_calls_leave_january_as_it_was_under_its_own_horizon(
    boss: Client, expected: dict[str, Parts], tmp_path: Path
) -> None:
    call_command("import_history", a_few_calls_of_february(tmp_path / "february.txt"), mapping=MAPPING, verbosity=0)
    pump_everything()
    assert HistorySource.objects.get().covered_until == date(1999, 3, 1)
    follow_ups = [key for key in expected if key.startswith("followed")]

    known_now = by_api(boss, follow_ups)
    as_published = by_api(boss, list(expected), horizon="period")

    assert all_rounded(as_published, expected) == {k: rounded(v) for k, v in expected.items()}
    assert known_now["followed_any_1d"][1] == 11_481
    assert known_now["followed_any_1d"][0] > expected["followed_any_1d"][0]
    shown = by_page(boss, "resolution", horizon="period")
    assert {key: rounded(shown[key]) for key in follow_ups} == {key: rounded(expected[key]) for key in follow_ups}


def test_figures_read_in_python_are_those_of_the_api(boss: Client, expected: dict[str, Parts]) -> None:
    user = User.objects.get(pk=boss.session["_auth_user_id"])
    answer = read_figures(
        keys=list(expected), period=JANUARY, comparison=None, filters=Filters(), split_by=Split.NONE, user=user
    )
    found = {key: (one.numerator, one.denominator, one.value) for key, one in answer.total.items()}
    assert found == by_api(boss, list(expected))
