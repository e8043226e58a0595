"""Surveys, contacts that just ended, and links that were sent."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from django.utils import timezone

from feedback.models import Invitation, Survey
from feedback.surveys.selectors import hash_of
from feedback.surveys.services import make_standard_survey, save_survey
from interactions.models import Customer, Interaction
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_identity


def a_survey(centre: CustomerCentre, **values: Any) -> Survey:
    """The standard survey with some values of one's own."""
    survey = make_standard_survey(by=centre.ada)
    return save_survey(survey_id=survey.pk, values=values, by=centre.ada) if values else survey


def a_customer(name: str, *, address: str = "", **fields: Any) -> Customer:
    """A customer with an attested e-mail address."""
    customer = make_customer(name, **fields)
    make_identity(customer, address or f"{name.lower()}@customer.test")
    return customer


def just_closed(
    centre: CustomerCentre, customer: Customer | None, *, at: datetime | None = None, **fields: Any
) -> Interaction:
    """A contact that an agent handled and that ended a moment ago."""
    ended = at or timezone.now() - timedelta(minutes=30)
    return make_contact(centre, customer, "Hello", started_at=ended - timedelta(minutes=10), closed_at=ended, **fields)


def a_link(centre: CustomerCentre, customer: Customer | None = None, **fields: Any) -> tuple[Invitation, str]:
    """An invitation that was sent, and the secret of its link."""
    customer = customer or a_customer(f"Ann{Customer.objects.count()}")
    contact = fields.pop("interaction", None) or just_closed(centre, customer)
    secret = token_urlsafe(32)
    now = timezone.now()
    values = {
        "survey": Survey.objects.first() or a_survey(centre),
        "interaction": contact,
        "customer": customer,
        "language": customer.language,
        "secret_hash": hash_of(secret),
        "state": Invitation.State.SENT,
        "due_at": now,
        "claimed_at": now,
        "sent_at": now,
        "expires_at": now + timedelta(days=14),
    } | fields
    return Invitation.objects.create(**values), secret
