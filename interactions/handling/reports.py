"""What providers say about messages of ours, in whatever order they say it."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from interactions.channels.contract import Report
from interactions.channels.models import Inbox
from interactions.handling.models import SENDING_ORDER, EarlyReport, Sending, SendingState
from interactions.handling.settling import hold_name, settle_sending

# A provider reports within seconds; what names no message of ours for a day never will.
EARLY_KEPT: Final = timedelta(days=1)


@transaction.atomic
def hear_report(*, inbox: Inbox, report: Report) -> bool:
    """Move the message that a report is about; whether it moved. Kept for a day where we know none by that name yet."""
    if report.recipient and not (report.provider_id or report.reference):
        return _hear_until(Sending.objects.filter(inbox=inbox, recipient=report.recipient), report)
    if report.provider_id:
        hold_name(inbox.pk, report.provider_id)
    found = _about(inbox, report)
    if found is not None:
        return settle_sending(
            message_id=found.message_id,
            state=SendingState(report.state),
            error=report.error,
            error_code=report.error_code,
            provider_id=report.provider_id,
            at=report.at,
        )
    if report.provider_id:
        EarlyReport.objects.get_or_create(
            inbox=inbox,
            provider_id=report.provider_id[:250],
            state=SendingState(report.state),
            defaults={
                "error": report.error[:300],
                "error_code": report.error_code[:40],
                "at": report.at or timezone.now(),
            },
        )
    return False


def _about(inbox: Inbox, report: Report) -> Sending | None:
    """By the provider's name for it, else by ours. Only messages of this very line, and what went on over it."""
    for known in (Sending.objects.filter(inbox=inbox), Sending.objects.filter(inbox__reply_inbox=inbox)):
        found = known.filter(provider_id=report.provider_id).first() if report.provider_id else None
        if found is None and report.reference:
            found = known.filter(message__public_id=report.reference).first()
        if found is not None:
            return found
    return None


def _hear_until(sendings: QuerySet[Sending], report: Report) -> bool:
    """A report of everything that one person was sent until then; whether any of it moved."""
    state, until = SendingState(report.state), report.at or timezone.now()
    before = [one for one, order in SENDING_ORDER.items() if order < SENDING_ORDER.get(state, 0)]
    found = sendings.filter(state__in=before, sent_at__lte=until).order_by("-pk").values_list("message_id", flat=True)
    moved = [settle_sending(message_id=one, state=state, at=until) for one in sorted(found[:100])]
    return any(moved)


def forget_early_reports() -> int:
    """Drop what named no message of ours; how many."""
    number, _ = EarlyReport.objects.filter(received_at__lt=timezone.now() - EARLY_KEPT).delete()
    return number
