"""Clearing up after the API."""

from celery import shared_task
from django.utils import timezone

from ccx.kernel.access.services import forget_old_answers


@shared_task(name="access.forget_old_answers")
def forget_answers() -> None:
    """Beat: answers to Idempotency-Keys are kept two days."""
    forget_old_answers(now=timezone.now())
