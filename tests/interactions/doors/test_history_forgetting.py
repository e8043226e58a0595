"""What an import leaves behind is forgotten in time, and with the person whom its source knew."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ccx.kernel.events.pumping import pump
from interactions.customers.services import erase_customer
from interactions.doors.history import tasks
from interactions.doors.history.reader import IMPORTS_ERASURE
from interactions.doors.history.services import begin_import, work_on_import
from interactions.models import Customer, ImportIssue, ImportRun
from tests.factories.figures import an_administrator

pytestmark = pytest.mark.django_db

MAPPING = """
title: Old desk
source: {name: %s, time_zone: UTC}
inbox: {name: %s, channel: voice}
key: [id]
started: begun
identities: [{kind: account, column: mail}]
"""
ROWS = "id,begun,mail\n1,2026-03-02T09:00:00Z,ann@example.test\n2,no time at all,ben@example.test\n"


@pytest.fixture(autouse=True)
def own_media(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def an_import(name: str, *, is_run: bool = True, created: datetime | None = None) -> ImportRun:
    """An upload of two rows, one of which cannot be a contact; run to its end, or left as a draft."""
    run = begin_import(file=SimpleUploadedFile(f"{name}.csv", ROWS.encode()), by=an_administrator())
    state = ImportRun.State.QUEUED if is_run else ImportRun.State.DRAFT
    ImportRun.objects.filter(pk=run.pk).update(
        mapping={"yaml": MAPPING % (name, name)}, state=state, created_at=created or timezone.now()
    )
    if is_run:
        work_on_import(run_id=run.pk)
    return ImportRun.objects.get(pk=run.pk)


def files_of(media: Path) -> int:
    return sum(path.is_file() for path in media.rglob("*"))


def test_a_file_goes_when_its_import_is_done_or_nobody_went_on(own_media: Path) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    done, left = an_import("done"), an_import("left", is_run=False, created=long_ago)
    young = an_import("young", is_run=False)
    assert (done.state, done.rows_added, done.rows_rejected, files_of(own_media)) == ("done", 1, 1, 3)

    tasks.purge()

    assert files_of(own_media) == 1
    assert list(ImportRun.objects.exclude(file="").values_list("pk", flat=True)) == [young.pk]
    assert ImportRun.objects.get(pk=left.pk).state == ImportRun.State.DRAFT
    tasks.purge()
    assert files_of(own_media) == 1


def test_an_import_at_work_keeps_its_file(own_media: Path) -> None:
    run = an_import("busy", is_run=False, created=timezone.now() - timedelta(days=31))
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.RUNNING)

    tasks.purge()

    assert files_of(own_media) == 1


def test_old_rows_keep_why_they_were_listed_and_lose_what_they_said() -> None:
    old, young = an_import("old"), an_import("young")
    ImportRun.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=31))

    tasks.purge()

    told = dict(ImportIssue.objects.values_list("run", "row"))
    assert told == {old.pk: "", young.pk: "2\tno time at all\tben@example.test"}
    assert ImportIssue.objects.get(run=old).reason


def test_with_a_customer_go_the_rows_of_the_sources_that_knew_them() -> None:
    known, other = an_import("known"), an_import("other")
    ann = Customer.objects.get(interactions__source=known.source)

    erase_customer(customer_id=ann.pk, by=an_administrator())
    assert pump(readers=[IMPORTS_ERASURE])

    assert {issue.run_id: bool(issue.row) for issue in ImportIssue.objects.all()} == {known.pk: False, other.pk: True}
