"""The workers' part of fetching mail."""

from typing import Final

from celery import shared_task
from django.core.cache import cache

from interactions.doors.mail.fetching import MOST_AT_ONCE, fetch_mailbox
from interactions.doors.mail.selectors import mailboxes_to_fetch

# A server that refuses is asked less often, so that it does not lock the account.
PAUSE_SECONDS: Final = 60


@shared_task(name="interactions.mail.sweep", acks_late=True, ignore_result=True)
def sweep_mailboxes() -> None:
    """Have the mail of every line fetched."""
    for inbox_id, is_failing in mailboxes_to_fetch():
        if not is_failing or cache.add(_pause_of(inbox_id), 1, timeout=PAUSE_SECONDS):
            fetch_mail.delay(inbox_id)


def end_pause(inbox_id: int) -> None:
    """Somebody mended the line: it is looked at with the next sweep, however it failed before."""
    cache.delete(_pause_of(inbox_id))


def _pause_of(inbox_id: int) -> str:
    return f"mail-pause:{inbox_id}"


@shared_task(name="interactions.mail.fetch", acks_late=True, ignore_result=True, expires=20)
def fetch_mail(inbox_id: int) -> None:
    """Fetch one line's mail; where more is left than one go takes, hand the rest on."""
    if fetch_mailbox(inbox_id=inbox_id) >= MOST_AT_ONCE:
        fetch_mail.delay(inbox_id)
