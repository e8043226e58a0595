"""Every measure as an expression in SQL over `f`, the row in which the definition lays all flags and durations."""

from typing import Final

from analytics.facts.measures import ABANDON_THRESHOLDS, ANSWER_THRESHOLDS, FOLLOW_UP_DAYS
from interactions.cases.choices import Outcome

STUCK_CONTACTS: Final = 3
CUT_SECONDS: Final = 3600


def _count(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1::smallint ELSE 0::smallint END"


def _measure_expressions() -> dict[str, str]:
    """Every measure as an expression over `f`, the row in which all flags and durations stand."""
    live_answered = "f.is_live_answered"
    abandoned = "f.is_live_abandoned"
    expressions = {
        "contacts": _count("f.is_real"),
        "not_contacts": _count(f"f.is_inbound AND f.outcome = {Outcome.NOT_A_CONTACT.value}"),
        "outbound": _count("NOT f.is_inbound"),
        "offered": _count("f.is_offered"),
        "answered": _count("f.is_answered"),
        "self_served": _count(f"f.is_real AND f.outcome = {Outcome.SELF_SERVED.value}"),
        "live_answered": _count(live_answered),
        "live_abandoned": _count(abandoned),
        "live_flow_out": _count(f"f.is_live AND f.is_offered AND f.outcome = {Outcome.FLOW_OUT.value}"),
        "live_callback": _count(f"f.is_live AND f.is_offered AND f.outcome = {Outcome.CALLBACK.value}"),
        "answered_queued": _count(f"{live_answered} AND f.queued"),
        "abandoned_queued": _count(f"{abandoned} AND f.queued"),
        "answered_target": _count(f"{live_answered} AND f.wait <= f.answer_within"),
        "abandoned_target": _count(f"{abandoned} AND f.wait <= f.answer_within"),
        "abandoned_short": _count(f"{abandoned} AND f.wait <= f.short_abandon"),
        "abandoned_queued_short": _count(f"{abandoned} AND f.queued AND f.wait <= f.short_abandon"),
        "wait_answered_n": _count(f"{live_answered} AND f.wait IS NOT NULL"),
        "wait_answered_s": f"CASE WHEN {live_answered} THEN coalesce(f.wait, 0) ELSE 0 END",
        "wait_abandoned_s": f"CASE WHEN {abandoned} THEN coalesce(f.wait, 0) ELSE 0 END",
        "handle_n": _count("f.handle IS NOT NULL"),
        "talk_s": "CASE WHEN f.handle IS NULL THEN 0 ELSE f.talk_s END",
        "hold_s": "CASE WHEN f.handle IS NULL THEN 0 ELSE f.hold_s END",
        "wrap_s": "CASE WHEN f.handle IS NULL THEN 0 ELSE f.wrap_s END",
        "handle_s": "coalesce(f.handle, 0)",
        "handle_cut_n": _count(f"f.handle BETWEEN 1 AND {CUT_SECONDS}"),
        "handle_cut_s": f"CASE WHEN f.handle BETWEEN 1 AND {CUT_SECONDS} THEN f.handle ELSE 0 END",
        "transferred": _count("f.is_answered AND f.transferred_at IS NOT NULL"),
        "first_response_n": _count("f.first_response IS NOT NULL"),
        "first_response_s": "coalesce(f.first_response, 0)",
        "first_response_target": _count("f.first_response <= f.first_response_within"),
        "cost_cents": "CASE WHEN f.is_real THEN coalesce(round(f.per_contact * 100 + coalesce(f.handle, 0) * f.per_hour"
        " / 36), 0) ELSE 0 END::int",
        "avoidable_n": _count("f.is_real AND f.was_avoidable IS NOT NULL"),
        "avoidable_yes": _count("f.is_real AND f.was_avoidable"),
        "identified": _count("f.is_identified"),
        "repeat": _count("f.is_repeat"),
        "follow_n": _count("f.is_identified AND f.is_answered"),
        "fcr_n": _count("f.fcr_counts"),
        "fcr_yes": _count("f.fcr_counts AND f.is_resolved IS NOT FALSE AND NOT f.came_back"),
        "cases": _count("f.is_first_of_case"),
        "case_contacts": "CASE WHEN f.is_first_of_case THEN f.case_contacts ELSE 0 END::int",
        "case_switched": _count("f.is_first_of_case AND f.is_switched"),
        "case_stuck": _count(f"f.is_first_of_case AND f.case_contacts >= {STUCK_CONTACTS}"),
        "invited": _count("f.was_invited"),
        "invited_answered": _count("f.was_invited AND f.has_response"),
        "csat_n": _count("f.csat IS NOT NULL"),
        "csat_top": _count("f.csat >= 4"),
        "csat_s": "coalesce(f.csat, 0)::int",
        "ces_n": _count("f.ces IS NOT NULL"),
        "ces_easy": _count("f.ces >= 5"),
        "ces_s": "coalesce(f.ces, 0)::int",
        "nps_n": _count("f.nps IS NOT NULL"),
        "nps_promoters": _count("f.nps >= 9"),
        "nps_detractors": _count("f.nps <= 6"),
        "said_n": _count("f.said_resolved IS NOT NULL"),
        "said_yes": _count("f.said_resolved"),
    }
    for seconds in ANSWER_THRESHOLDS:
        expressions[f"answered_{seconds}"] = _count(f"{live_answered} AND f.wait <= {seconds}")
        expressions[f"abandoned_queued_{seconds}"] = _count(f"{abandoned} AND f.queued AND f.wait <= {seconds}")
    for seconds in ABANDON_THRESHOLDS:
        expressions[f"abandoned_{seconds}"] = _count(f"{abandoned} AND f.wait <= {seconds}")
    for days in FOLLOW_UP_DAYS:
        window = days * 86400
        expressions[f"follow_any_{days}"] = _count(f"f.is_answered AND f.next_any <= {window}")
        expressions[f"follow_same_{days}"] = _count(f"f.next_same <= {window}")
    return expressions


MEASURE_SQL: Final = _measure_expressions()
