"""Replies that leave later: they leave at their moment, unless the customer writes before."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_datetime

from interactions.cases.choices import AuthorKind
from interactions.cases.models import Interaction, Message
from interactions.handling.choices import HELD, SCHEDULED
from interactions.handling.models import Sending, SendingState
from interactions.handling.services.moves import lock_interaction
from interactions.handling.settling import tell_settled


def overtaken(*interaction_ids: int) -> QuerySet[Sending]:
    """Replies that are to leave later, and that the customer did not wait for."""
    here = Q(interaction_id=OuterRef("message__interaction_id"))
    here |= Q(interaction__case_id=OuterRef("message__interaction__case_id"))
    since = Message.objects.filter(
        here, author_kind=AuthorKind.CUSTOMER, recorded_at__gt=OuterRef("message__recorded_at")
    )
    rows = Sending.objects.filter(
        Exists(since), state=SendingState.QUEUED, attempts=0, message__meta__has_key=SCHEDULED
    )
    if not interaction_ids:
        return rows
    cases = Interaction.objects.filter(pk__in=interaction_ids, case__isnull=False).values("case_id")
    return rows.filter(Q(message__interaction_id__in=interaction_ids) | Q(message__interaction__case_id__in=cases))


def hold_overtaken(*interaction_ids: int) -> int:
    """Hold back what was written before the customer wrote: its author reads, and decides anew. How many."""
    return sum(_hold(pk) for pk in list(overtaken(*interaction_ids).values_list("pk", flat=True)[:200]))


@transaction.atomic
def _hold(pk: int) -> bool:
    sending = Sending.objects.select_related("message__interaction").get(pk=pk)
    interaction = lock_interaction(sending.message.interaction_id)
    held = Sending.objects.filter(pk=pk, state=SendingState.QUEUED, attempts=0)
    if not held.update(state=SendingState.FAILED, error_code=HELD, last_error="", claimed_at=None):
        return False
    message = sending.message
    marks = dict(message.meta)
    written: datetime | None = parse_datetime(str(marks.pop(SCHEDULED, "")))
    # From now on it stands where it was written; and who sends it all the same sends it at once.
    Message.objects.filter(pk=message.pk).update(sent_at=written or message.recorded_at, meta=marks)
    if interaction.first_answered_at is not None and interaction.first_answered_at >= message.sent_at:
        interaction.first_answered_at = None
        interaction.save(update_fields=["first_answered_at"])
    sending.state = SendingState.FAILED
    tell_settled(sending, SendingState.FAILED)
    return True
