"""What was brought is forgotten: when it is old, and with the customer whose words it holds."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import BigIntegerField, BinaryField, BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from interactions.cases.models import Attachment
from interactions.doors.models import Delivery
from interactions.handling.models import Sending
from interactions.intake.models import RawContact

LONGEST_READING: Final = timedelta(minutes=1)
# Shorter ones stand in anything by chance.
SURE_ID: Final = 6


class _Holds(Func):
    """Whether bytes hold others."""

    template = "position(%(expressions)s) > 0"
    arg_joiner = " IN "
    output_field = BooleanField()


def purge_deliveries(*, before: datetime, limit: int = 5000) -> int:
    """Forget deliveries that were settled long ago, but those out of which a file is still to be taken; how many."""
    old = Delivery.objects.filter(settled_at__lt=before).exclude(Exists(_owed()))
    return Delivery.objects.filter(
        pk__in=list(old.order_by("settled_at").values_list("pk", flat=True)[:limit])
    ).delete()[0]


def _owed() -> QuerySet[Attachment]:
    """Files that are still to be taken out of the delivery that the outer query is at."""
    pending = Attachment.objects.filter(state=Attachment.State.PENDING, remote__has_key="delivery")
    return pending.annotate(of=Cast(KeyTextTransform("delivery", "remote"), BigIntegerField())).filter(
        of=OuterRef("pk")
    )


def forget_deliveries(*, customer_ids: Sequence[int]) -> int:
    """Forget the bytes that brought what these erased customers said; how many deliveries.

    What was taken in is known by when: it was settled in the transaction that wrote the contact. Edits, reports and
    what was put aside are known by the id in them of what they are about.
    """
    forgotten = 0
    ids: dict[int, set[bytes]] = defaultdict(set)
    contacts = RawContact.objects.filter(interaction__customer_id__in=customer_ids)
    for inbox_id, external_id, at in contacts.values_list("inbox_id", "external_id", "received_at").iterator():
        ids[inbox_id].add(external_id.partition("#")[0].encode())
        settled = Delivery.objects.filter(inbox_id=inbox_id, received_at__lte=at, settled_at__gte=at)
        settled = settled.filter(settled_at__lte=at + LONGEST_READING)
        forgotten += settled.exclude(Exists(_owed())).delete()[0]
    sent = Sending.objects.filter(message__interaction__customer_id__in=customer_ids).exclude(provider_id="")
    for inbox_id, provider_id in sent.values_list("inbox_id", "provider_id").iterator():
        ids[inbox_id].add(provider_id.encode())
    for inbox_id, told in ids.items():
        holding = [Q(_Holds(Value(one, output_field=BinaryField()), F("body"))) for one in told if len(one) >= SURE_ID]
        for start in range(0, len(holding), 50):
            some = Delivery.objects.filter(inbox_id=inbox_id).filter(reduce(or_, holding[start : start + 50]))
            forgotten += some.exclude(Exists(_owed())).delete()[0]
    return forgotten
