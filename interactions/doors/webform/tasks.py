"""What is taken away of forms at night."""

from celery import shared_task

from interactions.doors.webform.holding import forget_uploads


@shared_task(name="interactions.webform.tidy", acks_late=True, ignore_result=True)
def tidy() -> None:
    """Files that were chosen and never sent."""
    forget_uploads()
