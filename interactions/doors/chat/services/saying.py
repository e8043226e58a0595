"""What a visitor says becomes a contact, or goes on with the one that runs."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.live import guests
from interactions.cases.models import Message
from interactions.channels.chat.line import ChatLine
from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.errors import IdentityBelongsToAnotherError
from interactions.customers.models import Identity
from interactions.customers.services import add_identity
from interactions.doors.chat.errors import NothingIsSaidError
from interactions.doors.chat.selectors import external_id_of
from interactions.doors.chat.services.uploads import Upload, forget, uploads_named
from interactions.doors.files import attach, forget_files, keep_files
from interactions.doors.models import ChatVisitor
from interactions.intake.services import receive

ANONYMOUS = "chat token"
SIGNED = "signed by the site"


@dataclass(frozen=True, kw_only=True)
class Words:
    """One message as the browser sends it: sent again under the same id, it is the same one."""

    id: UUID
    body: str
    tickets: list[str]


def say(*, visitor: ChatVisitor, inbox: Inbox, line: ChatLine, words: Words) -> Message:
    """Take in one message of a visitor."""
    if not words.body.strip() and not words.tickets:
        raise NothingIsSaidError(_("Please write something first."))
    known = Message.objects.filter(interaction__inbox=inbox, external_id=external_id_of(visitor, words.id)).first()
    if known is not None:
        return known
    uploads = uploads_named(visitor=visitor, tickets=words.tickets)
    kept = keep_files([upload.file for upload in uploads])
    receipt: Receipt | None = None
    try:
        receipt = _take_in(visitor, inbox, words, has_files=bool(uploads))
        if receipt.is_new and receipt.message_id is not None:
            attach(kept, message_id=receipt.message_id)
    finally:
        if receipt is None or not receipt.is_new:
            forget_files(kept)
    forget(uploads)
    if receipt.interaction_public_id is not None:
        guests.is_here(receipt.interaction_public_id, seconds=line.away.total_seconds())
    return Message.objects.get(pk=receipt.message_id)
