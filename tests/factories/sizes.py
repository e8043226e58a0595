"""What autovacuum does for a centre that runs, for tests in which nothing is committed."""

from django.db import connection


def learn_sizes() -> None:
    """Tell the planner how large the tables are that facts are made from, or it takes them for empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE interactions_interaction, interactions_case, interactions_segment, interactions_customer,"
            " analytics_fact"
        )
