"""First contact resolution and repeats, by the published test vectors and at the edges of every rule."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.facts.models import Fact
from analytics.kpis.figures import State
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from interactions.cases.choices import Direction, Outcome
from interactions.channels.choices import Channel
from interactions.customers.services import attest_identity, erase_customer, merge_customers, undo_merge
from interactions.handling.services import correct_reason, link_cases, move_interaction
from interactions.models import Case, Customer, Identity
from tests.factories.figures import an_administrator
from tests.factories.told import Line, a_reason_of, fact, later, measures

FCR = ("fcr_n", "fcr_yes")


def test_an_email_on_thursday_about_the_same_reason_fails_mondays_call(line: Line) -> None:
    bill = a_reason_of("bill").pk
    monday = line.over(reason_id=bill)
    thursday = line.over(later(days=3), channel=Channel.EMAIL, reason_id=bill)

    assert measures(monday, *FCR, "repeat") == (1, 0, 0)
    assert measures(thursday, *FCR, "repeat") == (1, 1, 1)


def test_about_another_reason_both_are_resolved(line: Line) -> None:
    monday = line.over(reason_id=a_reason_of("bill").pk)
    thursday = line.over(later(days=3), channel=Channel.EMAIL, reason_id=a_reason_of("login").pk)

    assert measures(monday, *FCR, "repeat") == (1, 1, 0)
    assert measures(thursday, *FCR, "repeat") == (1, 1, 0)


@pytest.mark.parametrize(("seconds", "folded"), [(15 * 60, True), (15 * 60 + 1, False)])
def test_a_call_within_fifteen_minutes_of_a_dropped_one_is_the_same_contact(
    line: Line, seconds: int, folded: bool
) -> None:
    bill = a_reason_of("bill").pk
    dropped = line.over(reason_id=bill)
    again = line.over(later(seconds=60 + seconds), reason_id=bill)

    assert measures(dropped, *FCR) == (1, int(folded))
    assert measures(again, "fcr_n", "repeat") == ((0, 0) if folded else (1, 1))


def test_what_was_resolved_two_days_ago_is_not_in_the_headline_yet(line: Line) -> None:
    line.over(timezone.now() - timedelta(days=2), reason_id=a_reason_of("bill").pk)
    today = timezone.now().date()
    fact(line.over(timezone.now() - timedelta(days=20), who="bob"))
    answer = read_figures(
        keys=["fcr"], period=Period(today - timedelta(days=3), today), comparison=None, filters=Filters(),
        split_by=Split.NONE, user=an_administrator(),
    )  # fmt: skip

    assert (answer.total["fcr"].state, answer.total["fcr"].excluded) == (State.IMMATURE, 1)


def test_two_customers_found_to_be_one_are_counted_anew_and_back_again(line: Line) -> None:
    bill = a_reason_of("bill").pk
    first = line.over(reason_id=bill, who="ann")
    second = line.over(later(days=2), reason_id=bill, who="ann.work")
    boss = an_administrator()
    assert (measures(first, *FCR), measures(second, "repeat")) == ((1, 1), (0,))

    merge = merge_customers(survivor_id=first.customer_id, merged_id=second.customer_id, by=boss)
    assert (measures(first, *FCR), measures(second, "repeat")) == ((1, 0), (1,))

    undo_merge(merge_id=merge.pk, by=boss)
    assert (measures(first, *FCR), measures(second, "repeat")) == ((1, 1), (0,))


@pytest.mark.parametrize(("days", "resolved"), [(7, 1), (30, 0)])
def test_the_window_is_the_reasons_own(line: Line, days: int, resolved: int) -> None:
    bill = a_reason_of("bill", days=days).pk
    first = line.over(reason_id=bill)
    second = line.over(later(days=29), reason_id=bill)

    assert measures(first, *FCR) == (1, resolved)
    assert measures(second, "repeat") == (1 - resolved,)


@pytest.mark.parametrize(("seconds", "resolved"), [(0, 0), (1, 1)])
def test_the_window_counts_from_the_end_and_its_last_second_is_in_it(line: Line, seconds: int, resolved: int) -> None:
    bill = a_reason_of("bill").pk
    first = line.over(reason_id=bill)
    line.over(later(days=7, seconds=60 + seconds), reason_id=bill)

    assert measures(first, *FCR) == (1, resolved)


def test_reasons_with_one_parent_are_one_issue(line: Line) -> None:
    money = a_reason_of("money")
    first = line.over(reason_id=a_reason_of("bill", money).pk)
    line.over(later(days=1), reason_id=a_reason_of("refund", money).pk)

    assert measures(first, *FCR) == (1, 0)


def test_an_attempt_given_up_before_is_no_contact_of_resolution(line: Line) -> None:
    bill = a_reason_of("bill").pk
    attempt = line.left(reason_id=bill)
    answered = line.over(later(hours=1), reason_id=bill)

    assert measures(attempt, "fcr_n", "identified") == (0, 1)
    assert measures(answered, *FCR, "repeat") == (1, 1, 1)


def test_giving_up_on_coming_back_fails_the_contact_before(line: Line) -> None:
    bill = a_reason_of("bill").pk
    answered = line.over(reason_id=bill)
    line.left(later(days=1), reason_id=bill)

    assert measures(answered, *FCR) == (1, 0)


def test_said_to_be_unresolved_is_unresolved(line: Line) -> None:
    assert measures(line.over(is_resolved=False), *FCR) == (1, 0)


def test_a_case_that_was_opened_again_within_the_window_was_not_resolved(line: Line) -> None:
    first = line.over(thread_token="t", channel=Channel.CHAT)
    line.over(later(days=2), thread_token="t", channel=Channel.CHAT)

    case = Case.objects.get()
    assert (case.reopened_count, case.last_reopened_at) == (1, later(days=2))
    assert measures(first, *FCR) == (1, 0)


def test_a_call_back_of_ours_does_not_break_resolution(line: Line) -> None:
    bill = a_reason_of("bill").pk
    first = line.over(reason_id=bill)
    ours = line.over(later(days=1), reason_id=bill, direction=Direction.OUTBOUND)

    assert measures(first, *FCR) == (1, 1)
    assert measures(ours, "outbound", "contacts", "offered", "fcr_n") == (1, 0, 0, 0)


def test_who_is_only_claimed_is_left_out_until_the_identity_is_attested(line: Line) -> None:
    bill = a_reason_of("bill").pk
    first = line.over(reason_id=bill, assurance=1)
    line.over(later(days=1), reason_id=bill, assurance=1)
    assert measures(first, "offered", "identified", "fcr_n", "follow_n") == (1, 0, 0, 0)

    attest_identity(identity_id=Identity.objects.get().pk, assurance=2, source="test", by=an_administrator())

    assert measures(first, "identified", *FCR, "follow_n", "follow_any_1") == (1, 1, 0, 1, 1)


def test_the_unidentified_share_says_how_many_cannot_be_followed(line: Line) -> None:
    line.over(who=None)
    fact(line.over(later(hours=1)))
    answer = read_figures(
        keys=["unidentified_share"], period=Period(later().date(), later().date()), comparison=None,
        filters=Filters(), split_by=Split.NONE, user=an_administrator(),
    )  # fmt: skip

    assert (answer.total["unidentified_share"].numerator, answer.total["unidentified_share"].denominator) == (1, 2)


def test_erasing_a_customer_keeps_every_number(line: Line) -> None:
    bill = a_reason_of("bill").pk
    first = line.over(reason_id=bill)
    second = line.over(later(days=1), reason_id=bill)
    before = [fact(one).__dict__ for one in (first, second)]

    erase_customer(customer_id=Customer.objects.get().pk, by=an_administrator())

    after = [fact(one).__dict__ for one in (first, second)]
    drop = {"_state"}
    assert [{k: v for k, v in row.items() if k not in drop} for row in after] == [
        {k: v for k, v in row.items() if k not in drop} for row in before
    ]


def test_a_corrected_reason_is_counted_anew(line: Line) -> None:
    bill, login = a_reason_of("bill"), a_reason_of("login")
    first = line.over(reason_id=bill.pk)
    second = line.over(later(days=1), reason_id=login.pk)
    assert measures(first, *FCR) == (1, 1)

    correct_reason(interaction_id=second.pk, reason=bill, by=None)

    assert measures(first, *FCR) == (1, 0)


def test_cases_said_to_be_the_same_issue_count_as_one(line: Line) -> None:
    first = line.over(reason_id=a_reason_of("bill").pk)
    second = line.over(later(days=1), reason_id=a_reason_of("login").pk)
    link_cases(case_id=second.case_id, follows_id=first.case_id, by=None)
    assert (measures(first, *FCR), measures(second, "repeat")) == ((1, 0), (1,))

    link_cases(case_id=second.case_id, follows_id=None, by=None)
    assert (measures(first, *FCR), measures(second, "repeat")) == ((1, 1), (0,))


def test_a_chain_of_cases_is_one_issue_from_end_to_end(line: Line) -> None:
    cases = [line.over(later(days=day), reason_id=a_reason_of(f"reason{day}").pk) for day in range(3)]
    for earlier, case in zip(cases, cases[1:], strict=False):
        link_cases(case_id=case.case_id, follows_id=earlier.case_id, by=None)

    assert [measures(case, "fcr_yes", "repeat") for case in cases] == [(0, 0), (0, 1), (1, 1)]

    link_cases(case_id=cases[1].case_id, follows_id=None, by=None)

    assert [measures(case, "fcr_yes", "repeat") for case in cases] == [(1, 0), (0, 0), (1, 1)]


@pytest.mark.parametrize("days", [1, 3, 7])
def test_follow_ups_count_start_to_start_with_the_last_second_in(line: Line, days: int) -> None:
    bill, login = a_reason_of("bill").pk, a_reason_of("login").pk
    names = (f"follow_any_{days}", f"follow_same_{days}")
    exact = line.over(reason_id=bill, who="exact")
    line.over(later(days=days), reason_id=bill, who="exact")
    late = line.over(reason_id=bill, who="late")
    line.over(later(days=days, seconds=1), reason_id=bill, who="late")
    other = line.over(reason_id=bill, who="other")
    line.over(later(hours=2), reason_id=login, who="other")
    hung_up = line.over(reason_id=bill, who="hung_up")
    line.left(later(hours=2), reason_id=bill, who="hung_up")

    assert [measures(one, *names) for one in (exact, late, other, hung_up)] == [(1, 1), (0, 0), (1, 0), (1, 0)]


@pytest.mark.parametrize(("hours", "switched"), [(71, 1), (73, 0)])
def test_another_channel_within_seventy_two_hours_is_a_switch(line: Line, hours: int, switched: int) -> None:
    first = line.over(is_resolved=False, channel=Channel.CHAT)
    line.over(later(hours=hours), channel=Channel.EMAIL)

    assert measures(first, "cases", "case_contacts", "case_switched") == (1, 2, switched)


def test_a_case_of_three_contacts_is_stuck_and_counts_at_its_first(line: Line) -> None:
    first = line.over(is_resolved=False)
    rest = [line.over(later(hours=hour), is_resolved=False) for hour in (1, 2)]

    assert measures(first, "cases", "case_contacts", "case_stuck") == (1, 3, 1)
    assert [measures(one, "cases", "case_contacts") for one in rest] == [(0, 0), (0, 0)]

    move_interaction(interaction_id=rest[1].pk, by=None)
    assert measures(first, "cases", "case_contacts", "case_stuck") == (1, 2, 0)
    assert measures(rest[1], "cases", "case_contacts") == (1, 1)


def test_no_contact_is_in_nothing(line: Line) -> None:
    phantom = line.over(outcome=Outcome.NOT_A_CONTACT)

    names = ("not_contacts", "contacts", "offered", "answered", "identified", "cases", "live_abandoned")
    assert measures(phantom, *names) == (1, 0, 0, 0, 0, 0, 0)
    assert Fact.objects.get().wait_seconds is None
