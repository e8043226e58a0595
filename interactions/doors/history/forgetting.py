"""What an import leaves behind is forgotten: its file when it is over, its rows when they are old or a person goes."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from interactions.cases.models import Interaction
from interactions.doors.history.services import AT_WORK
from interactions.doors.models import ImportIssue, ImportRun


def forget_files(*, before: datetime) -> int:
    """Remove the files of imports that are done, and of those that nobody went on with since; how many.

    The file goes before its name: whatever stops this in between, the next time finds both gone or takes it up again.
    """
    left = ImportRun.objects.exclude(file="").exclude(state__in=AT_WORK)
    left = left.filter(Q(state=ImportRun.State.DONE) | Q(created_at__lt=before))
    for run in left.order_by("pk"):
        run.file.storage.delete(run.file.name or "")
        ImportRun.objects.filter(pk=run.pk).update(file="")
    return len(left)


def forget_rows(*, before: datetime) -> int:
    """Forget what stood in the rows that imports before then listed; why they were listed stays. How many."""
    old = ImportRun.objects.annotate(over_at=Coalesce(F("finished_at"), F("created_at"))).filter(over_at__lt=before)
    return ImportIssue.objects.filter(run__in=old).exclude(row="").update(row="")


def forget_rows_about(*, customer_ids: Sequence[int]) -> int:
    """Forget what stood in the listed rows of every source that knew these erased customers; how many.

    Whom a rejected row was about is not known: no contact came of it. So all of that source go.
    """
    sources = Interaction.objects.filter(customer__in=customer_ids).exclude(source=None).values("source")
    return ImportIssue.objects.filter(run__source__in=sources).exclude(row="").update(row="")
