"""The definitions page, made from the registry and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.kpis.catalogue import cost, resolution, service_level, surveys, volume, waiting, work
from analytics.kpis.definition import Aggregation, ChannelScope, Direction, Entity, Kpi, Timing, Unit
from analytics.kpis.registry import kpi_of, variants_of
from ccx.kernel.look.parts import Fact


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One KPI as the page shows it."""

    kpi: Kpi
    facts: Sequence[Fact]
    variants: Sequence[Kpi]
    thresholds: Sequence[Kpi] = ()


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """KPIs about one thing."""

    key: str
    title: str
    definitions: Sequence[Definition]


def chapters() -> list[Chapter]:
    """The whole registry in reading order."""
    parts = (
        ("volume", _("Volume"), volume.KPIS),
        ("waiting", _("Waiting and giving up"), waiting.KPIS),
        ("service-level", _("Service level"), service_level.KPIS),
        ("work", _("The work"), work.KPIS),
        ("resolution", _("Resolution and repeats"), resolution.KPIS),
        ("surveys", _("What customers answered"), surveys.KPIS),
        ("cost", _("What it costs"), cost.KPIS),
    )
    return [
        Chapter(key=key, title=title, definitions=[_definition(kpi_of(one.key)) for one in kpis if _is_shown(one)])
        for key, title, kpis in parts
    ]


def _is_shown(kpi: Kpi) -> bool:
    """A service level stands once, for the target; its fixed thresholds are listed with it."""
    return _at(kpi) in {"", "target"}


def _at(kpi: Kpi) -> str:
    """The threshold of a service level; empty for everything else."""
    return str(kpi.switches.get("answer_within", ""))


def _formula_code(kpi: Kpi) -> str:
    return str(kpi.switches.get("variant", ""))


def _definition(kpi: Kpi) -> Definition:
    facts = [
        Fact(name=_("Formula"), value=_formula(kpi)),
        Fact(name=_("Of"), value=_entity(kpi)),
        Fact(name=_("Told as"), value=_unit(kpi)),
        Fact(name=_("When"), value=str(kpi.cohort_text)),
    ]
    if kpi.maturity_text:
        facts.append(Fact(name=_("Maturity"), value=str(kpi.maturity_text)))
    facts.append(Fact(name=_("Channels"), value=_channels(kpi)))
    facts.append(Fact(name=_("Reading"), value=_reading(kpi)))
    if kpi.switches:
        told = ", ".join(f"{name} = {value}" for name, value in kpi.switches.items())
        facts.append(Fact(name=_("Switches"), value=told))
    if kpi.suppressed_below:
        told = _("Not shown for fewer than %(n)s answers, grey under 30.") % {"n": kpi.suppressed_below}
        facts.append(Fact(name=_("Few"), value=told))
    if kpi.sources:
        facts.append(Fact(name=_("After"), value="; ".join(kpi.sources)))
    if kpi.tests:
        told = "; ".join(name.removeprefix("test_").replace("_", " ") for name in kpi.tests)
        facts.append(Fact(name=_("Held by tests"), value=told))
    variants = variants_of(kpi)
    return Definition(
        kpi=kpi,
        facts=facts,
        variants=[other for other in variants if _at(other) == _at(kpi)],
        thresholds=[other for other in variants if _at(kpi) and _formula_code(other) == _formula_code(kpi)],
    )


def _formula(kpi: Kpi) -> str:
    if kpi.quantile is not None:
        return _("quantile %(q)s of %(column)s over %(base)s") % {
            "q": kpi.quantile,
            "column": kpi.column,
            "base": kpi.numerator.text,
        }
    if kpi.aggregation is Aggregation.DISTINCT:
        return _("number of different %(column)s over %(base)s") % {"column": kpi.column, "base": kpi.numerator.text}
    if kpi.denominator is None:
        return kpi.numerator.text
    told = f"({kpi.numerator.text}) ÷ ({kpi.denominator.text})"
    return f"{kpi.scale} × {told}" if kpi.scale != 1 else told


def _entity(kpi: Kpi) -> str:
    return {
        Entity.CONTACT: _("contacts"),
        Entity.CASE: _("cases"),
        Entity.CUSTOMER: _("customers"),
        Entity.RESPONSE: _("survey answers"),
        Entity.AGENT_DAY: _("agents' days"),
    }[kpi.entity]


def _unit(kpi: Kpi) -> str:
    unit = {
        Unit.COUNT: _("number"),
        Unit.SHARE: _("share"),
        Unit.SECONDS: _("time"),
        Unit.MEAN: _("mean"),
        Unit.POINTS: _("points"),
        Unit.CENTS: _("money"),
    }[kpi.unit]
    added = {
        Aggregation.SUM: _("days add up"),
        Aggregation.RATIO: _("a ratio of sums, never a mean of ratios"),
        Aggregation.QUANTILE: _("a quantile; days do not add up"),
        Aggregation.DISTINCT: _("days do not add up"),
    }[kpi.aggregation]
    if not kpi.precision:
        return f"{unit}; {added}"
    places = ngettext("%(n)s decimal", "%(n)s decimals", kpi.precision) % {"n": kpi.precision}
    return f"{unit}; {places}; {added}"


def _channels(kpi: Kpi) -> str:
    told = {
        ChannelScope.ALL: _("all channels"),
        ChannelScope.LIVE: _("voice and chat"),
        ChannelScope.MESSAGING: _("messaging channels"),
    }[kpi.channel_scope]
    return _("%(channels)s, one at a time") % {"channels": told} if kpi.is_one_channel_at_a_time else told


def _reading(kpi: Kpi) -> str:
    direction = {
        Direction.UP: _("more is better"),
        Direction.DOWN: _("less is better"),
        Direction.NEITHER: _("neither more nor less is better by itself"),
    }[kpi.direction]
    timing = _("leading") if kpi.timing is Timing.LEADING else _("lagging")
    ranking = _("may rank agents") if kpi.may_rank_agents else _("never ranks agents")
    return f"{direction}; {timing}; {ranking}"
