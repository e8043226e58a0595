"""Roll-ups and facts brought up to date event by event are those computed from nothing, whatever the order."""

import random

import pytest
from django.db import connection

from analytics.rollups.audit import count_differing_buckets, count_differing_facts
from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from analytics.rollups.refresh import refresh_facts
from benchmarks.dataset import CONFIGURATION, make_contacts
from interactions.models import Interaction
from tests.factories.sizes import learn_sizes

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
    learn_sizes()
    return list(Interaction.objects.values_list("pk", flat=True))


def deliver(ids: list[int], size: int = 50) -> None:
    for start in range(0, len(ids), size):
        refresh_facts(ids[start : start + size])
        if not start:
            learn_sizes()


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


def test_a_contact_met_before_its_own_event_leaves_no_trace_at_its_old_customer(contacts: list[int]) -> None:
    rebuild_facts()
    rebuild_rollups()
    first, second, third = Interaction.objects.filter(pk__in=contacts[200:203]).order_by("pk")
    homes = first.customer_id, second.customer_id, third.customer_id
    assert len(set(homes)) == 3
    Interaction.objects.filter(pk=first.pk).update(customer_id=homes[2])
    Interaction.objects.filter(pk=second.pk).update(customer_id=homes[0])
    refresh_facts([first.pk])  # meets the second contact at its new customer
    refresh_facts([second.pk])
    assert count_differing_facts() == 0
    assert count_differing_buckets() == 0
