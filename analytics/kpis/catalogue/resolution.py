"""Whether it was solved, and who had to come back."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.facts.measures import FOLLOW_UP_DAYS
from analytics.kpis.definition import (
    Direction,
    Entity,
    Kpi,
    Maturity,
    Text,
    Unit,
    count,
    distinct,
    ratio,
)

_BESIDE = ("unidentified_share",)
_SAME: Text = _("by an answered contact about the same reason")
_ANY: Text = _("by any contact, answered or not")


def _follow_up(days: int, same_issue: str) -> tuple[Kpi, Kpi]:
    followed_by = _ANY if same_issue == "any" else _SAME
    switches = {
        "clock": "start",
        "fold_minutes": 0,
        "same_issue": "reason" if same_issue == "same" else "any",
    }
    switches |= {
        "followed_by": "any" if same_issue == "any" else "answered",
        "window_days": days,
    }
    words: dict[str, object] = {"days": days, "followed": followed_by}
    fields: dict[str, object] = {
        "maturity": Maturity.of_days(days),
        "switches": switches,
        "family": "follow_up",
        "variant": followed_by,
        "beside": _BESIDE,
        "sources": ("Brown et al. bank log; Capturi: repeat calls",),
    }
    measure = f"follow_{same_issue}_{days}"
    return (
        ratio(
            f"followed_{same_issue}_{days}d",
            format_lazy(_("Came back within {days} d, {followed}"), **words),
            format_lazy(
                _(
                    "Answered contacts of identified customers that are followed within {days} × 24 hours of their "
                    "start {followed} ÷ answered contacts of identified customers."
                ),
                **words,
            ),
            (measure, "follow_n"),
            direction=Direction.DOWN,
            **fields,
        ),
        ratio(
            f"not_followed_{same_issue}_{days}d",
            format_lazy(_("Did not come back within {days} d, {followed}"), **words),
            format_lazy(
                _(
                    "One minus the share that came back: answered contacts of identified customers not followed within "
                    "{days} × 24 hours {followed} ÷ all of them."
                ),
                **words,
            ),
            (f"follow_n - {measure}", "follow_n"),
            direction=Direction.UP,
            **fields,
        ),
    )


KPIS: tuple[Kpi, ...] = (
    ratio(
        "fcr",
        _("First contact resolution"),
        _(
            "Cases resolved with their first answered contact ÷ cases. Resolved: marked so or closed, no contact of "
            "the same identified customer about the same issue on any channel within the window after it ended (7 days "
            "unless the reason says otherwise; the first 15 minutes count as the same contact), and not reopened."
        ),
        ("fcr_yes", "fcr_n"),
        entity=Entity.CASE,
        maturity=Maturity.WINDOW,
        direction=Direction.UP,
        beside=_BESIDE,
        switches={
            "clock": "end",
            "fold_minutes": 15,
            "same_issue": "ladder",
            "followed_by": "any",
            "one_person": False,
        },
        sources=(
            "SQM Group: FCR operating philosophy",
            "Capturi: FCR",
            "Call Centre Helper: FCR, 7 days",
        ),
    ),
    ratio(
        "repeat_rate",
        _("Repeat contacts"),
        _(
            "Identified contacts about an issue the same customer had contacted us about within its window before ÷ "
            "identified contacts. Looks back, so the newest days count at once."
        ),
        ("repeat", "identified"),
        direction=Direction.DOWN,
        beside=_BESIDE,
        switches={"same_issue": "ladder", "looks": "back"},
        sources=("Capturi: repeat calls",),
    ),
    count(
        "repeat_contacts",
        _("Repeats"),
        _("Identified contacts about an issue the same customer had contacted us about within its window before."),
        "repeat",
        direction=Direction.DOWN,
        beside=_BESIDE,
        switches={"same_issue": "ladder", "looks": "back"},
    ),
    ratio(
        "unidentified_share",
        _("Unidentified"),
        _(
            "One minus identified contacts ÷ offered contacts. Repeats of these customers cannot be seen, so repeat "
            "figures are too low and resolution too high by an unknown part."
        ),
        ("offered - identified", "offered"),
        direction=Direction.DOWN,
        sources=("kept beside every repeat figure",),
    ),
    *(kpi for days in FOLLOW_UP_DAYS for issue in ("any", "same") for kpi in _follow_up(days, issue)),
    count(
        "cases",
        _("Cases"),
        _("Cases, on the day of their first contact."),
        "cases",
        entity=Entity.CASE,
    ),
    ratio(
        "contacts_per_case",
        _("Contacts per case"),
        _("Contacts of the cases that began in the period ÷ those cases; grows while they are open."),
        ("case_contacts", "cases"),
        entity=Entity.CASE,
        unit=Unit.MEAN,
        precision=2,
        direction=Direction.DOWN,
        sources=("Amazon Connect: average contacts per case",),
    ),
    ratio(
        "channel_switching",
        _("Changed channel"),
        _("Cases whose customer went on over another channel within 72 hours ÷ cases that began in the period."),
        ("case_switched", "cases"),
        entity=Entity.CASE,
        direction=Direction.DOWN,
        switches={"window_hours": 72},
    ),
    count(
        "stuck_cases",
        _("Stuck cases"),
        _("Cases that began in the period and took three contacts or more."),
        "case_stuck",
        entity=Entity.CASE,
        direction=Direction.DOWN,
        family="stuck",
        variant=_("cases"),
    ),
    distinct(
        "stuck_customers",
        _("Stuck customers"),
        _("Different customers with a case that began in the period and took three contacts or more."),
        "case_stuck",
        column="customer_id",
        direction=Direction.DOWN,
        family="stuck",
        variant=_("customers"),
    ),
    ratio(
        "stuck_share",
        _("Stuck"),
        _("Cases with three contacts or more ÷ cases that began in the period."),
        ("case_stuck", "cases"),
        entity=Entity.CASE,
        direction=Direction.DOWN,
        family="stuck",
        variant=_("share of cases"),
    ),
)
