"""The worker's clock: offers, wrap-ups, snoozes, silent browsers, and messages that are due."""

from celery import shared_task

from interactions.handling.outgoing import send_due_messages
from interactions.handling.services import end_overdue_wrap_ups, end_silence, offer_waiting_work, wake_snoozed


@shared_task(name="interactions.handling.offer", acks_late=True, ignore_result=True)
def offer() -> None:
    """One pass of routing; the log's reader calls for it too, as soon as something happens."""
    offer_waiting_work()


@shared_task(name="interactions.handling.keep_time", acks_late=True, ignore_result=True)
def keep_time() -> None:
    """What happens because a moment has come."""
    end_silence()
    end_overdue_wrap_ups()
    wake_snoozed()


@shared_task(name="interactions.handling.send_messages", acks_late=True, ignore_result=True)
def send_messages() -> None:
    """Send the replies that nobody took back."""
    while send_due_messages():
        pass
