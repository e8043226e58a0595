"""The small centre around customers, and the state of all tables a merge touches."""

from collections.abc import Callable

import pytest
from django.db import connection

from tests.factories.customers import CustomerCentre, make_customer_centre

TOUCHED_TABLES = (
    "interactions_customer",
    "interactions_identity",
    "interactions_preference",
    "interactions_consent",
    "interactions_purchase",
    "interactions_customernote",
    "interactions_interaction",
    "interactions_case",
    "interactions_message",
    "interactions_segment",
)


@pytest.fixture
def centre(db: None) -> CustomerCentre:
    return make_customer_centre()


@pytest.fixture
def state_of_tables(db: None) -> Callable[[], dict[str, str]]:
    """Every touched table as PostgreSQL writes it out, row for row."""

    def state() -> dict[str, str]:
        with connection.cursor() as cursor:
            tables = {}
            for table in TOUCHED_TABLES:
                cursor.execute(f"SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY id), '') FROM {table} t")
                tables[table] = cursor.fetchone()[0]
        return tables

    return state
