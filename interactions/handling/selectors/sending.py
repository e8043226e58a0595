"""Which line answers a contact, and at what address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.models import Sending

# What a channel writes to.
ADDRESSES: Mapping[int, IdentityKind] = {
    Channel.EMAIL: IdentityKind.EMAIL,
    Channel.SMS: IdentityKind.PHONE,
    Channel.WHATSAPP: IdentityKind.WHATSAPP,
    Channel.MESSENGER: IdentityKind.MESSENGER,
    Channel.INSTAGRAM: IdentityKind.INSTAGRAM,
    Channel.TELEGRAM: IdentityKind.TELEGRAM,
    Channel.CHAT: IdentityKind.VISITOR,
}

MessageSender = Callable[[Sending], None]


@dataclass(frozen=True)
class WayOut:
    """The line that answers, and whom it writes to."""

    inbox: Inbox
    recipient: str


def message_senders() -> Mapping[Channel, MessageSender]:
    """Who sends on which channel, as the setting CCX_MESSAGE_SENDERS lists them."""
    senders: Mapping[Channel, MessageSender] = import_string(settings.CCX_MESSAGE_SENDERS)
    return senders


def way_out(interaction: Interaction) -> WayOut:
    """How a contact is answered; ReplyIsNotPossibleError says why it cannot be."""
    senders = message_senders()
    inbox = interaction.inbox if interaction.inbox.channel in senders else interaction.inbox.reply_inbox
    if inbox is None or inbox.channel not in senders:
        raise ReplyIsNotPossibleError(_("No line is set up that could answer contacts of this one."))
    if not inbox.is_active:
        raise ReplyIsNotPossibleError(_("The line that answers these contacts is switched off."))
    address = _address(interaction, inbox)
    if address is None:
        raise ReplyIsNotPossibleError(_("We have no address of this customer to which this line could write."))
    return WayOut(inbox=inbox, recipient=address.value)


def _address(interaction: Interaction, inbox: Inbox) -> Identity | None:
    """Where the contact came from; else an address of the customer that somebody vouches for."""
    kind = ADDRESSES.get(inbox.channel)
    if interaction.identity is not None and interaction.identity.kind == kind:
        return interaction.identity
    return (
        Identity.objects.filter(
            customer_id=interaction.customer_id or 0, kind=kind or "", assurance__gte=Assurance.ATTESTED
        )
        .order_by("-assurance", "-last_seen_at", "pk")
        .first()
    )
