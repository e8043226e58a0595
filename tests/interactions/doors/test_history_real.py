"""Real files: a bank's January 1999 and an incident log, with the figures that come with them."""

from collections import Counter
from pathlib import Path

import pytest

from interactions.cases.choices import Outcome, SegmentEnd
from interactions.models import Case, Customer, Interaction, Segment
from tests.factories.imports import import_file, row_counts, shipped

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]


def test_a_banks_january_gives_its_figures_and_a_second_import_changes_nothing(real_data: Path) -> None:
    path = real_data / "call_log_anonymous_bank_1999" / "january.txt.gz"

    run = import_file(path, shipped("anonymous_bank"))

    assert (run.rows_read, run.rows_added, run.rows_known, run.rows_rejected) == (31599, 31599, 0, 0)
    assert run.rows_flagged == 33
    assert Segment.objects.filter(is_duration_known=False).count() == 33
    outcomes = Counter(Interaction.objects.values_list("outcome", flat=True))
    assert outcomes == {Outcome.HANDLED: 27060, Outcome.ABANDONED: 4299, Outcome.NOT_A_CONTACT: 240}
    before = row_counts()
    again = import_file(path, shipped("anonymous_bank"))
    assert (again.rows_added, again.rows_known) == (0, 31599)
    assert row_counts() == before


def test_an_incident_log_gives_its_incidents_callers_transfers_and_reopenings(real_data: Path) -> None:
    path = real_data / "itsm_incident_log_uci_sample" / "incident_log_part1.csv.gz"

    run = import_file(path, shipped("incident_log"))

    assert (run.rows_added, run.rows_rejected) == (445, 0)
    assert Customer.objects.count() == 347
    transferred = Segment.objects.filter(ended_by=SegmentEnd.TRANSFER_QUEUE)
    assert transferred.values("interaction").distinct().count() == 210
    assert Case.objects.filter(reopened_count__gt=0).count() == 5
