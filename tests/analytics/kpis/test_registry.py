import re
from pathlib import Path

import pytest

from analytics.facts.measures import Cohort
from analytics.kpis.catalogue.held_by import HELD_BY
from analytics.kpis.catalogue.service_level import THRESHOLDS, VARIANTS, service_level_key
from analytics.kpis.definition import Maturity
from analytics.kpis.errors import UnknownKpiError
from analytics.kpis.registry import REGISTRY, kpi_of, kpis_of, variants_of
from analytics.kpis.serializers import definition_body


def test_every_definition_can_be_told_in_full() -> None:
    for kpi in REGISTRY.values():
        body = definition_body(kpi)
        assert body["title"]
        assert body["counted"].endswith(".")
        assert "{" not in body["title"] + body["counted"] + body["maturity_text"]


def test_every_definition_is_held_by_tests_that_are_there() -> None:
    files = [path.read_text() for path in Path("tests").rglob("test_*.py")]
    names = {name for text in files for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    assert {key for key, kpi in REGISTRY.items() if not kpi.tests} == set()
    assert {name for tests in HELD_BY.values() for name in tests} <= names
    assert set(HELD_BY) <= {*REGISTRY, *(kpi.family for kpi in REGISTRY.values())}


def test_service_level_has_every_variant_at_every_threshold() -> None:
    keys = {service_level_key(variant.code, threshold) for variant in VARIANTS for threshold in THRESHOLDS}
    assert len(keys) == 10 * 4
    assert keys <= set(REGISTRY)


def test_a_changed_service_level_variant_is_another_definition() -> None:
    assert len(variants_of(kpi_of("service_level"))) == 39


def test_resolution_counts_at_the_end_and_everything_else_on_arrival() -> None:
    at_the_end = {key for key, kpi in REGISTRY.items() if kpi.cohort is Cohort.END}
    assert at_the_end == {"fcr"}
    assert REGISTRY["fcr"].maturity is Maturity.WINDOW


def test_handle_time_never_ranks_agents_and_never_crosses_channels() -> None:
    for key in ("aht", "aht_truncated", "handle_median", "handle_p90"):
        assert not REGISTRY[key].may_rank_agents
        assert REGISTRY[key].is_one_channel_at_a_time


def test_every_repeat_figure_has_the_unidentified_share_beside_it() -> None:
    for key, kpi in REGISTRY.items():
        if key.startswith(("followed_", "not_followed_", "repeat_")) or key == "fcr":
            assert kpi.beside == ("unidentified_share",)


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(UnknownKpiError, match="speed_of_light"):
        kpis_of(["contacts", "speed_of_light"])
