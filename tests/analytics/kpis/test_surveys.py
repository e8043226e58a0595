"""Worked examples of what customers answered."""

from datetime import date, timedelta

from analytics.kpis.figures import State
from analytics.kpis.questions import Period
from tests.analytics.kpis.conftest import DAY
from tests.factories.figures import a_fact, facts, summed


def answered(number: int, day: date = DAY, **scores: int | bool) -> None:
    """So many contacts whose customers all answered this."""
    measures: dict[str, int] = {}
    if "csat" in scores:
        measures |= {"csat_n": 1, "csat_top": int(scores["csat"] >= 4), "csat_s": scores["csat"]}
    if "ces" in scores:
        measures |= {"ces_n": 1, "ces_easy": int(scores["ces"] >= 5), "ces_s": scores["ces"]}
    if "nps" in scores:
        measures |= {
            "nps_n": 1,
            "nps_promoters": int(scores["nps"] >= 9),
            "nps_detractors": int(scores["nps"] <= 6),
        }
    if "said" in scores:
        measures |= {"said_n": 1, "said_yes": int(scores["said"])}
    facts(number, day, **measures)


def test_satisfaction_is_fours_and_fives_of_those_who_answered_that_question(read) -> None:
    """5 × 5, 3 × 4, 2 × 3, 1 × 2, 1 × 1 and eight who skipped it: 8 of 12, mean 47 / 12."""
    for score, number in {5: 5, 4: 3, 3: 2, 2: 1, 1: 1}.items():
        answered(number, csat=score)
    answered(8, nps=10)
    summed()
    figure = read("csat")
    assert (figure.numerator, figure.denominator) == (8, 12)
    assert [round(bound, 4) for bound in figure.interval] == [0.3906, 0.8619]
    assert round(read("csat_mean").value, 4) == round((25 + 12 + 6 + 2 + 1) / 12, 4)


def test_ease_is_five_to_seven_and_four_is_not(read) -> None:
    for score in (1, 4, 5, 6, 7):
        answered(2, ces=score)
    summed()
    assert (read("ces").value, read("ces_mean").value) == (0.6, 4.6)


def test_net_promoters_go_from_minus_100_to_100_and_six_is_a_detractor(read) -> None:
    answered(10, nps=6)
    summed()
    assert (read("nps").value, read("nps").interval) == (-100.0, (-100.0, -100.0))
    answered(10, nps=9)
    summed()
    assert read("nps").value == 0.0
    answered(20, nps=7)
    summed()
    figure = read("nps")
    assert (figure.value, figure.n) == (0.0, 40)
    assert [round(bound, 1) for bound in figure.interval] == [-21.9, 21.9]


def test_resolved_in_the_customers_eyes_is_yes_of_those_who_said_yes_or_no(read) -> None:
    answered(9, said=True)
    answered(3, said=False)
    answered(5, csat=5)
    summed()
    assert (read("said_resolved").value, read("said_resolved").n) == (0.75, 12)


def test_the_tenth_answer_makes_it_a_figure(read) -> None:
    for number, state in ((9, State.SUPPRESSED), (1, State.READY)):
        answered(number, csat=5, ces=7, nps=10, said=True)
        summed()
        for key in ("csat", "csat_mean", "ces", "ces_mean", "nps", "said_resolved"):
            figure = read(key)
            assert (figure.state, figure.value is None) == (state, state is State.SUPPRESSED)


def test_the_share_that_answers_counts_invitations_old_enough_to_have_been_answered(read) -> None:
    """It is 31 March: what arrived up to the 23rd has had its seven days and one more."""
    mature, young = date(2026, 3, 23), date(2026, 3, 24)
    facts(12, mature, invited=1)
    facts(4, mature, invited=1, invited_answered=1)
    facts(30, young, invited=1)
    a_fact(mature, csat_n=1)  # answered without an invitation: no part of it
    summed()
    figure = read("response_rate", period=Period(mature - timedelta(days=5), young))
    assert (figure.value, figure.numerator, figure.denominator, figure.excluded) == (0.25, 4, 16, 30)


def test_nobody_invited_is_no_data_and_never_0(read) -> None:
    a_fact(DAY, contacts=1)
    summed()
    assert read("response_rate").state is State.NO_DATA
    assert read("csat").state is State.NO_DATA
