"""Contacts that wait for the customer or for a moment, and how they come back to their agent."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus, SegmentKind
from interactions.cases.models import Interaction, Message, Segment
from interactions.channels.choices import LIVE_CHANNELS
from interactions.handling.errors import CustomerIsOnTheLineError, MomentIsOverError
from interactions.handling.selectors import said_to_customers
from interactions.handling.services.moves import (
    begin_stretch,
    end_stretches,
    lock_interaction,
    refuse_unless_allowed,
    tell_change,
)

# What was recorded just before a contact was put off may not have been seen by who put it off.
JUST_BEFORE = timedelta(seconds=10)


@transaction.atomic
def wait_for_customer(*, interaction_id: int, by: User | None, at: datetime | None = None) -> Interaction:
    """It is the customer's turn; until they write, nobody's time runs. Waiting twice is a no-op."""
    interaction = lock_interaction(interaction_id)
    if interaction.status != InteractionStatus.PENDING:
        put_off(interaction, until=None, by=by, at=at or timezone.now())
    return interaction


@transaction.atomic
def snooze_interaction(
    *, interaction_id: int, until: datetime, by: User | None, at: datetime | None = None
) -> Interaction:
    """Put a contact off to a moment; then, or when the customer writes, it comes back to its agent."""
    moment = at or timezone.now()
    if until <= moment:
        raise MomentIsOverError
    interaction = lock_interaction(interaction_id)
    put_off(interaction, until=until, by=by, at=moment)
    return interaction


def put_off(interaction: Interaction, *, until: datetime | None, by: User | None, at: datetime) -> None:
    """Make a locked contact pending."""
    if interaction.channel in LIVE_CHANNELS:
        raise CustomerIsOnTheLineError(interaction_id=interaction.pk)
    if interaction.status != InteractionStatus.PENDING:
        refuse_unless_allowed(interaction, InteractionStatus.PENDING)
        end_stretches(interaction, at=at)
    interaction.status, interaction.snoozed_until = InteractionStatus.PENDING, until
    interaction.save(update_fields=["status", "snoozed_until"])
    tell_change(interaction, "snoozed" if until else "waits_for_customer", by=by, at=at)


def bring_back(interaction: Interaction, what: str, *, by: User | None, at: datetime) -> None:
    """A locked pending contact waits for its agent again."""
    last = Segment.objects.filter(interaction=interaction).aggregate(at=Max("ended_at"))["at"]
    moment = max(at, last) if last else at
    interaction.status, interaction.snoozed_until = InteractionStatus.WAITING, None
    interaction.save(update_fields=["status", "snoozed_until"])
    if interaction.queue_id is not None:
        begin_stretch(interaction, SegmentKind.QUEUE, at=moment)
    tell_change(interaction, what, by=by, at=moment)


@transaction.atomic
def hear_customer(*, interaction_id: int, message_id: int) -> bool:
    """The customer said something: a pending contact comes back; whether it did.

    Not if it was answered since: what is told twice or late must not bring back what is done.
    """
    interaction = Interaction.objects.select_for_update(no_key=True).filter(pk=interaction_id).first()
    message = Message.objects.filter(pk=message_id).first()
    if interaction is None or message is None or interaction.status != InteractionStatus.PENDING:
        return False
    last = Segment.objects.filter(interaction=interaction).aggregate(at=Max("ended_at"))["at"]
    answers = said_to_customers().filter(interaction=interaction, author_kind=AuthorKind.AGENT, pk__gt=message_id)
    if answers.exists() or (last is not None and message.recorded_at < last - JUST_BEFORE):
        return False
    bring_back(interaction, "customer_wrote", by=None, at=message.sent_at)
    return True


def wake_snoozed(now: datetime | None = None, *, limit: int = 200) -> int:
    """Bring back what was put off until now; how many."""
    moment = now or timezone.now()
    due = Interaction.objects.filter(snoozed_until__lte=moment).order_by("snoozed_until")
    return sum(_wake(number, moment) for number in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _wake(interaction_id: int, now: datetime) -> bool:
    interaction = lock_interaction(interaction_id)
    if interaction.snoozed_until is None or interaction.snoozed_until > now:
        return False
    bring_back(interaction, "woken", by=None, at=interaction.snoozed_until)
    return True
