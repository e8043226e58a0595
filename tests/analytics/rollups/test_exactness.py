"""Roll-ups and facts brought up to date event by event are those computed from nothing, whatever the order."""

import random

import pytest
from django.db import connection

from analytics.rollups.audit import count_differing_buckets, count_differing_facts
from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from analytics.rollups.refresh import refresh_facts
from benchmarks.dataset import CONFIGURATION, make_contacts
from interactions.models import Interaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts() -> list[int]:
    """A few hundred contacts of a dozen customers, so that most have neighbours."""
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION)
    make_contacts(first=1, last=400, newest=400)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(
            "UPDATE interactions_interaction SET customer_id = (SELECT min(customer_id) FROM interactions_interaction)"
            " + id % 12, started_at = started_at - (400 - id) * interval '1 hour',"
            " closed_at = closed_at - (400 - id) * interval '1 hour'"
        )
        cursor.execute(
            "INSERT INTO interactions_customer"
            " (id, public_id, name, company, language, time_zone, attributes, created_at)"
            " SELECT DISTINCT i.customer_id, gen_random_uuid(), '', '', '', '', '{}'::jsonb, now()"
            " FROM interactions_interaction i ON CONFLICT DO NOTHING"
        )
    return list(Interaction.objects.values_list("pk", flat=True))


def deliver(ids: list[int], size: int = 50) -> None:
    for start in range(0, len(ids), size):
        refresh_facts(ids[start : start + size])


def test_shuffled_and_doubled_deliveries_end_in_what_a_rebuild_computes(contacts: list[int]) -> None:
    random.Random(1).shuffle(contacts)
    deliver(contacts + contacts[:100])
    assert count_differing_facts() == 0
    assert count_differing_buckets() == 0


def test_a_rebuild_from_nothing_differs_from_the_definition_in_nothing(contacts: list[int]) -> None:
    assert rebuild_facts() == len(contacts)
    rebuild_rollups()
    assert count_differing_facts() == 0
    assert count_differing_buckets() == 0


def test_contacts_that_swap_customers_in_different_batches_leave_no_trace_where_they_were(contacts: list[int]) -> None:
    rebuild_facts()
    rebuild_rollups()
    moved = list(Interaction.objects.filter(pk__in=contacts[::7]).order_by("pk").values_list("pk", "customer_id"))
    for (pk, _), (_, customer_id) in zip(moved, moved[1:] + moved[:1], strict=True):
        Interaction.objects.filter(pk=pk).update(customer_id=customer_id)
    deliver([pk for pk, _ in moved], size=5)
    assert count_differing_facts() == 0
    assert count_differing_buckets() == 0
