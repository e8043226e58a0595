"""How many contacts came, and what became of them."""

from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import Kpi, Timing, count, distinct

KPIS: tuple[Kpi, ...] = (
    count(
        "contacts",
        _("Contacts"),
        _("Inbound contacts, running ones too. Phantoms, tests, spam and automatic replies are none."),
        "contacts",
        timing=Timing.LEADING,
    ),
    distinct(
        "customers",
        _("Customers"),
        _(
            "Different customers of the contacts, however sure we are of them; contacts without a customer are left "
            "out. Parts do not add up to the whole: a customer with two reasons is one customer."
        ),
        "contacts",
        column="customer_id",
    ),
    count(
        "offered",
        _("Offered"),
        _("Contacts that asked for a person: answered, abandoned, left for elsewhere or for a callback, or waiting."),
        "offered",
        timing=Timing.LEADING,
    ),
    count("answered", _("Answered"), _("Contacts that an agent answered."), "answered"),
    count(
        "abandoned",
        _("Abandoned"),
        _("Voice and chat contacts whose customer left before an agent answered."),
        "live_abandoned",
    ),
    count(
        "callbacks",
        _("Callbacks asked for"),
        _("Voice and chat contacts that left the queue for a callback; neither answered nor abandoned."),
        "live_callback",
    ),
    count(
        "self_served",
        _("Self-served"),
        _("Contacts resolved without an agent."),
        "self_served",
    ),
    count("outbound", _("Outbound"), _("Contacts that we started."), "outbound"),
    count(
        "not_contacts",
        _("No contacts"),
        _("Inbound rows that were no contact: phantoms, tests, spam, automatic replies. In no other figure."),
        "not_contacts",
    ),
)
