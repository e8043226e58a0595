"""The workers' part: what a request could not finish, files that providers keep, and what is old."""

import time
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from interactions.doors.files import fetch_due_files
from interactions.doors.webhooks.forgetting import purge_deliveries
from interactions.doors.webhooks.missed import take_all_missed
from interactions.doors.webhooks.services import sweep_deliveries

FETCH_SECONDS: Final = 60.0


@shared_task(name="interactions.deliveries.sweep", acks_late=True, ignore_result=True)
def sweep() -> None:
    """Read deliveries whose request died, or that wait for something."""
    sweep_deliveries()


@shared_task(name="interactions.deliveries.missed", acks_late=True, ignore_result=True)
def ask_for_missed() -> None:
    """Ask providers for what they could not bring."""
    take_all_missed()


@shared_task(name="interactions.files.fetch", acks_late=True, ignore_result=True)
def fetch_files() -> None:
    """Fetch files that are owed, until none is due."""
    until = time.monotonic() + FETCH_SECONDS
    while time.monotonic() < until and fetch_due_files():
        pass


@shared_task(name="interactions.deliveries.purge", acks_late=True, ignore_result=True)
def purge() -> None:
    """Forget deliveries that were settled long ago."""
    before = timezone.now() - timedelta(days=settings.CCX_DELIVERIES_DAYS)
    while purge_deliveries(before=before):
        pass
