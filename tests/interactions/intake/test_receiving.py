"""What one contact leaves behind."""

from datetime import datetime

import pytest

from ccx.kernel.events.models import EventRow
from interactions.cases.choices import AuthorKind, CaseStatus, Direction, InteractionStatus, Outcome, SegmentKind
from interactions.channels.contact import PastMessage, PastSegment
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, Identity
from interactions.intake.errors import BatchIsTooLargeError, ContactRefusedError
from interactions.intake.services import MAX_BATCH, receive, receive_many
from interactions.models import Case, Interaction, Message, RawContact, Segment
from tests.factories.contacts import START, Centre, after, claim, contact, past


def kinds() -> list[str]:
    return list(EventRow.objects.order_by("id").values_list("kind", flat=True))


def test_a_first_message_makes_a_customer_a_case_an_interaction_and_the_wait_begins(centre: Centre) -> None:
    told = contact(centre.email, "m1", identity=claim(), customer_name="Ann", subject="Where is it?", payload={"a": 1})

    receipt = receive(contact=told, by_id=centre.alice.pk)

    interaction = Interaction.objects.get(pk=receipt.interaction_id)
    assert interaction.status == InteractionStatus.WAITING
    assert (interaction.queue, interaction.team, interaction.agent) == (centre.queue, centre.team, None)
    assert (interaction.started_at, interaction.last_customer_message_at) == (START, START)
    assert interaction.assurance == Assurance.ATTESTED
    assert interaction.customer is not None
    assert interaction.customer.name == "Ann"
    assert interaction.case is not None
    assert (interaction.case.status, interaction.case.opened_at) == (CaseStatus.OPEN, START)
    message = Message.objects.get(pk=receipt.message_id)
    assert (message.author_kind, message.body, message.external_id) == (AuthorKind.CUSTOMER, "text of m1", "m1")
    wait = Segment.objects.get(interaction=interaction)
    assert (wait.kind, wait.queue, wait.started_at, wait.ended_at) == (SegmentKind.QUEUE, centre.queue, START, None)
    assert RawContact.objects.get().payload == {"a": 1}
    assert kinds() == ["customer_added", "case_opened", "interaction_started"]
    assert set(EventRow.objects.values_list("actor_id", "origin", "occurred_at")) == {(centre.alice.pk, "live", START)}
    assert receipt.started_interaction
    assert receipt.is_new


def test_a_second_delivery_returns_the_first_receipt_and_does_nothing(centre: Centre) -> None:
    told = contact(centre.email, "m1", identity=claim())
    first = receive(contact=told, by_id=None)

    again = receive(contact=told, by_id=None)

    assert not again.is_new
    assert {**vars_of(first), "is_new": False} == vars_of(again)
    assert (Interaction.objects.count(), Message.objects.count(), RawContact.objects.count()) == (1, 1, 1)
    assert len(kinds()) == 3


def vars_of(receipt: object) -> dict[str, object]:
    return dict(receipt.__dict__)


def test_the_same_id_on_another_inbox_is_another_contact(centre: Centre) -> None:
    receive(contact=contact(centre.email, "m1"), by_id=None)

    assert receive(contact=contact(centre.chat, "m1"), by_id=None).is_new


def test_a_contact_from_nobody_has_no_customer_and_a_case_of_its_own(centre: Centre) -> None:
    receipt = receive(contact=contact(centre.chat, "m1"), by_id=None)

    interaction = Interaction.objects.get(pk=receipt.interaction_id)
    assert (interaction.customer, interaction.assurance) == (None, Assurance.NONE)
    assert interaction.case is not None


def test_text_that_the_database_cannot_keep_is_replaced_and_what_is_too_long_is_kept_in_the_payload(
    centre: Centre,
) -> None:
    told = contact(
        centre.email,
        "x" * 400,
        body="a\x00b\ud800c \U0001f600",
        subject="s" * 300,
        customer_name="n\x00",
        identity=claim("\x00e@example.test"),
        payload={"k\x00": ["\udfff", float("nan"), {"t": datetime}], "ok": "\U0001f600 \\u0000"},
    )

    receipt = receive(contact=told, by_id=None)

    message = Message.objects.get(pk=receipt.message_id)
    assert message.body == "a\ufffdb\ufffdc \U0001f600"
    raw = RawContact.objects.get()
    assert len(raw.external_id) == 250
    assert raw.payload["k\ufffd"][:2] == ["\ufffd", "nan"]
    assert raw.payload["ok"] == "\U0001f600 \\u0000"
    assert raw.payload["_uncut"] == {"subject": "s" * 300, "external_id": "x" * 400}
    assert Interaction.objects.get().subject == "s" * 250
    assert Identity.objects.get().value == "\ufffde@example.test"
    assert not receive(contact=told, by_id=None).is_new


def test_ids_that_differ_only_beyond_the_column_stay_different(centre: Centre) -> None:
    receive(contact=contact(centre.email, "x" * 400 + "1"), by_id=None)

    assert receive(contact=contact(centre.email, "x" * 400 + "2"), by_id=None).is_new


def test_a_higher_claim_raises_the_identity_and_a_lower_one_does_not_lower_it(centre: Centre) -> None:
    for number, assurance in enumerate([Assurance.CLAIMED, Assurance.PROVEN, Assurance.ATTESTED]):
        receive(contact=contact(centre.chat, f"m{number}", identity=claim(assurance=assurance)), by_id=None)

    assert Identity.objects.get().assurance == Assurance.PROVEN
    assert list(Interaction.objects.order_by("id").values_list("assurance", flat=True)) == [1, 3, 2]
    assert kinds().count("identity_attested") == 1


def test_a_name_is_taken_only_where_none_was(centre: Centre) -> None:
    for number, name in enumerate(["", "Ann", "Bea"]):
        receive(contact=contact(centre.chat, f"m{number}", identity=claim(), customer_name=name), by_id=None)

    assert Customer.objects.get().name == "Ann"


def test_a_contact_of_a_merged_customer_goes_to_the_survivor(centre: Centre) -> None:
    receive(contact=contact(centre.chat, "m1", identity=claim()), by_id=None)
    merged = Customer.objects.get()
    middle = Customer.objects.create(name="Middle")
    survivor = Customer.objects.create(name="Survivor")
    Customer.objects.filter(pk=merged.pk).update(merged_into=middle)
    Customer.objects.filter(pk=middle.pk).update(merged_into=survivor)

    assert receive(contact=contact(centre.chat, "m2", identity=claim()), by_id=None).customer_id == survivor.pk


def test_a_past_call_is_told_whole(centre: Centre) -> None:
    closed_at = after(minutes=10)
    told = contact(
        centre.voice,
        "c1",
        body="",
        identity=claim("+15550100", kind="phone"),
        agent_id=centre.alice.pk,
        reason_id=centre.reason.pk,
        past=past(
            closed_at,
            first_answered_at=after(minutes=1),
            segments=(
                PastSegment(kind=2, started_at=START, ended_at=after(minutes=1), queue_id=centre.queue.pk),
                PastSegment(kind=4, started_at=after(minutes=1), ended_at=closed_at, agent_id=centre.alice.pk),
            ),
            messages=(
                PastMessage(author_kind="agent", body="Hello", sent_at=after(minutes=1), author_id=centre.alice.pk),
            ),
        ),
    )

    [receipt] = receive_many(contacts=[told], by_id=None, mode="history")

    interaction = Interaction.objects.get(pk=receipt.interaction_id)
    assert (interaction.status, interaction.outcome) == (InteractionStatus.CLOSED, Outcome.HANDLED)
    assert (interaction.agent, interaction.reason, interaction.closed_at) == (centre.alice, centre.reason, closed_at)
    assert interaction.case is not None
    assert (interaction.case.status, interaction.case.resolved_at) == (CaseStatus.RESOLVED, closed_at)
    assert Segment.objects.count() == 2
    assert kinds() == ["customer_added", "case_opened", "interaction_started", "case_resolved"]
    assert set(EventRow.objects.values_list("origin", flat=True)) == {"history"}
    started = EventRow.objects.get(kind="interaction_started")
    assert started.data == {"message_id": receipt.message_id, "is_complete": True}
    assert started.agent_id == centre.alice.pk


@pytest.mark.parametrize(
    ("outcome", "assurance", "is_resolved", "status"),
    [
        (Outcome.HANDLED, Assurance.CLAIMED, None, "resolved"),
        (Outcome.HANDLED, Assurance.CLAIMED, False, "open"),
        (Outcome.SELF_SERVED, Assurance.ATTESTED, None, "resolved"),
        (Outcome.CALLBACK, Assurance.ATTESTED, None, "open"),
        (Outcome.ABANDONED, Assurance.ATTESTED, None, "open"),
        (Outcome.ABANDONED, Assurance.CLAIMED, None, None),
        (Outcome.NOT_A_CONTACT, Assurance.PROVEN, None, None),
    ],
)
def test_how_a_past_contact_ended_decides_about_its_case(
    centre: Centre, outcome: int, assurance: int, is_resolved: bool | None, status: str | None
) -> None:
    told = contact(
        centre.voice,
        "c1",
        identity=claim(assurance=assurance),
        past=past(after(minutes=5), outcome, is_resolved=is_resolved),
    )

    receive(contact=told, by_id=None)

    assert list(Case.objects.values_list("status", flat=True)) == ([status] if status else [])


def test_what_we_started_opens_no_case(centre: Centre) -> None:
    told = contact(
        centre.voice, "c1", direction=Direction.OUTBOUND, identity=claim(), agent_id=centre.alice.pk,
        past=past(after(minutes=5)),
    )  # fmt: skip

    receipt = receive(contact=told, by_id=None)

    assert Case.objects.count() == 0
    assert Message.objects.get().author == centre.alice
    assert Interaction.objects.get(pk=receipt.interaction_id).direction == Direction.OUTBOUND


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"external_id": ""}, "no_external_id"),
        ({"occurred_at": datetime(2026, 1, 1)}, "time_without_zone"),  # noqa: DTZ001
        ({"direction": Direction.OUTBOUND}, "outbound_is_told_when_over"),
        ({"past": past(after(days=-1))}, "ends_before_it_starts"),
        (
            {"past": past(START, segments=(PastSegment(kind=4, started_at=after(hours=1), ended_at=START),))},
            "segment_ends_before_it_starts",
        ),
        (
            {
                "past": past(
                    after(hours=1),
                    segments=tuple(
                        PastSegment(kind=4, started_at=START, ended_at=after(minutes=n), agent_id=1) for n in (1, 2)
                    ),
                )
            },
            "agent_is_in_two_segments_at_once",
        ),
    ],
)
def test_a_contact_that_contradicts_itself_is_refused_and_leaves_nothing(
    centre: Centre, fields: dict[str, object], reason: str
) -> None:
    good = contact(centre.voice, "good")
    bad = contact(centre.voice, **{"external_id": "bad", **fields})

    with pytest.raises(ContactRefusedError) as refused:
        receive_many(contacts=[good, bad], by_id=None, mode="live")

    assert refused.value.details["reason"] == reason
    assert RawContact.objects.count() == 0


def test_too_many_at_once_are_refused(centre: Centre) -> None:
    with pytest.raises(BatchIsTooLargeError):
        receive_many(contacts=[contact(centre.chat, "m")] * (MAX_BATCH + 1), by_id=None, mode="history")
