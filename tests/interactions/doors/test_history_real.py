"""A real incident log, with the figures that come with it. A bank's calls: tests/stories/january."""

from pathlib import Path

import pytest

from interactions.cases.choices import SegmentEnd
from interactions.models import Case, Customer, Segment
from tests.factories.imports import import_file, shipped

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]


def test_an_incident_log_gives_its_incidents_callers_transfers_and_reopenings(real_data: Path) -> None:
    path = real_data / "itsm_incident_log_uci_sample" / "incident_log_part1.csv.gz"

    run = import_file(path, shipped("incident_log"))

    assert (run.rows_added, run.rows_rejected) == (445, 0)
    assert Customer.objects.count() == 347
    transferred = Segment.objects.filter(ended_by=SegmentEnd.TRANSFER_QUEUE)
    assert transferred.values("interaction").distinct().count() == 210
    assert Case.objects.filter(reopened_count__gt=0).count() == 5
