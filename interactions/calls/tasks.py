"""The worker's part in calls: orders at once, and the sweep that makes up for whatever was lost."""

from celery import shared_task

from interactions.calls.minding import begin_the_nameless, bring_back_the_lost, fetch_recordings, look_after_the_silent
from interactions.calls.outgoing import carry_out, carry_out_all
from interactions.calls.services import start_due_callbacks


@shared_task(name="interactions.calls.carry_out", acks_late=True, ignore_result=True)
def carry_out_orders(call_id: int) -> None:
    """Tell the telephone what one call owes."""
    carry_out(call_id)


def wake(call_id: int) -> None:
    """Ask for a worker; if that is lost the sweep finds the order."""
    carry_out_orders.apply_async((call_id,), retry=False, expires=30)


@shared_task(name="interactions.calls.sweep", acks_late=True, ignore_result=True)
def sweep() -> None:
    """Orders that nobody was woken for, callbacks whose time has come."""
    carry_out_all()
    bring_back_the_lost()
    start_due_callbacks()


@shared_task(name="interactions.calls.look_after", acks_late=True, ignore_result=True)
def look_after() -> None:
    """Calls that went silent, and recordings that are complete."""
    begin_the_nameless()
    look_after_the_silent()
    fetch_recordings()
