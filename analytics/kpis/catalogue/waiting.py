"""Waiting and giving up."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import (
    ChannelScope,
    Direction,
    Kpi,
    Timing,
    Unit,
    quantile,
    ratio,
)

_LIVE = {
    "channel_scope": ChannelScope.LIVE,
    "direction": Direction.DOWN,
    "timing": Timing.LEADING,
}
_ABANDON = _LIVE | {"family": "abandonment"}
_GENESYS = "Genesys Cloud: abandoned / offered, offered = answered + abandoned + flow-outs"
_CISCO = "Cisco, Ivanti: short abandons excluded by a threshold"
_CONNECT = "Amazon Connect: average queue answer time; average queue abandon time"


def _excluding(seconds: int) -> Kpi:
    return ratio(
        f"abandon_offered_ex{seconds}",
        format_lazy(_("Abandonment without those within {seconds} s"), seconds=seconds),
        format_lazy(
            _(
                "(abandoned − abandoned within {seconds} s) ÷ (answered + abandoned − abandoned within {seconds} s), "
                "over voice and chat, queued or not."
            ),
            seconds=seconds,
        ),
        (
            f"live_abandoned - abandoned_{seconds}",
            f"live_answered + live_abandoned - abandoned_{seconds}",
        ),
        **_ABANDON,
        variant=format_lazy(_("all offered, without those within {seconds} s"), seconds=seconds),
        switches={
            "queued_only": False,
            "exclude_short": True,
            "short_seconds": seconds,
        },
        sources=(_CISCO,),
    )


KPIS: tuple[Kpi, ...] = (
    ratio(
        "abandon_offered",
        _("Abandonment"),
        _("Abandoned ÷ (answered + abandoned), over voice and chat, queued or not, short ones included."),
        ("live_abandoned", "live_answered + live_abandoned"),
        **_ABANDON,
        variant=_("all offered"),
        switches={"queued_only": False, "exclude_short": False},
        sources=(_GENESYS,),
    ),
    ratio(
        "abandon_offered_ex_short",
        _("Abandonment without short ones"),
        _(
            "(abandoned − short) ÷ (answered + abandoned − short), over voice and chat. Short: a wait up to the "
            "threshold that held when the contact arrived (5 s on voice and 10 s on chat unless set otherwise)."
        ),
        (
            "live_abandoned - abandoned_short",
            "live_answered + live_abandoned - abandoned_short",
        ),
        **_ABANDON,
        variant=_("all offered, without short ones"),
        switches={
            "queued_only": False,
            "exclude_short": True,
            "short_seconds": "target",
        },
        sources=(_GENESYS, _CISCO),
    ),
    ratio(
        "abandon_queue",
        _("Abandonment in the queue"),
        _("Abandoned ÷ (answered + abandoned), only voice and chat contacts that waited in a queue."),
        ("abandoned_queued", "answered_queued + abandoned_queued"),
        **_ABANDON,
        variant=_("queued only"),
        switches={"queued_only": True, "exclude_short": False},
        sources=(_CONNECT,),
    ),
    ratio(
        "abandon_queue_ex_short",
        _("Abandonment in the queue without short ones"),
        _("(abandoned − short) ÷ (answered + abandoned − short), only voice and chat contacts that waited in a queue."),
        (
            "abandoned_queued - abandoned_queued_short",
            "answered_queued + abandoned_queued - abandoned_queued_short",
        ),
        **_ABANDON,
        variant=_("queued only, without short ones"),
        switches={
            "queued_only": True,
            "exclude_short": True,
            "short_seconds": "target",
        },
        sources=(_CONNECT, _CISCO),
    ),
    _excluding(5),
    _excluding(10),
    ratio(
        "asa_all_answered",
        _("Average speed of answer"),
        _(
            "Seconds in the queue of answered voice and chat contacts ÷ all of them; those that never queued waited "
            "0 s. Menu and bot time is not waiting."
        ),
        ("wait_answered_s", "wait_answered_n"),
        **_LIVE,
        unit=Unit.SECONDS,
        precision=0,
        family="asa",
        variant=_("over all answered"),
        switches={"queued_only": False},
        sources=(_CONNECT,),
    ),
    ratio(
        "asa_queued",
        _("Average wait of those who queued"),
        _("Seconds in the queue of answered voice and chat contacts ÷ those of them that queued at all."),
        ("wait_answered_s", "answered_queued"),
        **_LIVE,
        unit=Unit.SECONDS,
        precision=0,
        family="asa",
        variant=_("over those that queued"),
        switches={"queued_only": True},
        sources=(_CONNECT,),
    ),
    ratio(
        "wait_abandoned",
        _("Average wait before giving up"),
        _("Seconds in the queue of abandoned voice and chat contacts ÷ those of them that queued at all."),
        ("wait_abandoned_s", "abandoned_queued"),
        **_LIVE | {"direction": Direction.NEITHER},
        unit=Unit.SECONDS,
        precision=0,
        sources=(_CONNECT,),
    ),
    *(
        quantile(
            f"wait_{name}{suffix}",
            title,
            counted,
            base,
            **_LIVE,
            quantile=q,
            column="wait_seconds",
            precision=0,
            family="asa",
            variant=variant,
            switches={
                "queued_only": base == "answered_queued",
                "interpolation": "linear",
            },
            sources=("freescout#1096: an average alone is skewed by one old contact",),
        )
        for suffix, base, variant, counted in (
            (
                "",
                "wait_answered_n",
                _("over all answered"),
                _("Of the waits of all answered voice and chat contacts, interpolated between two contacts."),
            ),
            (
                "_queued",
                "answered_queued",
                _("over those that queued"),
                _("Of the waits of answered voice and chat contacts that queued, interpolated between two contacts."),
            ),
        )
        for name, q, title in (
            ("median", 0.5, _("Median wait")),
            ("p90", 0.9, _("Wait, 90th percentile")),
        )
    ),
)
