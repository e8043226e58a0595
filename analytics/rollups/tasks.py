"""What the scheduler asks of the roll-ups."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from analytics.rollups.audit import audit_sample
from analytics.rollups.deltas import HOURS_KEPT_DAYS
from analytics.rollups.models import HourRollup


@shared_task
def audit_figures() -> None:
    """Nightly: recompute a sample, compare, repair, report."""
    audit_sample()


@shared_task
def drop_old_hours() -> None:
    """Hours are kept for 60 days; days and the heat map stay."""
    HourRollup._default_manager.filter(day__lte=timezone.localdate() - timedelta(days=HOURS_KEPT_DAYS)).delete()
