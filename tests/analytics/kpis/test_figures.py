"""What a figure says beside its number."""

from datetime import date, timedelta

import pytest

from analytics.facts.models import AgentDay
from analytics.kpis.figures import Figure, State
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from tests.analytics.kpis.conftest import DAY
from tests.factories.figures import a_fact, a_team, a_user, answered, facts, summed


def test_no_contacts_is_a_count_of_0_and_no_share(read) -> None:
    assert read("contacts").value == 0
    figure = read("abandon_offered")
    assert figure.state is State.NO_DATA
    assert figure.value is None


def test_handle_time_of_several_channels_is_told_channel_by_channel(boss, read) -> None:
    facts(2, DAY, channel=1, handle_n=1, handle_s=100, handle_seconds=100)
    facts(1, DAY, channel=3, handle_n=1, handle_s=400, handle_seconds=400)
    summed()
    figure = read("aht")
    assert figure.state is State.SEVERAL_CHANNELS
    assert figure.value is None
    assert [(channel, part.value) for channel, part in figure.by_channel] == [(1, 100.0), (3, 400.0)]
    assert read("aht", channel=3).value == 400.0
    assert read("handle_median", channel=1).value == 100.0


def test_handle_time_of_the_only_channel_is_the_figure(read) -> None:
    facts(2, DAY, channel=1, handle_n=1, handle_s=100)
    a_fact(DAY, channel=3, contacts=1)
    summed()
    assert read("aht").value == 100.0


def test_truncated_handle_time_leaves_out_what_its_definition_says(read) -> None:
    a_fact(DAY, handle_n=1, handle_s=0)
    a_fact(DAY, handle_n=1, handle_s=100, handle_cut_n=1, handle_cut_s=100)
    a_fact(DAY, handle_n=1, handle_s=5000)
    summed()
    assert read("aht").value == 1700.0
    assert (read("aht_truncated").value, read("aht_truncated").denominator) == (100.0, 1)


def test_handle_time_by_team_stays_within_a_channel(boss) -> None:
    one, two = a_team("One"), a_team("Two")
    facts(2, DAY, channel=1, team_id=one.pk, handle_n=1, handle_s=60)
    a_fact(DAY, channel=3, team_id=one.pk, handle_n=1, handle_s=300)
    a_fact(DAY, channel=1, team_id=two.pk, handle_n=1, handle_s=90)
    summed()
    answer = read_figures(
        keys=["aht", "contacts"],
        period=Period(DAY, DAY),
        comparison=None,
        filters=Filters(),
        split_by=Split.TEAM,
        user=boss,
    )
    by_team = {group.label: group.figures["aht"] for group in answer.groups}
    assert by_team["One"].state is State.SEVERAL_CHANNELS
    assert by_team["Two"].value == 90.0


def test_answers_of_few_customers_are_not_shown(read) -> None:
    facts(9, DAY, csat_n=1, csat_top=1, csat_s=5)
    summed()
    figure = read("csat")
    assert (figure.state, figure.value, figure.numerator, figure.n) == (State.SUPPRESSED, None, None, 9)


def test_a_small_share_is_grey_and_has_an_interval(read) -> None:
    facts(8, DAY, csat_n=1, csat_top=1, csat_s=5)
    facts(2, DAY, csat_n=1, csat_s=1)
    summed()
    figure = read("csat")
    assert (figure.value, figure.is_small) == (0.8, True)
    assert [round(bound, 4) for bound in figure.interval] == [0.4902, 0.9433]
    assert read("csat_mean").value == 4.2


def test_nps_is_promoters_minus_detractors_of_answers_only(read) -> None:
    facts(50, DAY, nps_n=1, nps_promoters=1)
    facts(30, DAY, nps_n=1)
    facts(20, DAY, nps_n=1, nps_detractors=1)
    facts(40, DAY)
    summed()
    figure = read("nps")
    assert (figure.value, figure.n) == (30.0, 100)
    assert [round(bound, 1) for bound in figure.interval] == [14.7, 45.3]


def test_effort_and_said_resolved_are_shares_of_answers(read) -> None:
    facts(6, DAY, ces_n=1, ces_easy=1, ces_s=6, said_n=1, said_yes=1)
    facts(6, DAY, ces_n=1, ces_s=2, said_n=1)
    summed()
    assert read("ces").value == 0.5
    assert read("ces_mean").value == 4.0
    assert read("said_resolved").value == 0.5


def test_occupancy_without_presence_is_no_data_and_never_0(read) -> None:
    answered(5, DAY)
    summed()
    assert read("occupancy").state is State.NO_DATA
    AgentDay.objects.create(
        agent_id=1, day=DAY, available_seconds=3600, contact_seconds=2700, idle_seconds=900, away_seconds=60
    )
    assert read("occupancy").value == 0.75
    assert read("occupancy", channel=1).state is State.NO_DATA


def test_cases_have_contacts_and_switches(read) -> None:
    a_fact(DAY, cases=1, case_contacts=4, case_switched=1, case_stuck=1)
    facts(3, DAY, cases=1, case_contacts=1)
    summed()
    assert read("contacts_per_case").value == 1.75
    assert read("channel_switching").value == 0.25
    assert read("stuck_cases").value == 1
    assert read("stuck_share").value == 0.25


def test_different_customers_of_stuck_cases_are_counted_once(read) -> None:
    for customer, is_stuck in ((1, 1), (1, 1), (2, 1), (3, 0), (None, 1)):
        a_fact(DAY, contacts=1, cases=1, case_contacts=4, case_stuck=is_stuck, customer_id=customer)
    summed()
    assert [read(key).value for key in ("customers", "stuck_cases", "stuck_customers")] == [3, 4, 2]


def test_transfers_and_first_responses(read) -> None:
    facts(3, DAY, channel=3, answered=1, first_response_n=1, first_response_s=60, first_response_target=1)
    a_fact(DAY, channel=3, answered=1, transferred=1, first_response_n=1, first_response_s=3600)
    summed()
    assert read("transfer_rate").value == 0.25
    assert read("first_response").value == 945.0
    assert read("first_response_in_target").value == 0.75


def test_a_figure_stands_beside_the_period_before(boss) -> None:
    answered(4, date(2026, 3, 9))
    answered(6, DAY)
    summed()
    period = Period(DAY, DAY)
    answer = read_figures(
        keys=["contacts"], period=period, comparison=period.before, filters=Filters(), split_by=Split.DAY, user=boss
    )
    assert answer.total["contacts"].before.value == 4
    assert answer.total["contacts"].change == 2


def test_the_period_before_whole_months_is_as_many_whole_months() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert march.before == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert Period(date(1999, 1, 1), date(1999, 1, 31)).before == Period(date(1998, 12, 1), date(1998, 12, 31))
    assert Period(date(2026, 3, 3), date(2026, 3, 9)).before == Period(date(2026, 2, 24), date(2026, 3, 2))


def test_a_day_without_rows_is_0_where_the_centre_recorded_others_and_a_gap_where_it_recorded_nothing(boss) -> None:
    answered(1, DAY)
    answered(1, date(2026, 3, 9), channel=2)
    summed()
    answer = read_figures(
        keys=["contacts", "abandon_offered"],
        period=Period(date(2026, 3, 8), DAY),
        comparison=None,
        filters=Filters(channel=1),
        split_by=Split.DAY,
        user=boss,
    )
    assert answer.series("contacts") == [None, 0.0, 1.0]
    assert answer.series("abandon_offered") == [None, None, 0.0]


def test_groups_without_a_name_come_last(boss) -> None:
    agent = a_user(role="agent", name="Zoe")
    answered(2, DAY, agent_id=agent.pk)
    answered(1, DAY)
    summed()
    answer = read_figures(
        keys=["answered"],
        period=Period(DAY, DAY),
        comparison=None,
        filters=Filters(),
        split_by=Split.AGENT,
        user=boss,
    )
    found = [(group.label, group.figures["answered"].value) for group in answer.groups]
    assert found == [("Zoe", 2.0), ("No agent", 1.0)]


@pytest.mark.parametrize("key", ["wait_p90", "wait_median"])
def test_percentiles_of_very_many_contacts_come_from_the_histogram(read, monkeypatch, key) -> None:
    monkeypatch.setattr("analytics.kpis.durations.EXACT_UP_TO", 3)
    answered(10, DAY, wait=64)
    summed()
    figure = read(key)
    assert figure.is_approximate
    assert 64 <= figure.value <= 64 * 2**0.25
    assert figure.source == "histogram day × channel"


def test_percentiles_of_very_many_who_queued_leave_out_those_who_did_not(read, monkeypatch) -> None:
    monkeypatch.setattr("analytics.kpis.durations.EXACT_UP_TO", 3)
    answered(10, DAY, wait=64)
    answered(90, DAY, wait=0)
    summed()
    assert read("wait_median").value == 0
    queued = read("wait_median_queued")
    assert (queued.n, queued.is_approximate, queued.source) == (10, True, "histogram day × channel")
    assert 64 <= queued.value <= 64 * 2**0.25


def test_percentiles_of_very_many_by_team_are_counted_in_bins_within_a_bounded_period(boss, monkeypatch) -> None:
    teams = a_team("One"), a_team("Two")
    for team, wait in zip(teams, (64, 1000), strict=True):
        answered(10, DAY, wait=wait, team_id=team.pk)
    answered(5, DAY, wait=0, team_id=teams[1].pk)
    summed()

    def medians(days: int) -> list[Figure]:
        period = Period(DAY - timedelta(days=days - 1), DAY)
        answer = read_figures(
            keys=["wait_median"], period=period, comparison=None, filters=Filters(), split_by=Split.TEAM, user=boss
        )
        return [group.figures["wait_median"] for group in answer.groups]

    exact = [figure.value for figure in medians(1)]
    assert exact == [64, 1000]
    monkeypatch.setattr("analytics.kpis.durations.EXACT_UP_TO", 3)
    for found, value in zip(medians(92), exact, strict=True):
        assert (found.is_approximate, found.source) == (True, "facts, in bins")
        assert value / 2**0.25 <= found.value <= value * 2**0.25
    assert {figure.state for figure in medians(93)} == {State.REFUSED}
