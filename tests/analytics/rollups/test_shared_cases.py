"""A case that two customers share: what one of them does elsewhere must not reach the other's facts unseen."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.rollups.audit import count_differing_facts, differing_by_table
from analytics.rollups.refresh import refresh_facts
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.models import Case, Customer, Inbox, Interaction

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_call(inbox: Inbox, customer: Customer, case: Case | None, *, minutes: int) -> Interaction:
    """An answered call of ten minutes, some minutes after noon."""
    started = NOON + timedelta(minutes=minutes)
    return Interaction.objects.create(
        inbox=inbox,
        channel=Channel.VOICE,
        status=InteractionStatus.CLOSED,
        outcome=Outcome.HANDLED,
        customer=customer,
        assurance=Assurance.ATTESTED,
        case=case,
        started_at=started,
        first_answered_at=started,
        closed_at=started + timedelta(minutes=10),
    )


def test_a_call_of_the_other_customer_elsewhere_leaves_no_stale_fact() -> None:
    inbox = Inbox.objects.create(name="Line", channel=Channel.VOICE)
    ann, ben = Customer.objects.create(name="Ann"), Customer.objects.create(name="Ben")
    shared = Case.objects.create(customer=ann, opened_at=NOON)
    first = a_call(inbox, ann, shared, minutes=0)
    second = a_call(inbox, ben, shared, minutes=300)
    refresh_facts([first.pk, second.pk])

    elsewhere = a_call(inbox, ben, None, minutes=285)  # Ben's second call now follows another of his within minutes
    refresh_facts([elsewhere.pk])

    assert count_differing_facts() == 0
    assert sum(differing_by_table().values()) == 0
