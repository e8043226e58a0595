"""What providers say about messages of ours, in whatever order they say it."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from interactions.channels.contract import Report
from interactions.channels.models import Inbox
from interactions.handling.models import EarlyReport, Sending, SendingState
from interactions.handling.settling import hold_name, settle_sending

# A provider reports within seconds; what names no message of ours for a day never will.
EARLY_KEPT: Final = timedelta(days=1)


@transaction.atomic
def hear_report(*, inbox: Inbox, report: Report) -> bool:
    """Move the message that a report is about; whether it moved. Kept for a day where we know none by that name yet."""
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
    """By the provider's name for it, else by ours. Only messages of this very line."""
    known = Sending.objects.filter(inbox=inbox)
    found = known.filter(provider_id=report.provider_id).first() if report.provider_id else None
    if found is None and report.reference:
        found = known.filter(message__public_id=report.reference).first()
    return found


def forget_early_reports() -> int:
    """Drop what named no message of ours; how many."""
    number, _ = EarlyReport.objects.filter(received_at__lt=timezone.now() - EARLY_KEPT).delete()
    return number
