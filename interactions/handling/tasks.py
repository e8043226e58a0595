"""The worker's clock: offers, wrap-ups, snoozes, silent browsers, and messages that are due."""

import structlog
from celery import Task, shared_task

from interactions.handling import signs
from interactions.handling.outgoing import (
    BATCH,
    lines_with_due_messages,
    look_up_the_doubtful,
    send_line,
    settle_the_silent,
)
from interactions.handling.reports import forget_early_reports
from interactions.handling.scheduled import hold_overtaken
from interactions.handling.services import (
    end_overdue_wrap_ups,
    end_silence,
    forget_old_files,
    offer_waiting_work,
    wake_snoozed,
)

logger = structlog.get_logger(__name__)


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
    """Have every line send what nobody took back; each in a task of its own, so that a slow one keeps up no other."""
    hold_overtaken()
    for inbox_id in lines_with_due_messages():
        send_messages_of.delay(inbox_id)


@shared_task(name="interactions.handling.send_messages_of", acks_late=True, ignore_result=True, expires=10)
def send_messages_of(inbox_id: int) -> None:
    """Send what is due on one line; where more is left than one go takes, hand the rest on."""
    if send_line(inbox_id=inbox_id) >= BATCH:
        send_messages_of.delay(inbox_id)


def wake(inbox_id: int) -> None:
    """Have a line send at once what must not wait for the sweep; if this is lost the sweep sends it."""
    send_messages_of.apply_async((inbox_id,), retry=False)


@shared_task(name="interactions.handling.settle_messages", acks_late=True, ignore_result=True)
def settle_messages() -> None:
    """What became of messages that nobody knows of, and reports about none of ours."""
    settle_the_silent()
    look_up_the_doubtful()
    forget_early_reports()
    forget_old_files()


def agent_types(*, record: str) -> None:
    """Somebody writes an answer: where the channel shows that, a worker tells it."""
    if signs.may_tell_typing(record):
        _ask(tell_typing, record)


def contact_seen(*, record: str) -> None:
    """Somebody who may answer looks at a contact: where the channel shows that, a worker tells it."""
    if signs.may_tell_read(record):
        _ask(tell_read, record)


@shared_task(name="interactions.handling.tell_typing", ignore_result=True, expires=10)
def tell_typing(record: str) -> None:
    """A sign that is late is none."""
    signs.tell_typing(record)


@shared_task(name="interactions.handling.tell_read", ignore_result=True, expires=3600)
def tell_read(record: str) -> None:
    """Told once; lost with the broker it is lost."""
    signs.tell_read(record)


def _ask(task: Task, record: str) -> None:
    try:
        task.apply_async((record,), retry=False)
    except Exception as error:  # a nicety must not keep the desk from anything
        logger.info("sign_not_told", task=task.name, error=type(error).__name__)
