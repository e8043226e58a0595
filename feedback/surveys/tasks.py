"""What runs by the clock."""

import time

from celery import shared_task

from feedback.surveys.services import send_due_invitations, settle_the_silent

SECONDS = 20.0


@shared_task(name="surveys.send_invitations", acks_late=True, ignore_result=True)
def send_invitations() -> None:
    """Send the invitations that are due."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and send_due_invitations():
        pass


@shared_task(name="surveys.settle_silent_invitations", acks_late=True, ignore_result=True)
def settle_silent_invitations() -> None:
    """Mark what a worker left behind when it died."""
    settle_the_silent()
