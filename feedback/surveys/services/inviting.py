"""Whom to ask about which contact. What is made here is sent later (sending.py), and looked at once more then."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from feedback.surveys.models import Invitation, Survey
from feedback.surveys.selectors import (
    active_surveys,
    address_to_ask,
    does_not_want_to_be_asked,
    family_of,
    survey_for,
    was_asked_lately,
)
from interactions.cases.choices import Direction, Outcome
from interactions.customers.choices import Assurance
from interactions.customers.errors import CustomerIsErasedError
from interactions.customers.services.locking import lock_customer
from interactions.models import Interaction

State = Invitation.State
# Every state but "not sent": one that perhaps arrived counts as one that did.
COUNTS = (State.QUEUED, State.SENDING, State.SENT, State.UNKNOWN)


@transaction.atomic
def invite_customers(*, interaction_ids: Iterable[int], now: datetime | None = None) -> int:
    """Make the invitations that these closed contacts give rise to; how many. Safe to run twice."""
    surveys = active_surveys()
    if not surveys:
        return 0
    moment = now or timezone.now()
    contacts = Interaction.objects.filter(
        pk__in=list(interaction_ids),
        outcome=Outcome.HANDLED,
        direction=Direction.INBOUND,
        customer__isnull=False,
        assurance__gte=Assurance.ATTESTED,
    ).exclude(pk__in=Invitation.objects.values("interaction_id"))
    # In the order in which everybody locks customers.
    ordered = contacts.order_by("customer_id", "closed_at", "pk")
    return sum(_invite(contact, surveys, moment) for contact in ordered)


def falls_into_the_share(interaction: Interaction, percent: int) -> bool:
    """Whether this contact is one of so many in a hundred; the same answer whenever it is asked."""
    return int.from_bytes(sha256(interaction.public_id.bytes).digest()[:4], "big") % 100 < percent


def _invite(interaction: Interaction, surveys: Sequence[Survey], now: datetime) -> bool:
    survey = survey_for(interaction.channel, surveys)
    closed_at = interaction.closed_at
    if survey is None or closed_at is None or interaction.customer_id is None:
        return False
    if closed_at + timedelta(days=survey.valid_days) < now:
        return False  # who was asked so late would have forgotten
    if not falls_into_the_share(interaction, survey.share_percent):
        return False
    try:
        customer = lock_customer(customer_id=interaction.customer_id)
    except CustomerIsErasedError:
        return False
    due_at = closed_at + timedelta(minutes=survey.delay_minutes)
    if (
        does_not_want_to_be_asked(customer)
        or not address_to_ask(customer, interaction)
        or was_asked_lately(family_of(customer), around=due_at, days=survey.cooldown_days, states=COUNTS)
    ):
        return False
    _invitation, is_new = Invitation.objects.get_or_create(
        interaction=interaction,
        defaults={"survey": survey, "customer": customer, "language": customer.language[:10], "due_at": due_at},
    )
    return is_new
