"""A real bank's January 1999, imported: pages, API and export say what an independent computation says."""

import csv
import gzip
import io
import json
import re

import pytest
from django.core.management import call_command

from tests.analytics.dashboards.conftest import signed_in
from tests.factories.figures import an_administrator

pytestmark = pytest.mark.real_data
JANUARY = "from=1999-01&to=1999-01"


@pytest.fixture
def bank(db, real_data, tmp_path):
    """The month on the dashboards; its reference, and somebody who sees everything."""
    folder = real_data / "call_log_anonymous_bank_1999"
    log = tmp_path / "january.txt"
    log.write_bytes(gzip.decompress((folder / "january.txt.gz").read_bytes()))
    call_command("import_history", str(log), mapping="anonymous_bank", stdout=io.StringIO())
    call_command("rebuild_analytics", stdout=io.StringIO())
    return json.loads((folder / "reference_january.json").read_text()), signed_in(an_administrator())


def expected(reference) -> dict[str, tuple[int | None, int | None, float]]:
    """Key of the registry -> numerator, denominator (None where the reference tells none) and value."""
    outcomes = reference["outcome_counts"]
    offered = reference["offered_AGENT_plus_HANG"]
    hung_up, queued = reference["HANG_with_q_time>0"], reference["AGENT_with_q_time>0"]
    told = {
        "offered": (offered, None, offered),
        "answered": (outcomes["AGENT"], None, outcomes["AGENT"]),
        "abandoned": (outcomes["HANG"], None, outcomes["HANG"]),
        "not_contacts": (outcomes["PHANTOM"], None, outcomes["PHANTOM"]),
        "abandon_offered": (outcomes["HANG"], offered, reference["abandon_rate__HANG/(AGENT+HANG)"]),
        "abandon_queue": (
            hung_up,
            hung_up + queued,
            reference["abandon_rate_queued_only__HANG&q>0/(AGENT&q>0 + HANG&q>0)"],
        ),
        "abandon_offered_ex5": (None, None, reference["abandon_rate_excluding_short_abandons_q<=5s"]),
        "abandon_offered_ex10": (None, None, reference["abandon_rate_excluding_short_abandons_q<=10s"]),
        "asa_all_answered": (None, outcomes["AGENT"], reference["ASA_mean_q_time_over_all_AGENT"]),
        "asa_queued": (None, queued, reference["mean_q_time_over_AGENT_with_q>0"]),
        "wait_abandoned": (None, hung_up, reference["mean_q_time_over_HANG_with_q>0"]),
        "wait_median_queued": (None, None, reference["median_q_time_over_AGENT_with_q>0"]),
        "wait_p90": (None, None, reference["p90_q_time_over_all_AGENT_linear_interp"]),
        "aht": (None, reference["AHT_AGENT_all"]["n"], reference["AHT_AGENT_all"]["mean"]),
    }
    truncated = reference["AHT_AGENT_0<ser<=3600 (Brown et al. truncation)"]
    told["aht_truncated"] = (None, truncated["n"], truncated["mean"])
    for seconds in (20, 30, 60):
        level = reference[f"service_level_{seconds}s"]
        within = level["answered_within_T"]
        told[f"service_level_d_{seconds}"] = (within, offered, level["/(AGENT+HANG)"])
        told[f"service_level_f_{seconds}"] = (within, outcomes["AGENT"], level["/AGENT"])
        told[f"service_level_c_{seconds}"] = (within, None, level["/(AGENT + HANG with q>T)"])
    repeats = next(value for name, value in reference.items() if name.startswith("repeat_within"))
    for days in (1, 3, 7):
        followed = repeats[f"{days}d"]
        for issue, name in (
            ("any", "AGENT contact -> next any contact (AGENT or HANG)"),
            ("same", "AGENT contact -> next AGENT contact of the same type"),
        ):
            counts = followed[name]
            told[f"followed_{issue}_{days}d"] = (counts["repeat"], counts["eligible"], counts["repeat_share"])
    return told


def test_the_january_of_the_bank_equals_the_reference_everywhere(bank) -> None:
    reference, client = bank
    told = expected(reference)

    answer = client.get(f"/api/v1/figures?keys={','.join(told)},unidentified_share&{JANUARY}").json()
    figures = {figure["key"]: figure for figure in answer["figures"]}
    for key, (numerator, denominator, value) in told.items():
        figure = figures[key]
        assert numerator in {None, figure["numerator"]}, key
        assert denominator in {None, figure["denominator"]}, key
        assert figure["value"] == pytest.approx(value, abs=5e-5), key
    unidentified = 1 - reference["identified"]["share_of_AGENT+HANG_rows_identified"]
    assert figures["unidentified_share"]["value"] == pytest.approx(unidentified, abs=5e-5)

    operations = client.get(f"/dashboards/operations/?{JANUARY}&x=20").content.decode()
    for shown in ("31,359", "27,060", "4,299", "240", "13.7%", "18.5%", "9.7%", "8.7%", "52.3%", "60.6%", "56.3%"):
        assert f">{shown}<" in operations, shown
    resolution = client.get(f"/dashboards/resolution/?{JANUARY}").content.decode()
    for shown in ("39.0%", "50.9%", "61.1%", "34.7%", "46.2%", "56.1%", "11,104", "11,044", "9,606", "57.8%"):
        assert f">{shown}<" in resolution, shown
    assert "57.8% unidentified" in resolution

    for page, panel in (("operations", "abandonment"), ("operations", "service_level"), ("resolution", "follow_ups")):
        exported = client.get(f"/dashboards/export/{page}/{panel}.csv?{JANUARY}&x=20")
        text = b"".join(exported.streaming_content).decode("utf-8-sig")
        rows = {row["figure"]: row for row in csv.DictReader(io.StringIO(text))}
        for key in rows.keys() & told.keys():
            assert float(rows[key]["value"]) == pytest.approx(told[key][2], abs=5e-5), key

    rows = client.get(f"/dashboards/rows/?{JANUARY}&kpi=followed_any_7d&part=denominator").content.decode()
    assert re.search(r">9,606 contacts in January 1999", rows)
