"""Mail that machines wrote: an answer of one stands in the thread it answers, and a person makes a contact of what is
one after all. Neither starts a clock by itself, wakes anybody or is answered."""

import json
from typing import Final

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.errors import NotAllowedError
from interactions.cases.choices import AuthorKind
from interactions.cases.models import Attachment, Interaction, Message, MessageHtml
from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.customers.choices import Assurance
from interactions.handling.services.moves import lock_interaction, tell_change
from interactions.intake.gate import storable, storable_json
from interactions.intake.models import RawContact
from interactions.intake.services import receive

AUTOMATIC: Final = "automatic"
MADE_A_CONTACT: Final = "made_a_contact"


def is_open_to(interaction_id: int | None) -> bool:
    """Whether an automatic answer may stand in this contact: its customer is somebody still."""
    with_customer = Interaction.objects.filter(customer__isnull=False, customer__erased_at=None)
    return with_customer.filter(pk=interaction_id or 0).exists()


def join_thread(contact: InboundContact) -> Receipt:
    """Put an automatic answer into the thread, where only we see it.

    It is no word of the customer's: nobody waits for us because of it, and no figure moves.
    """
    interaction = lock_interaction(contact.answers_interaction_id or 0)
    message = Message.objects.create(
        interaction=interaction,
        author_kind=AuthorKind.SYSTEM,
        is_note=True,
        body=storable(contact.body),
        external_id=contact.external_id,
        sent_at=max(contact.occurred_at, interaction.started_at),
    )
    RawContact.objects.create(
        inbox_id=contact.inbox_id,
        external_id=contact.external_id,
        payload=json.loads(storable_json(contact.payload)),
        interaction=interaction,
        message_id=message.pk,
    )
    tell_change(interaction, "note", by=None, at=timezone.now())
    return Receipt(
        external_id=contact.external_id,
        is_new=True,
        interaction_id=interaction.pk,
        interaction_public_id=interaction.public_id,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        message_id=message.pk,
        message_public_id=message.public_id,
    )


@transaction.atomic
def make_contact(*, interaction_id: int, by: User) -> Receipt:
    """A person says that a customer speaks out of an automatic mail: it becomes a contact, waiting since it came.

    Raises RawContact.DoesNotExist for what is no automatic mail, or was made a contact before.
    """
    if not by.can(Ability.OPERATE):
        raise NotAllowedError
    closed = lock_interaction(interaction_id)
    kept = RawContact.objects.filter(interaction=closed, payload__flags__contains=[AUTOMATIC]).order_by("pk")[:1].get()
    said, told = closed.messages.order_by("pk")[:1].get(), kept.payload
    contact = InboundContact(
        inbox_id=closed.inbox_id,
        channel=closed.channel,
        external_id=f"{kept.external_id[:240]}#contact",
        occurred_at=closed.started_at,
        identity=_claim(closed),
        subject=closed.subject,
        body=said.body,
        thread_token=(told.get("answers") or [told.get("message_id") or ""])[-1],
        payload={**told, "flags": [flag for flag in told["flags"] if flag != AUTOMATIC]},
    )
    receipt = receive(contact=contact, by_id=by.pk)
    Attachment.objects.filter(message=said).update(message=receipt.message_id)
    MessageHtml.objects.filter(message=said).update(message=receipt.message_id)
    # Who answers this mail answers the contact.
    Message.objects.filter(external_id=contact.external_id, interaction=receipt.interaction_id).update(
        meta=said.meta, external_id=said.external_id
    )
    Message.objects.filter(pk=said.pk).update(external_id="")
    flags = [MADE_A_CONTACT if flag == AUTOMATIC else flag for flag in told["flags"]]
    RawContact.objects.filter(interaction=closed).update(payload={**told, "flags": flags})
    return receipt


def _claim(interaction: Interaction) -> IdentityClaim | None:
    """Who it was from, as sure as the mail made us."""
    identity = interaction.identity
    if identity is None:
        return None
    source = "dmarc" if interaction.assurance >= Assurance.ATTESTED else "mail"
    return IdentityClaim(kind=identity.kind, value=identity.value, assurance=interaction.assurance, source=source)
