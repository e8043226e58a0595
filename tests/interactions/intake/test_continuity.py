"""Same interaction, same case?"""

import pytest

from ccx.kernel.events.models import EventRow
from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome
from interactions.channels.contact import Receipt
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance
from interactions.intake.services import receive, receive_many
from interactions.models import Case, Interaction, Message, Segment
from tests.factories.contacts import START, Centre, after, claim, contact, past


def say(inbox: Inbox, external_id: str, **fields: object) -> Receipt:
    return receive(contact=contact(inbox, external_id, **{"thread_token": "t", **fields}), by_id=None)


def close(receipt: Receipt, *, resolved_at: object = None) -> None:
    Interaction.objects.filter(pk=receipt.interaction_id).update(
        status=InteractionStatus.CLOSED, outcome=Outcome.HANDLED, closed_at=after(hours=1)
    )
    if resolved_at is not None:
        Case.objects.filter(pk=receipt.case_id).update(status=CaseStatus.RESOLVED, resolved_at=resolved_at)


def test_a_second_message_of_a_running_thread_goes_on_with_its_interaction(centre: Centre) -> None:
    first = say(centre.chat, "m1")

    second = say(centre.chat, "m2", occurred_at=after(hours=23))

    assert (second.interaction_id, second.started_interaction) == (first.interaction_id, False)
    assert Message.objects.filter(interaction_id=first.interaction_id).count() == 2
    assert Interaction.objects.get().last_customer_message_at == after(hours=23)
    assert list(EventRow.objects.order_by("id").values_list("kind", flat=True)) == [
        "case_opened",
        "interaction_started",
        "message_received",
    ]


def test_after_a_day_of_silence_on_messaging_a_new_interaction_of_the_same_case_starts(centre: Centre) -> None:
    first = say(centre.chat, "m1")

    second = say(centre.chat, "m2", occurred_at=after(hours=25))

    assert second.interaction_id != first.interaction_id
    assert second.case_id == first.case_id
    assert Interaction.objects.get(pk=first.interaction_id).status == InteractionStatus.WAITING


def test_silence_ends_no_mail(centre: Centre) -> None:
    first = say(centre.email, "m1", identity=claim())

    assert say(centre.email, "m2", identity=claim(), occurred_at=after(days=9)).interaction_id == first.interaction_id


def test_an_answer_of_ours_breaks_the_silence(centre: Centre) -> None:
    first = say(centre.chat, "m1")
    Message.objects.create(
        interaction_id=first.interaction_id, author_kind="agent", author=centre.alice, sent_at=after(hours=20)
    )

    assert say(centre.chat, "m2", occurred_at=after(hours=40)).interaction_id == first.interaction_id


def test_a_message_told_late_moves_the_start_and_the_wait_back(centre: Centre) -> None:
    first = say(centre.email, "reply", subject="Re: bill", occurred_at=after(hours=2), identity=claim())

    say(centre.email, "parent", subject="bill", identity=claim())

    interaction = Interaction.objects.get(pk=first.interaction_id)
    assert (interaction.started_at, interaction.subject) == (START, "bill")
    assert interaction.last_customer_message_at == after(hours=2)
    assert Segment.objects.get().started_at == START
    assert Case.objects.get().opened_at == START


@pytest.mark.parametrize("status", [InteractionStatus.WRAP_UP, InteractionStatus.CLOSED])
def test_after_wrap_up_a_new_interaction_joins_the_open_case(centre: Centre, status: str) -> None:
    first = say(centre.chat, "m1")
    ended = {"outcome": Outcome.HANDLED, "closed_at": after(hours=1)} if status == InteractionStatus.CLOSED else {}
    Interaction.objects.filter(pk=first.interaction_id).update(status=status, **ended)

    second = say(centre.chat, "m2", occurred_at=after(hours=2))

    assert second.interaction_id != first.interaction_id
    assert second.case_id == first.case_id
    assert not Interaction.objects.get(pk=second.interaction_id).is_case_assumed


@pytest.mark.parametrize(("days", "reopens"), [(3, True), (3.01, False)])
def test_a_case_resolved_within_its_reasons_window_reopens(centre: Centre, days: float, reopens: bool) -> None:
    first = say(centre.chat, "m1", reason_id=centre.reason.pk)
    close(first, resolved_at=after(hours=1))

    second = say(centre.chat, "m2", occurred_at=after(hours=1, days=days))

    assert (second.case_id == first.case_id) is reopens
    case = Case.objects.get(pk=first.case_id)
    assert (case.status, case.reopened_count) == ((CaseStatus.OPEN, 1) if reopens else (CaseStatus.RESOLVED, 0))
    assert EventRow.objects.filter(kind="case_reopened").count() == int(reopens)


def test_a_named_case_wins_over_the_threads(centre: Centre) -> None:
    named = say(centre.chat, "other", thread_token="o")
    first = say(centre.chat, "m1")
    close(first)

    assert say(centre.chat, "m2", case_id=named.case_id).case_id == named.case_id


def test_the_one_open_case_of_an_attested_customer_is_assumed_across_channels(centre: Centre) -> None:
    first = receive(contact=contact(centre.email, "m1", identity=claim()), by_id=None)

    second = receive(contact=contact(centre.voice, "c1", identity=claim()), by_id=None)

    assert second.case_id == first.case_id
    assert second.interaction_id != first.interaction_id
    assert Interaction.objects.get(pk=second.interaction_id).is_case_assumed


def test_a_claim_alone_attaches_to_nothing(centre: Centre) -> None:
    first = receive(contact=contact(centre.email, "m1", identity=claim()), by_id=None)

    second = receive(contact=contact(centre.voice, "c1", identity=claim(assurance=Assurance.CLAIMED)), by_id=None)

    assert second.customer_id == first.customer_id
    assert second.case_id != first.case_id


def test_of_several_open_cases_none_is_assumed(centre: Centre) -> None:
    known = {
        receive(contact=contact(centre.email, f"m{n}", identity=claim(assurance=1)), by_id=None).case_id for n in (1, 2)
    }

    third = receive(contact=contact(centre.voice, "c1", identity=claim()), by_id=None)

    assert third.case_id not in known


def test_nothing_is_joined_by_subject(centre: Centre) -> None:
    one = receive(contact=contact(centre.email, "m1", subject="Bill"), by_id=None)

    assert receive(contact=contact(centre.email, "m2", subject="Bill"), by_id=None).case_id != one.case_id


@pytest.mark.parametrize(
    "sender",
    [claim("mallory@example.test"), claim(assurance=Assurance.CLAIMED)],
    ids=["a stranger who knows the message id", "a forged sender"],
)
def test_who_only_knows_a_mail_thread_does_not_enter_it(centre: Centre, sender: object) -> None:
    first = say(centre.email, "m1", identity=claim())

    intruder = say(centre.email, "m2", identity=sender)

    assert intruder.interaction_id != first.interaction_id
    assert intruder.case_id != first.case_id
    # Nor does the stranger's mail stand in the way of the true sender.
    assert say(centre.email, "m3", identity=claim(), occurred_at=after(hours=1)).interaction_id == first.interaction_id


def test_a_stranger_with_the_cases_own_token_is_let_in(centre: Centre) -> None:
    first = say(centre.email, "m1", identity=claim())

    second = say(centre.email, "m2", identity=claim("second@example.test"), case_id=first.case_id)

    assert second.interaction_id == first.interaction_id


def test_an_imported_key_groups_contacts_over_batches_and_beyond_the_window(centre: Centre) -> None:
    def told(external_id: str, days: int) -> Receipt:
        start = after(days=days)
        one = contact(
            centre.voice, external_id, occurred_at=start, case_key="T-1", past=past(after(days=days, hours=1))
        )
        return receive_many(contacts=[one], by_id=None, mode="history")[0]

    receipts = [told("c1", 0), told("c2", 90), told("c0", -5)]

    assert len({receipt.case_id for receipt in receipts}) == 1
    case = Case.objects.get()
    assert (case.opened_at, case.resolved_at) == (after(days=-5), after(days=90, hours=1))
    assert (case.status, case.reopened_count) == (CaseStatus.RESOLVED, 1)


def test_a_past_contact_does_not_resolve_a_case_on_which_another_one_runs(centre: Centre) -> None:
    running = receive(contact=contact(centre.email, "m1", identity=claim()), by_id=None)

    call = contact(centre.voice, "c1", identity=claim(), occurred_at=after(hours=1), past=past(after(hours=2)))
    receipt = receive(contact=call, by_id=None)

    assert receipt.case_id == running.case_id
    assert Case.objects.get().status == CaseStatus.OPEN


def test_a_batch_of_history_is_decided_in_the_order_it_occurred(centre: Centre) -> None:
    told = [
        contact(
            centre.voice, f"c{day}", occurred_at=after(days=day), identity=claim(),
            past=past(after(days=day, hours=1), Outcome.ABANDONED if day < 2 else Outcome.HANDLED),
        )
        for day in (2, 0, 1)
    ]  # fmt: skip

    receipts = receive_many(contacts=told, by_id=None, mode="history")

    assert [receipt.external_id for receipt in receipts] == ["c2", "c0", "c1"]
    case = Case.objects.get()
    assert (case.opened_at, case.status, case.resolved_at) == (START, CaseStatus.RESOLVED, after(days=2, hours=1))
    assert list(Interaction.objects.order_by("started_at").values_list("is_case_assumed", flat=True)) == [
        False,
        True,
        True,
    ]
