"""An agent says who an unknown person is."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.models import Interaction
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer
from interactions.customers.services import lock_customer
from interactions.handling.errors import CustomerIsKnownError
from interactions.handling.services.moves import lock_cases, lock_interaction, tell_change


@transaction.atomic
def identify_customer(
    *, interaction_id: int, customer: Customer, at: datetime | None = None, by: User | None
) -> Interaction:
    """Give a contact of nobody to a customer. It stays a claim: an agent's word proves nothing.

    Its case goes along where it belonged to nobody. Contacts that have a customer are merged instead.
    """
    moment = at or timezone.now()
    known = lock_customer(customer_id=customer.pk)  # before its contacts, as merging does
    interaction = lock_interaction(interaction_id)
    if interaction.customer_id == known.pk:
        return interaction
    if interaction.customer_id is not None:
        raise CustomerIsKnownError(interaction_id=interaction_id)
    interaction.customer, interaction.assurance = known, Assurance.CLAIMED
    interaction.save(update_fields=["customer", "assurance"])
    for case in lock_cases(interaction.case_id).values():
        if case.customer_id is None:
            case.customer = known
            case.save(update_fields=["customer"])
    tell_change(interaction, "identified", by=by, at=moment)
    return interaction
