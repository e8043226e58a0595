"""The link in a message of ours that opens a chat in which the customer's case goes on."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.events.effects import RefusedEffectError
from interactions.cases.models import Message
from interactions.channels.chat.line import page_address
from interactions.doors.chat.selectors import chat_line, line_named
from interactions.doors.chat.tokens import offer_token
from interactions.doors.models import ChatLink, ChatVisitor
from interactions.handling.selectors.inviting import OFFER, language_of

LINK_LASTS: Final = timedelta(days=1)


@transaction.atomic
def link_of(*, message: Message) -> str:
    """The link of a message that is about to leave: the same each time, for a day from when it left.

    It is for a visitor of its own, who has said and seen nothing yet. Raises RefusedEffectError if the line is off.
    """
    line = line_named(message.meta[OFFER]["line"])
    if line is None:
        raise RefusedEffectError(_("The chat that it offers is switched off."))
    token, digest = offer_token(message.public_id)
    until = timezone.now() + LINK_LASTS
    if not ChatLink.objects.filter(token_sha256=digest).exists():
        # Nothing of the customer is kept with it before they come.
        language = language_of(message.interaction, chat_line(line).language)
        visitor = ChatVisitor.objects.create(inbox=line, language=language)
        ChatLink.objects.create(visitor=visitor, token_sha256=digest, expires_at=until)
    ChatLink.objects.filter(token_sha256=digest, used_at=None).update(expires_at=until)
    return f"{page_address(line.public_id)}#ccx-chat={token}"
