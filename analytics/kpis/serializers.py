"""Figures and definitions as the API gives them: exact counts beside the full value."""

from typing import Any

from analytics.kpis.definition import Kpi
from analytics.kpis.figures import Figure, FigureSet, Group
from analytics.kpis.registry import variants_of
from interactions.channels.choices import Channel


def figure_body(figure: Figure) -> dict[str, Any]:
    """One figure."""
    return {
        "key": figure.kpi.key,
        "version": figure.kpi.version,
        "unit": figure.kpi.unit.value,
        "state": figure.state.value,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "n": figure.n,
        "interval": None if figure.interval is None else list(figure.interval),
        "is_small": figure.is_small,
        "is_approximate": figure.is_approximate,
        "immature_excluded": figure.excluded,
        "source": figure.source,
        "note": figure.note,
        "before": None if figure.before is None else _before_body(figure.before),
        "by_channel": {Channel(channel).slug: _before_body(part) for channel, part in figure.by_channel},
    }


def _before_body(figure: Figure) -> dict[str, Any]:
    return {
        "state": figure.state.value,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "n": figure.n,
    }


def group_body(group: Group) -> dict[str, Any]:
    """One group: its key as an address names it."""
    return {
        "key": group.slug,
        "label": group.label,
        "figures": [figure_body(item) for item in group.figures.values()],
    }


def answer_body(answer: FigureSet) -> dict[str, Any]:
    """The whole answer."""
    comparison = answer.comparison
    return {
        "from": answer.period.first.isoformat(),
        "to": answer.period.last.isoformat(),
        "compared_from": None if comparison is None else comparison.first.isoformat(),
        "compared_to": None if comparison is None else comparison.last.isoformat(),
        "split_by": answer.split_by.value,
        "figures": [figure_body(figure) for figure in answer.total.values()],
        "groups": [group_body(group) for group in answer.groups],
    }


def definition_body(kpi: Kpi) -> dict[str, Any]:
    """One definition."""
    return {
        "key": kpi.key,
        "version": kpi.version,
        "title": str(kpi.title),
        "counted": str(kpi.counted),
        "unit": kpi.unit.value,
        "entity": kpi.entity.value,
        "aggregation": kpi.aggregation.value,
        "quantile": kpi.quantile,
        "numerator": kpi.numerator.text,
        "denominator": None if kpi.denominator is None else kpi.denominator.text,
        "scale": kpi.scale,
        "cohort": kpi.cohort.value,
        "cohort_text": str(kpi.cohort_text),
        "maturity": kpi.maturity.value,
        "maturity_text": str(kpi.maturity_text),
        "switches": dict(kpi.switches),
        "channel_scope": kpi.channel_scope.value,
        "one_channel_at_a_time": kpi.is_one_channel_at_a_time,
        "precision": kpi.precision,
        "direction": kpi.direction.value,
        "timing": kpi.timing.value,
        "may_rank_agents": kpi.may_rank_agents,
        "beside": list(kpi.beside),
        "suppressed_below": kpi.suppressed_below,
        "sources": list(kpi.sources),
        "tests": list(kpi.tests),
        "variants": [other.key for other in variants_of(kpi)],
    }
