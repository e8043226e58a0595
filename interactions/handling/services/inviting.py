"""A customer comes over to the chat that we offered them."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from interactions.cases.choices import AuthorKind, CaseStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.chat.line import read_line
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.customers.services import add_identity
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.models import Sending
from interactions.handling.selectors.inviting import OFFER, language_of
from interactions.handling.selectors.sending import Way, capabilities_of, kind_of
from interactions.handling.services.elsewhere import contact_for
from interactions.handling.services.moves import lock_interaction, tell_change

BY_OFFER = "link to a chat"


@transaction.atomic
def enter_chat(*, message_id: int, line: Inbox, visitor: str, at: datetime | None = None) -> Interaction | None:
    """Whoever opened the link of a message is, in this visitor, the customer whom it was sent to.

    The chat is a contact of the same case, and its author's; nothing of what was said before is in it. None where the
    case is over: what they say then is taken in as of any customer. Raises ReplyIsNotPossibleError if the address is
    not that customer's any more, or nobody vouches for it.
    """
    now = at or timezone.now()
    message = Message.objects.select_related("interaction__case", "interaction__customer", "author").get(pk=message_id)
    customer_id = _invited(message)
    mine = add_identity(
        customer_id=customer_id,
        kind=IdentityKind.VISITOR.value,
        value=visitor,
        assurance=Assurance.ATTESTED,
        source=BY_OFFER,
        by=None,
    )
    offered_in = lock_interaction(message.interaction_id)
    message.meta = {**message.meta, OFFER: {**message.meta[OFFER], "opened_at": now.isoformat()}}
    message.save(update_fields=["meta"])
    author, can = message.author, capabilities_of(line)
    case = message.interaction.case
    there = None
    if author is not None and can is not None and case is not None and case.status == CaseStatus.OPEN:
        there = contact_for(offered_in, Way(inbox=line, identity=mine, capabilities=can), by=author, at=now)
        Message.objects.create(
            interaction=there, author_kind=AuthorKind.SYSTEM, body=_greeting(offered_in, line, author.name), sent_at=now
        )
    tell_change(offered_in, "chat_opened", by=None, at=now)
    return there


def _invited(message: Message) -> int:
    """The customer whom the link was sent to, by the address alone that it was sent to."""
    sending = Sending.objects.select_related("inbox").filter(message=message).first()
    sent_to = Identity.objects.filter(
        kind=kind_of(sending.inbox) if sending is not None else "",
        value=sending.recipient if sending is not None else "",
        customer=message.interaction.customer_id or 0,
        customer__erased_at__isnull=True,
        assurance__gte=Assurance.ATTESTED,
    ).first()
    if sent_to is None:
        raise ReplyIsNotPossibleError
    return sent_to.customer_id


def _greeting(interaction: Interaction, line: Inbox, agent: str) -> str:
    usual = read_line(line.settings, name=line.name).language
    with translation.override(language_of(interaction, usual)):
        return _("Welcome. You can go on here: %(agent)s knows what it is about.") % {"agent": agent}
