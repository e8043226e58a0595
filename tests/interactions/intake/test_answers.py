"""A contact that answers another one: sealed by a token of ours, or only said so."""

from typing import Any

import pytest

from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.channels.contact import Receipt
from interactions.customers.choices import Assurance
from interactions.intake.services import receive
from interactions.models import Case, Identity, Inbox, Interaction
from tests.factories.contacts import Centre, after, claim, contact

CLAIMED = claim(assurance=Assurance.CLAIMED)


def asked(centre: Centre, **fields: Any) -> Receipt:
    """Somebody asked on another line than the mail's."""
    return receive(contact=contact(a_form(centre), "form", **{"identity": CLAIMED, **fields}), by_id=None)


def a_form(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="Form", channel=Channel.WEB_FORM, default_queue=centre.queue)


def answer(centre: Centre, first: Receipt, **fields: Any) -> Receipt:
    values = {"identity": CLAIMED, "answers_interaction_id": first.interaction_id, "is_answer_sealed": True} | fields
    return receive(contact=contact(centre.email, "answer", occurred_at=after(hours=2), **values), by_id=None)


@pytest.mark.parametrize("status", [InteractionStatus.WAITING, InteractionStatus.ACTIVE, InteractionStatus.PENDING])
def test_a_sealed_answer_goes_on_with_a_running_contact_of_another_line_and_attests_its_sender(
    centre: Centre, status: str
) -> None:
    first = asked(centre)
    Interaction.objects.filter(pk=first.interaction_id).update(status=status)

    second = answer(centre, first)

    assert (second.interaction_id, second.started_interaction) == (first.interaction_id, False)
    interaction = Interaction.objects.get()
    assert interaction.assurance == Assurance.ATTESTED
    assert interaction.last_customer_message_at == after(hours=2)
    identity = Identity.objects.get()
    assert (identity.assurance, identity.source) == (Assurance.ATTESTED, "reply token")


@pytest.mark.parametrize("status", [InteractionStatus.WAITING, InteractionStatus.ACTIVE])
def test_who_answers_by_mail_is_not_on_the_line_any_more(centre: Centre, status: str) -> None:
    """A chat or a call goes on as it is; the mail is another contact of the same case."""
    first = receive(contact=contact(centre.chat, "chat", identity=CLAIMED), by_id=None)
    Interaction.objects.filter(pk=first.interaction_id).update(status=status)

    second = answer(centre, first)

    assert (second.case_id, second.started_interaction) == (first.case_id, True)
    assert Interaction.objects.get(pk=first.interaction_id).assurance == Assurance.CLAIMED


def test_a_sealed_answer_of_somebody_else_is_a_new_contact_and_attests_nobody(centre: Centre) -> None:
    first = asked(centre)

    second = answer(centre, first, identity=claim("eve@example.test", Assurance.CLAIMED))

    assert second.interaction_id != first.interaction_id
    assert second.case_id != first.case_id
    assert set(Identity.objects.values_list("assurance", flat=True)) == {Assurance.CLAIMED}


def test_an_answer_that_only_says_so_joins_what_is_no_surer_than_itself(centre: Centre) -> None:
    first = asked(centre)

    assert answer(centre, first, is_answer_sealed=False).interaction_id == first.interaction_id


def test_an_answer_that_only_says_so_joins_nothing_attested(centre: Centre) -> None:
    first = asked(centre, identity=claim())

    second = answer(centre, first, is_answer_sealed=False)

    assert second.interaction_id != first.interaction_id
    assert second.case_id != first.case_id


@pytest.mark.parametrize(("days", "reopens"), [(6, True), (8, False)])
def test_an_answer_to_a_closed_contact_is_a_new_one_of_its_case_while_that_may_reopen(
    centre: Centre, days: int, reopens: bool
) -> None:
    first = asked(centre)
    Interaction.objects.filter(pk=first.interaction_id).update(
        status=InteractionStatus.CLOSED, outcome=Outcome.HANDLED, closed_at=after(hours=1)
    )
    Case.objects.filter(pk=first.case_id).update(status=CaseStatus.RESOLVED, resolved_at=after(hours=1))

    second = receive(
        contact=contact(
            centre.email, "answer", occurred_at=after(days=days), identity=CLAIMED, is_answer_sealed=True,
            answers_interaction_id=first.interaction_id,
        ),
        by_id=None,
    )  # fmt: skip

    assert second.interaction_id != first.interaction_id
    assert (second.case_id == first.case_id) is reopens


def test_an_answer_to_what_is_not_there_is_a_new_contact(centre: Centre) -> None:
    said = receive(
        contact=contact(centre.email, "a", identity=CLAIMED, answers_interaction_id=987_654_321, is_answer_sealed=True),
        by_id=None,
    )

    assert said.started_interaction
