"""What the database itself refuses, whoever writes to it."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from interactions.handling.services import accept_interaction, close_interaction
from tests.factories.contacts import make_centre
from tests.factories.desks import arrive, soon

INTERACTION = "UPDATE interactions_interaction SET"
SEGMENT = "UPDATE interactions_segment SET"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("deed", "rule"),
    [
        (f"{INTERACTION} closed_at = NULL", "interaction_closed_iff_closed_at_and_outcome"),
        (f"{INTERACTION} outcome = NULL", "interaction_closed_iff_closed_at_and_outcome"),
        (f"{INTERACTION} status = 'waiting'", "interaction_closed_iff_closed_at_and_outcome"),
        (
            f"{INTERACTION} closed_at = started_at - interval '1 second'",
            "interaction_does_not_end_before_it_starts",
        ),
        (
            f"{INTERACTION} first_answered_at = started_at - interval '1 second'",
            "interaction_is_not_answered_before_it_starts",
        ),
        (f"{SEGMENT} ended_at = started_at - interval '1 second'", "segment_does_not_end_before_it_starts"),
        (
            "INSERT INTO interactions_segment (interaction_id, agent_id, kind, started_at, ended_at, is_duration_known)"
            " SELECT interaction_id, agent_id, kind, started_at, ended_at, true FROM interactions_segment"
            " WHERE agent_id IS NOT NULL LIMIT 1",
            "segments_of_one_agent_do_not_overlap",
        ),
    ],
)
def test_the_database_refuses_what_must_never_be_true(deed: str, rule: str) -> None:
    centre = make_centre()
    number = arrive(centre.email)
    accept_interaction(interaction_id=number, agent=centre.alice, by=centre.alice, at=timezone.now())
    close_interaction(interaction_id=number, by=centre.alice, at=soon(seconds=60))
    with pytest.raises(IntegrityError, match=rule), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)
