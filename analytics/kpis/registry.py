"""Every KPI there is, once. Pages, exports, API answers and tooltips take definitions from here and nowhere else."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from analytics.facts.measures import BY_NAME
from analytics.kpis.catalogue import (
    cost,
    resolution,
    service_level,
    surveys,
    volume,
    waiting,
    work,
)
from analytics.kpis.catalogue.held_by import HELD_BY
from analytics.kpis.definition import AGENT_DAY_COLUMNS, Kpi
from analytics.kpis.errors import UnknownKpiError


def _collected() -> dict[str, Kpi]:
    groups = (
        volume.KPIS,
        waiting.KPIS,
        service_level.KPIS,
        work.KPIS,
        resolution.KPIS,
        surveys.KPIS,
        cost.KPIS,
    )
    kpis = [
        replace(kpi, tests=HELD_BY.get(kpi.key) or HELD_BY.get(kpi.family, ())) for group in groups for kpi in group
    ]
    for kpi in kpis:
        _check(kpi)
    by_key = {kpi.key: kpi for kpi in kpis}
    if len(by_key) != len(kpis):
        raise ValueError("Two KPIs share a key.")
    return by_key


def _check(kpi: Kpi) -> None:
    known = AGENT_DAY_COLUMNS if kpi.is_of_agents else frozenset(BY_NAME)
    unknown = kpi.measures - known
    if unknown:
        raise ValueError(f"{kpi.key} reads {sorted(unknown)}, which nothing measures.")
    if not kpi.is_of_agents and len({BY_NAME[name].cohort for name in kpi.measures}) != 1:
        raise ValueError(f"{kpi.key} mixes cohorts.")


REGISTRY: Final[dict[str, Kpi]] = _collected()


def kpi_of(key: str) -> Kpi:
    """The definition of one key; raises UnknownKpiError."""
    try:
        return REGISTRY[key]
    except KeyError:
        raise UnknownKpiError(key) from None


def kpis_of(keys: Iterable[str]) -> tuple[Kpi, ...]:
    """The definitions of several keys, in the order asked, each once."""
    return tuple(kpi_of(key) for key in dict.fromkeys(keys))


def variants_of(kpi: Kpi) -> tuple[Kpi, ...]:
    """The other definitions of the same idea."""
    if not kpi.family:
        return ()
    return tuple(other for other in REGISTRY.values() if other.family == kpi.family and other.key != kpi.key)
