"""How long the work takes, and how the answer comes on messaging."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import (
    ChannelScope,
    Direction,
    Entity,
    Kpi,
    Timing,
    Unit,
    count,
    quantile,
    ratio,
)

_PERCENTILES = (("median", 0.5), ("p90", 0.9))
_HANDLE = {
    "is_one_channel_at_a_time": True,
    "family": "aht",
    "precision": 0,
    "may_rank_agents": False,
}
_GENESYS = "Genesys Cloud: average handle time (talk + hold + after-call work) / handled"

KPIS: tuple[Kpi, ...] = (
    count(
        "handled_time",
        _("Time handled"),
        _("Seconds of talk, hold and wrap-up of answered contacts whose handle time is known, all channels together."),
        "handle_s",
        unit=Unit.SECONDS,
    ),
    ratio(
        "aht",
        _("Average handle time"),
        _(
            "(talk + hold + wrap-up) ÷ answered contacts whose handle time is known; a contact's agents add up. One "
            "channel at a time, and never a ranking of agents."
        ),
        ("handle_s", "handle_n"),
        **_HANDLE,
        unit=Unit.SECONDS,
        variant=_("all answered"),
        switches={"include_custom_status": False, "truncated": False},
        sources=(_GENESYS, "Amazon Connect: AHT"),
    ),
    ratio(
        "aht_truncated",
        _("Average handle time, truncated"),
        _("(talk + hold + wrap-up) ÷ contacts, only contacts above 0 s and up to 3,600 s. One channel at a time."),
        ("handle_cut_s", "handle_cut_n"),
        **_HANDLE,
        unit=Unit.SECONDS,
        variant=_("above 0 s and up to 3,600 s"),
        switches={"include_custom_status": False, "truncated": True},
        sources=("Brown et al. 2005, Statistical analysis of a telephone call center",),
    ),
    *(
        ratio(
            f"mean_{part}",
            title,
            format_lazy(
                _("Seconds of {part} ÷ answered contacts whose handle time is known. One channel at a time."),
                part=part_name,
            ),
            (f"{part}_s", "handle_n"),
            is_one_channel_at_a_time=True,
            precision=0,
            unit=Unit.SECONDS,
            sources=(_GENESYS,),
        )
        for part, part_name, title in (
            ("talk", _("talk"), _("Average talk time")),
            ("hold", _("hold"), _("Average hold time")),
            ("wrap", _("wrap-up"), _("Average wrap-up time")),
        )
    ),
    *(
        quantile(
            f"handle_{name}",
            title,
            _("Of the handle times of answered contacts, interpolated between two contacts. One channel at a time."),
            "handle_n",
            **_HANDLE,
            quantile=q,
            column="handle_seconds",
            switches={"interpolation": "linear"},
        )
        for (name, q), title in zip(
            _PERCENTILES,
            (_("Median handle time"), _("Handle time, 90th percentile")),
            strict=True,
        )
    ),
    ratio(
        "transfer_rate",
        _("Transfers"),
        _("Answered contacts with at least one transfer by a person ÷ answered contacts. Bot to person is none."),
        ("transferred", "answered"),
        direction=Direction.DOWN,
        sources=("Amazon Connect: contacts transferred out",),
    ),
    ratio(
        "first_response",
        _("First response"),
        _(
            "Seconds from the customer's oldest unanswered message to the first answer of a person ÷ messaging "
            "contacts that got one. Bots and automatic replies do not stop the clock."
        ),
        ("first_response_s", "first_response_n"),
        channel_scope=ChannelScope.MESSAGING,
        unit=Unit.SECONDS,
        precision=0,
        direction=Direction.DOWN,
        timing=Timing.LEADING,
        family="first_response",
        variant=_("mean"),
        sources=("Zendesk: first reply time",),
    ),
    *(
        quantile(
            f"first_response_{name}",
            title,
            _("Of the first response times of messaging contacts, interpolated between two contacts."),
            "first_response_n",
            channel_scope=ChannelScope.MESSAGING,
            quantile=q,
            column="first_response_seconds",
            precision=0,
            direction=Direction.DOWN,
            timing=Timing.LEADING,
            family="first_response",
            switches={"interpolation": "linear"},
        )
        for (name, q), title in zip(
            _PERCENTILES,
            (_("Median first response"), _("First response, 90th percentile")),
            strict=True,
        )
    ),
    ratio(
        "first_response_in_target",
        _("First responses in time"),
        _("Messaging contacts whose first answer came within the target that held ÷ those that got one."),
        ("first_response_target", "first_response_n"),
        channel_scope=ChannelScope.MESSAGING,
        direction=Direction.UP,
        timing=Timing.LEADING,
        family="first_response",
        variant=_("share within target"),
        sources=("LibreDesk: SLA first response met",),
    ),
    ratio(
        "occupancy",
        _("Occupancy"),
        _(
            "Time on contacts ÷ (time on contacts + available without one), in seconds of wall clock: several contacts "
            "at once count once. From presence; no presence, no figure. Above 85–90 % people burn out."
        ),
        ("contact_seconds", "contact_seconds + idle_seconds"),
        entity=Entity.AGENT_DAY,
        timing=Timing.LEADING,
        sources=("Amazon Connect: occupancy",),
    ),
)
