"""What runs by the clock."""

from celery import shared_task

from journeys.ownership.services.letters import queue_letters_when_due, send_due_letters


@shared_task(name="ownership.send_letters", acks_late=True, ignore_result=True)
def send_letters() -> None:
    """Queue the week's letters when it is time, and send what is queued."""
    queue_letters_when_due()
    send_due_letters()
