"""The worker's clock of chats."""

from celery import shared_task

from interactions.doors.chat.mailing import note_who_left
from interactions.doors.chat.services import close_empty_chats, forget_the_silent, forget_uploads, leave_lost_chats


@shared_task(name="interactions.chat.sweep", acks_late=True, ignore_result=True)
def sweep() -> None:
    """Visitors who left: their chats end, or go on by mail."""
    leave_lost_chats()
    note_who_left()


@shared_task(name="interactions.chat.tidy", acks_late=True, ignore_result=True)
def tidy() -> None:
    """Take away what nobody comes back for."""
    close_empty_chats()
    forget_uploads()
    forget_the_silent()
