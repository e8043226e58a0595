"""What was written and is not needed any more: drafts about erased customers, and files nobody sent."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from interactions.handling.models import Draft, DraftFile, Sending, SendingState
from interactions.handling.services.files import drop_files

# A draft that nobody touched for so long loses its files; its words stay.
KEPT_FOR: Final = timedelta(days=30)


@transaction.atomic
def forget_written(*, customer_ids: Collection[int]) -> int:
    """Wipe what was being written to erased customers, and where it was to go; how many drafts. Safe to run twice."""
    drafts = Draft.objects.filter(interaction__customer_id__in=customer_ids)
    drop_files(DraftFile.objects.filter(draft__in=drafts))
    forgotten, _rows = drafts.delete()
    sendings = Sending.objects.filter(message__interaction__customer_id__in=customer_ids)
    # Words that are wiped are not sent; the provider's id stays, by which its reports about them are known.
    sendings.filter(state=SendingState.QUEUED).update(state=SendingState.CANCELLED)
    sendings.update(recipient="", template={}, last_error="")
    return forgotten


def forget_old_files(now: datetime | None = None) -> int:
    """Files that were put with a draft long ago, and that nobody sent; how many."""
    before = (now or timezone.now()) - KEPT_FOR
    old = DraftFile.objects.filter(added_at__lt=before, draft__saved_at__lt=before)
    number = old.count()
    if number:
        with transaction.atomic():
            drop_files(old)
    return number
