"""The additive measures. A fact carries each as a column; a roll-up is the sum of that column, nothing else.

Counts are 0 or 1 on a fact, so that a figure and the list of its rows agree. Seconds are whole seconds.
`cohort` says in which day's bucket a measure counts: the day the contact arrived, or the day it ended.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cohort(StrEnum):
    ARRIVAL = "arrival"
    END = "end"


class Kind(StrEnum):
    COUNT = "count"
    SUM = "sum"


@dataclass(frozen=True)
class Measure:
    """One additive column; `hourly` ones are kept per hour as well."""

    name: str
    meaning: str
    kind: Kind = Kind.COUNT
    cohort: Cohort = Cohort.ARRIVAL
    hourly: bool = False


def _count(name: str, meaning: str, *, hourly: bool = False) -> Measure:
    return Measure(name, meaning, hourly=hourly)


def _sum(name: str, meaning: str, *, hourly: bool = False) -> Measure:
    return Measure(name, meaning, Kind.SUM, hourly=hourly)


# Thresholds in seconds for which roll-ups keep counts; any other threshold reads facts.
ANSWER_THRESHOLDS: Final = (20, 30, 60)
ABANDON_THRESHOLDS: Final = (5, 10, 20, 30, 60)
FOLLOW_UP_DAYS: Final = (1, 3, 7)
MAX_LINK_DAYS: Final = 31  # farther apart, two contacts are never linked

MEASURES: Final[tuple[Measure, ...]] = (
    _count("contacts", "inbound contacts, running ones too; phantoms, tests and spam are none", hourly=True),
    _count("not_contacts", "inbound rows that were no contact"),
    _count("outbound", "contacts that we started"),
    _count("offered", "contacts that asked for a person", hourly=True),
    _count("answered", "contacts that an agent answered", hourly=True),
    _count("self_served", "contacts resolved without an agent"),
    # Live channels (voice, chat): waiting, abandoning, service level.
    _count("live_answered", "live contacts answered", hourly=True),
    _count("live_abandoned", "live contacts whose customer left before an agent", hourly=True),
    _count("live_flow_out", "live contacts that left the queue for elsewhere"),
    _count("live_callback", "live contacts that left the queue for a callback"),
    _count("answered_queued", "live contacts answered after waiting in a queue"),
    _count("abandoned_queued", "live contacts abandoned after waiting in a queue"),
    *(_count(f"answered_{s}", f"live contacts answered within {s} s") for s in ANSWER_THRESHOLDS),
    *(_count(f"abandoned_{s}", f"live contacts abandoned within {s} s") for s in ABANDON_THRESHOLDS),
    *(
        _count(f"abandoned_queued_{s}", f"live contacts that queued and abandoned within {s} s")
        for s in ANSWER_THRESHOLDS
    ),
    _count("answered_target", "live contacts answered within the target that held", hourly=True),
    _count("abandoned_target", "live contacts abandoned within the target that held"),
    _count("abandoned_short", "live contacts abandoned within the short threshold that held", hourly=True),
    _count("abandoned_queued_short", "live contacts that queued and abandoned within that threshold"),
    _count("wait_answered_n", "live contacts answered whose wait is known", hourly=True),
    _sum("wait_answered_s", "seconds those waited", hourly=True),
    _sum("wait_abandoned_s", "seconds that live contacts waited before they abandoned"),
    # Work.
    _count("handle_n", "answered contacts whose handle time is known", hourly=True),
    _sum("talk_s", "seconds of talk"),
    _sum("hold_s", "seconds on hold"),
    _sum("wrap_s", "seconds of wrap-up"),
    _sum("handle_s", "seconds of talk, hold and wrap-up", hourly=True),
    _count("handle_cut_n", "of handle_n, those above 0 and up to 3600 s"),
    _sum("handle_cut_s", "seconds of those"),
    _count("transferred", "answered contacts with at least one transfer by a person"),
    _count("first_response_n", "messaging contacts that got a first answer"),
    _sum("first_response_s", "seconds to it"),
    _count("first_response_target", "of first_response_n, those within the target that held"),
    _sum("cost_cents", "what the handling cost, in hundredths of the centre's currency, at the rates that held"),
    _count("avoidable_n", "contacts of which the agent said whether they could have been avoided"),
    _count("avoidable_yes", "of avoidable_n, those that could have been"),
    # Resolution: only contacts whose customer is attested or proven.
    _count("identified", "offered contacts whose customer is attested or proven"),
    _count("repeat", "identified contacts about an issue the customer had contacted us about within its window"),
    _count("follow_n", "identified answered contacts, the base of follow-ups"),
    *(
        _count(f"follow_any_{d}", f"of follow_n, followed by any contact within {d} days of its start")
        for d in FOLLOW_UP_DAYS
    ),
    *(
        _count(
            f"follow_same_{d}",
            f"of follow_n, followed by an answered one of the same reason within {d} days of its start",
        )
        for d in FOLLOW_UP_DAYS
    ),
    Measure("fcr_n", "cases, at the end of their first answered contact", cohort=Cohort.END),
    Measure("fcr_yes", "of fcr_n, those resolved with it", cohort=Cohort.END),
    _count("cases", "cases, at their first contact"),
    _sum("case_contacts", "contacts of those cases"),
    _count("case_switched", "of cases, those that changed channel within 72 hours between two contacts"),
    _count("case_stuck", "of cases, those with three contacts or more"),
    # Surveys, counted for the contact they are about.
    _count("invited", "contacts whose customer was sent an invitation"),
    _count("invited_answered", "of invited, those that were answered"),
    _count("csat_n", "answers to the satisfaction question"),
    _count("csat_top", "of csat_n, 4 or 5"),
    _sum("csat_s", "sum of the scores"),
    _count("ces_n", "answers to the effort question"),
    _count("ces_easy", "of ces_n, 5 or more"),
    _sum("ces_s", "sum of the scores"),
    _count("nps_n", "answers to the recommendation question"),
    _count("nps_promoters", "of nps_n, 9 or 10"),
    _count("nps_detractors", "of nps_n, 0 to 6"),
    _count("said_n", "answers to 'was it resolved?'"),
    _count("said_yes", "of said_n, yes"),
)

BY_NAME: Final = {measure.name: measure for measure in MEASURES}
NAMES: Final = tuple(measure.name for measure in MEASURES)
HOURLY: Final = tuple(measure.name for measure in MEASURES if measure.hourly)
# How long the work takes, which is told of one channel at a time.
WORK: Final = (
    *("answered", "transferred", "handle_n", "talk_s", "hold_s"),
    *("wrap_s", "handle_s", "handle_cut_n", "handle_cut_s"),
)
END_COHORT: Final = tuple(measure.name for measure in MEASURES if measure.cohort is Cohort.END)
