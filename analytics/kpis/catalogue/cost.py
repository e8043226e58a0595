"""What contacts cost, and which of them need not have been."""

from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import Direction, Kpi, Unit, count, ratio

_RATE = {"rate": "of the channel, else of all; the one that held on arrival"}

KPIS: tuple[Kpi, ...] = (
    count(
        "cost",
        _("Cost"),
        _(
            "Per contact: the rate per contact plus its handle time at the rate per hour, of the channel or else of "
            "all, as it held when the contact arrived. Contacts of days without a rate cost nothing."
        ),
        "cost_cents",
        unit=Unit.CENTS,
        direction=Direction.DOWN,
        switches=_RATE,
        sources=("activity-based: effort at the loaded rate plus the channel's unit cost",),
    ),
    ratio(
        "cost_per_contact",
        _("Cost per contact"),
        _("Cost ÷ contacts, abandoned and running ones too."),
        ("cost_cents", "contacts"),
        unit=Unit.CENTS,
        precision=2,
        direction=Direction.DOWN,
        switches=_RATE,
        sources=("BenchmarkPortal: cost per contact",),
    ),
    ratio(
        "avoidable_share",
        _("Avoidable"),
        _("Contacts that, as the agent said, could have been avoided ÷ contacts of which the agent said either."),
        ("avoidable_yes", "avoidable_n"),
        direction=Direction.DOWN,
        beside=("avoidable_known",),
        sources=("Price & Jaffe: eliminate what neither side needs",),
    ),
    ratio(
        "avoidable_known",
        _("Avoidable or not, known"),
        _("Contacts of which the agent said whether they could have been avoided ÷ contacts."),
        ("avoidable_n", "contacts"),
    ),
)
