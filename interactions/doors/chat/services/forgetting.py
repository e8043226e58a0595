"""Forgetting visitors: with an erased customer, or because they never said a word."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from interactions.doors.models import ChatDevice, ChatLink, ChatVisitor

SILENT_VISITORS_KEPT: Final = timedelta(days=30)
DEVICES_KEPT: Final = timedelta(days=180)
BATCH: Final = 5_000


@transaction.atomic
def forget_visitors(*, customer_ids: Collection[int]) -> int:
    """Wipe what the visitors of these customers told, and end their browsers; how many visitors."""
    visitors = ChatVisitor.objects.filter(interaction__customer_id__in=customer_ids)
    numbers = list(visitors.select_for_update(of=("self",)).values_list("pk", flat=True))
    ChatDevice.objects.filter(visitor__in=numbers, ended_at=None).update(ended_at=timezone.now())
    ChatLink.objects.filter(visitor__in=numbers).delete()
    return ChatVisitor.objects.filter(pk__in=numbers).update(
        name="", email="", site_user="", language="", answers={}, page={}
    )


def forget_the_silent() -> int:
    """Take away visitors who opened a chat and said nothing, old links and browsers that do not come any more."""
    now = timezone.now()
    ChatLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    ChatDevice.objects.filter(seen_at__lt=now - DEVICES_KEPT).delete()
    silent = ChatVisitor.objects.filter(interaction=None, identity=None, seen_at__lt=now - SILENT_VISITORS_KEPT)
    numbers = list(silent.values_list("pk", flat=True)[:BATCH])
    return ChatVisitor.objects.filter(pk__in=numbers).delete()[0]
