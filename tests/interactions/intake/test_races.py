"""Many at once have the effect of one after another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from interactions.channels.contact import InboundContact, Receipt
from interactions.customers.models import Customer, Identity
from interactions.intake.services import receive, receive_many
from interactions.models import Case, Interaction, Message, RawContact
from tests.factories.contacts import Centre, after, claim, contact, make_centre, past


@pytest.fixture
def committed_centre(transactional_db: None) -> Centre:
    return make_centre()


def at_once(calls: list[Callable[[], Receipt]]) -> list[Receipt]:
    """Run all calls at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Receipt]) -> Receipt:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def receiving(told: InboundContact) -> Callable[[], Receipt]:
    return lambda: receive(contact=told, by_id=None)


def test_fifty_deliveries_of_one_message_have_one_effect(committed_centre: Centre) -> None:
    told = contact(committed_centre.chat, "m1", identity=claim(), thread_token="t")

    receipts = at_once([receiving(told)] * 50)

    assert [receipt.is_new for receipt in receipts].count(True) == 1
    assert len({(receipt.interaction_id, receipt.message_id, receipt.case_id) for receipt in receipts}) == 1
    assert (RawContact.objects.count(), Message.objects.count(), Customer.objects.count()) == (1, 1, 1)


def test_first_contacts_of_one_identity_make_one_customer(committed_centre: Centre) -> None:
    told = [contact(committed_centre.chat, f"m{number}", identity=claim()) for number in range(12)]

    receipts = at_once([receiving(one) for one in told])

    assert (Customer.objects.count(), Identity.objects.count()) == (1, 1)
    assert Interaction.objects.count() == 12
    # The first opens the case; it is the one open case of an attested customer for all that follow.
    assert Case.objects.count() == 1
    assert len({receipt.case_id for receipt in receipts}) == 1


def test_messages_of_one_thread_start_one_interaction(committed_centre: Centre) -> None:
    told = [contact(committed_centre.chat, f"m{number}", thread_token="t") for number in range(12)]

    receipts = at_once([receiving(one) for one in told])

    assert Interaction.objects.count() == 1
    assert Message.objects.count() == 12
    assert [receipt.started_interaction for receipt in receipts].count(True) == 1


def test_batches_that_overlap_in_any_order_take_each_contact_once(committed_centre: Centre) -> None:
    told = [
        contact(
            committed_centre.voice, f"c{number}", identity=claim(f"+1555{number % 7}", kind="phone"),
            occurred_at=after(hours=number), past=past(after(hours=number, minutes=5)),
        )
        for number in range(80)
    ]  # fmt: skip
    batches = [told, told[::-1], told[20:60], told[40:] + told[:40]]

    def importing(batch: list[InboundContact]) -> Callable[[], Receipt]:
        return lambda: receive_many(contacts=batch, by_id=None, mode="history")[0]

    at_once([importing(batch) for batch in batches])

    assert (RawContact.objects.count(), Interaction.objects.count()) == (80, 80)
    assert Customer.objects.count() == 7
