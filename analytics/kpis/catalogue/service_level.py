"""Service level, in every variant that products publish: on one day they differ by points, so each has its name."""

from dataclasses import dataclass

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.facts.measures import ANSWER_THRESHOLDS
from analytics.kpis.definition import ChannelScope, Direction, Kpi, Text, Timing, ratio


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One formula; {x} stands for the threshold."""

    code: str
    name: Text
    counted: Text
    numerator: str
    denominator: str
    source: str


_ALL_OFFERED = "live_answered + live_abandoned + live_flow_out"
VARIANTS: tuple[Variant, ...] = (
    Variant(
        code="a",
        name=_("A: out of the queue in time"),
        counted=_(
            "(answered + abandoned within X) ÷ (answered + abandoned + left for elsewhere + callbacks). When a "
            "callback was asked for is not kept, so none counts as in time."
        ),
        numerator="answered_{x} + abandoned_{x}",
        denominator=f"{_ALL_OFFERED} + live_callback",
        source="Amazon Connect: SERVICE_LEVEL, removed from queue within X / contacts queued",
    ),
    Variant(
        code="b_all",
        name=_("B: all counted"),
        counted=_("Answered within X ÷ (answered + abandoned + left for elsewhere)."),
        numerator="answered_{x}",
        denominator=_ALL_OFFERED,
        source="Genesys Cloud: configure the service level calculation, all switches in",
    ),
    Variant(
        code="b",
        name=_("B: without short abandons"),
        counted=_(
            "Answered within X ÷ (answered + abandoned − short abandons). Short: a wait up to the threshold that held "
            "when the contact arrived. Callbacks and contacts that left for elsewhere stand apart."
        ),
        numerator="answered_{x}",
        denominator="live_answered + live_abandoned - abandoned_short",
        source="Genesys Cloud: short abandons excluded; CCX's own default",
    ),
    Variant(
        code="b_flow_outs",
        name=_("B: without short abandons, with those that left for elsewhere"),
        counted=_("Answered within X ÷ (answered + abandoned + left for elsewhere − short abandons)."),
        numerator="answered_{x}",
        denominator=f"{_ALL_OFFERED} - abandoned_short",
        source="Genesys Cloud: short abandons excluded, flow-outs included",
    ),
    Variant(
        code="b_no_abandons",
        name=_("B: without abandons"),
        counted=_("Answered within X ÷ (answered + left for elsewhere): who gave up is not seen."),
        numerator="answered_{x}",
        denominator="live_answered + live_flow_out",
        source="Genesys Cloud: abandons excluded",
    ),
    Variant(
        code="c",
        name=_("C: abandons in time ignored"),
        counted=_("Answered within X ÷ (answered + abandoned after X)."),
        numerator="answered_{x}",
        denominator="live_answered + live_abandoned - abandoned_{x}",
        source="Cisco Unified CCX: service level type ignore abandoned",
    ),
    Variant(
        code="d",
        name=_("D: abandons count against"),
        counted=_("Answered within X ÷ (answered + abandoned)."),
        numerator="answered_{x}",
        denominator="live_answered + live_abandoned",
        source="Cisco Unified CCX: abandoned calls negative",
    ),
    Variant(
        code="e",
        name=_("E: abandons in time count as met"),
        counted=_("(answered + abandoned within X) ÷ (answered + abandoned)."),
        numerator="answered_{x} + abandoned_{x}",
        denominator="live_answered + live_abandoned",
        source="Cisco Unified CCX: abandoned calls positive",
    ),
    Variant(
        code="f",
        name=_("F: of answered only"),
        counted=_("Answered within X ÷ answered: who gave up is not seen."),
        numerator="answered_{x}",
        denominator="live_answered",
        source="Twilio Flex tiles; erxes calculateServiceLevel",
    ),
    Variant(
        code="g",
        name=_("G: abandons under the threshold ignored"),
        counted=_(
            "Answered within X ÷ (answered + abandoned + left for elsewhere − abandoned within X); the abandon "
            "threshold is X."
        ),
        numerator="answered_{x}",
        denominator=f"{_ALL_OFFERED} - abandoned_{{x}}",
        source="Serenova CxEngage: ignore abandons under a threshold, 20 s / 20 s",
    ),
)
THRESHOLDS: tuple[str, ...] = (
    "target",
    *(str(seconds) for seconds in ANSWER_THRESHOLDS),
)
DEFAULT_VARIANT = "b"


def service_level_key(variant: str, threshold: str) -> str:
    """The key of a variant at X: `service_level` for the default one, else service_level_<variant>_<X>."""
    if (variant, threshold) == (DEFAULT_VARIANT, "target"):
        return "service_level"
    return f"service_level_{variant}_{threshold}"


def _threshold_text(threshold: str) -> Text:
    if threshold == "target":
        return _("X is the target that held for the queue when the contact arrived.")
    return format_lazy(_("X is {seconds} s."), seconds=threshold)


def _title(variant: Variant, threshold: str) -> Text:
    within: Text = _("target") if threshold == "target" else f"{threshold} s"
    return format_lazy(_("Service level, {within}, {variant}"), within=within, variant=variant.name)


def _kpi(variant: Variant, threshold: str) -> Kpi:
    return ratio(
        service_level_key(variant.code, threshold),
        _title(variant, threshold),
        format_lazy(
            _("{formula} {threshold} Over voice and chat; days add up as sums, never as means."),
            formula=variant.counted,
            threshold=_threshold_text(threshold),
        ),
        (
            variant.numerator.format(x=threshold),
            variant.denominator.format(x=threshold),
        ),
        channel_scope=ChannelScope.LIVE,
        direction=Direction.UP,
        timing=Timing.LEADING,
        family="service_level",
        variant=variant.name,
        switches={"variant": variant.code, "answer_within": threshold},
        sources=(variant.source,),
    )


KPIS: tuple[Kpi, ...] = tuple(_kpi(variant, threshold) for variant in VARIANTS for threshold in THRESHOLDS)
