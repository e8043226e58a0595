"""However a stream of contacts is cut into batches, the same rows and events remain."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ccx.kernel.events.models import EventRow
from interactions.cases.choices import Outcome
from interactions.channels.contact import InboundContact, PastMessage, PastSegment
from interactions.intake.services import Mode, receive_many
from interactions.models import Case, CaseKey, Customer, Identity, Interaction, Message, RawContact, Segment
from tests.factories.contacts import START, Centre, claim, contact, make_centre, past

# Ids and clocks differ between two runs of the same stream; an id is told as the rank of its row.
TABLES: dict[type, tuple[str, ...]] = {
    Customer: ("public_id", "created_at"),
    Identity: (),
    Case: ("public_id",),
    Interaction: ("public_id",),
    Message: ("public_id", "recorded_at"),
    Segment: (),
    CaseKey: (),
    RawContact: ("received_at",),
}
RANKED: dict[str, type[Any]] = {
    "customer_id": Customer,
    "identity_id": Identity,
    "case_id": Case,
    "interaction_id": Interaction,
    "message_id": Message,
}


class UndoError(Exception):
    """Leaves a run without its rows."""


moments = st.integers(0, 200).map(lambda hours: START + timedelta(hours=hours))
claims = st.none() | st.builds(
    claim, st.sampled_from(["a@example.test", "b@example.test", "c@example.test"]), st.sampled_from([1, 2, 2, 3])
)


@st.composite
def contacts(draw: st.DrawFn, centre: Centre, answerable: tuple[int, ...] = ()) -> InboundContact:
    start = draw(moments)
    told = contact(
        draw(st.sampled_from([centre.chat, centre.email, centre.voice])),
        draw(st.integers(0, 40).map("m{}".format)),
        occurred_at=start,
        identity=draw(claims),
        customer_name=draw(st.sampled_from(["", "Ann"])),
        subject=draw(st.sampled_from(["", "Bill"])),
        body=draw(st.sampled_from(["", "text\twith \\ and\nlines", "caf\u00e9 \U0001f600"])),
        thread_token=draw(st.sampled_from(["", "", "t1", "t2"])),
        reason_id=draw(st.sampled_from([None, centre.reason.pk])),
    )
    if draw(st.booleans()):
        if answerable and draw(st.booleans()):
            answered = draw(st.sampled_from(answerable))
            return replace(told, answers_interaction_id=answered, is_answer_sealed=draw(st.booleans()))
        return told
    end = start + timedelta(minutes=draw(st.integers(0, 300)))
    is_outbound = draw(st.sampled_from([False, False, False, True]))
    return replace(
        told,
        direction=2 if is_outbound else 1,
        case_key=draw(st.sampled_from(["", "", "k1", "k2"])),
        agent_id=draw(st.sampled_from([None, centre.alice.pk])),
        past=past(
            end,
            draw(st.sampled_from([Outcome.HANDLED, Outcome.HANDLED, Outcome.ABANDONED, Outcome.NOT_A_CONTACT])),
            is_resolved=draw(st.sampled_from([None, True, False])),
            messages=draw(
                st.sampled_from(
                    [(), (PastMessage(author_kind="customer", body="hi", sent_at=start),)],
                )
            ),
            segments=(PastSegment(kind=4, started_at=start, ended_at=end, agent_id=centre.alice.pk),),
        ),
    )


def snapshot() -> dict[str, Any]:
    """All rows and events, ids replaced by ranks."""
    ranks = {
        model: {pk: n for n, pk in enumerate(model.objects.order_by("pk").values_list("pk", flat=True))}
        for model in TABLES
    }

    def told(row: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
        return {
            name: ranks[RANKED[name]].get(value) if name in RANKED else value
            for name, value in row.items()
            if name not in {"id", *left_out}
        }

    rows: dict[str, Any] = {
        model.__name__: [told(row, left_out) for row in model.objects.order_by("pk").values()]
        for model, left_out in TABLES.items()
    }
    events = EventRow.objects.order_by("id").values(
        "kind", "origin", "interaction_id", "case_id", "customer_id", "agent_id", "data", "occurred_at"
    )
    identity_ranks = ranks[Identity]
    rows["events"] = []
    for event in events:
        data = dict(event.pop("data"))
        if "message_id" in data:
            data["message_id"] = ranks[Message].get(data["message_id"])
        if "identity_id" in data:
            data["identity_id"] = identity_ranks[data["identity_id"]]
        rows["events"].append(told(event, ()) | {"data": data})
    return rows


def left_by(batches: Sequence[Sequence[InboundContact]], mode: Mode) -> dict[str, Any]:
    """What a run leaves, itself undone."""
    remaining: dict[str, Any] = {}
    try:
        with transaction.atomic():
            for batch in batches:
                receive_many(contacts=batch, by_id=None, mode=mode)
            remaining = snapshot()
            raise UndoError
    except UndoError:
        return remaining


def cut(stream: list[InboundContact], places: set[int]) -> list[list[InboundContact]]:
    edges = [0, *sorted(place for place in places if 0 < place < len(stream)), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


class TestOneByOneAndMany(TestCase):
    centre: Centre
    answerable: tuple[int, ...]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.centre = make_centre()
        told = [
            contact(cls.centre.email, "form-1", identity=claim("a@example.test", 1), thread_token="t1"),
            contact(cls.centre.voice, "call-1", identity=claim("b@example.test", 2)),
        ]
        cls.answerable = tuple(
            receipt.interaction_id
            for receipt in receive_many(contacts=told, by_id=None, mode="live")
            if receipt.interaction_id is not None
        )

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_any_cut_of_a_stream_leaves_the_same_rows_and_events(self, data: st.DataObject) -> None:
        mode: Mode = data.draw(st.sampled_from(["live", "history"]))
        answerable = self.answerable if mode == "live" else ()
        stream = data.draw(st.lists(contacts(self.centre, answerable), min_size=1, max_size=25))
        if mode == "history":
            stream.sort(key=lambda told: told.occurred_at)
        places = data.draw(st.sets(st.integers(1, 24)))

        one_by_one = left_by([[told] for told in stream], mode)
        in_batches = left_by(cut(stream, places), mode)
        at_once = left_by([stream], mode)

        for name, rows in one_by_one.items():
            assert in_batches[name] == rows, name
            assert at_once[name] == rows, name

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_a_batch_of_history_may_be_given_in_any_order(self, data: st.DataObject) -> None:
        stream = data.draw(
            st.lists(
                contacts(self.centre), max_size=15,
                unique_by=(lambda told: told.occurred_at, lambda told: told.external_id),
            )
        )  # fmt: skip
        shuffled = data.draw(st.permutations(stream))

        assert left_by([shuffled], "history") == left_by([sorted(stream, key=lambda told: told.occurred_at)], "history")

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_messages_of_a_thread_may_arrive_in_any_order(self, data: st.DataObject) -> None:
        hours = data.draw(st.lists(st.integers(0, 23), min_size=2, max_size=6, unique=True))
        told = [
            contact(
                self.centre.email, f"m{hour}", occurred_at=START + timedelta(hours=hour), subject=f"s{hour}",
                thread_token="t", identity=claim(),
            )
            for hour in hours
        ]  # fmt: skip

        def ended(stream: list[InboundContact]) -> tuple[Any, ...]:
            rows = left_by([[one] for one in stream], "live")
            said = sorted((row["sent_at"], row["body"]) for row in rows["Message"])
            return rows["Interaction"], rows["Case"][0] | {"title": ""}, rows["Segment"], rows["Identity"], said

        assert ended(told) == ended(sorted(told, key=lambda one: one.occurred_at))

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(data=st.data())
    def test_contacts_of_customers_who_have_nothing_to_do_with_each_other_may_arrive_in_any_order(
        self, data: st.DataObject
    ) -> None:
        names = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=2, unique=True))
        streams = [
            [
                contact(
                    self.centre.chat, f"{name}{number}", occurred_at=START + timedelta(hours=9 * number),
                    identity=claim(f"{name}@example.test"), thread_token=name,
                )
                for number in range(data.draw(st.integers(1, 4)))
            ]
            for name in names
        ]  # fmt: skip
        picks = data.draw(st.permutations([index for index, stream in enumerate(streams) for _ in stream]))
        waiting = [iter(stream) for stream in streams]
        mixed = [next(waiting[index]) for index in picks]

        apart = left_by([[one] for stream in streams for one in stream], "live")
        together = left_by([[one] for one in mixed], "live")
        for name in ("Interaction", "Case", "Customer", "Message"):
            assert sorted(map(without_ids, together[name])) == sorted(map(without_ids, apart[name])), name


def without_ids(row: dict[str, Any]) -> str:
    return repr({name: value for name, value in sorted(row.items()) if name not in RANKED})
