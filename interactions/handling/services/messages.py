"""Changes to a running interaction."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.models import User
from interactions.cases.choices import AuthorKind
from interactions.cases.events import InteractionChanged, MessageReceived
from interactions.cases.models import Interaction, Message
from interactions.handling.errors import AuthorIsNotAPersonError, InteractionIsClosedError


@dataclass(frozen=True, kw_only=True)
class Saying:
    """One thing said in an interaction; `external_id` is the teller's own id of it."""

    author_kind: str
    body: str
    is_note: bool = False
    external_id: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """`is_new` False: this external_id was told before, and nothing was done."""

    message: Message
    is_new: bool


@transaction.atomic
def add_message(*, interaction_id: int, saying: Saying, by: User) -> Said:
    """Put a message into an interaction that is running. Told again with the same external_id it is the same one."""
    interaction = Interaction.objects.select_for_update().get(pk=interaction_id)
    if saying.external_id:
        known = interaction.messages.filter(external_id=saying.external_id).first()
        if known is not None:
            return Said(message=known, is_new=False)
    if interaction.is_closed:
        raise InteractionIsClosedError
    if saying.author_kind == AuthorKind.AGENT and by.kind != UserKind.PERSON:
        raise AuthorIsNotAPersonError
    now = timezone.now()
    message = Message.objects.create(
        interaction=interaction,
        author_kind=saying.author_kind,
        author=by if saying.author_kind == AuthorKind.AGENT else None,
        is_note=saying.is_note,
        body=saying.body,
        external_id=saying.external_id,
        sent_at=min(saying.sent_at or now, now),
    )
    _take_note(interaction, message, by=by)
    return Said(message=message, is_new=True)


def _take_note(interaction: Interaction, message: Message, *, by: User) -> None:
    ids = {
        "interaction_id": interaction.pk,
        "case_id": interaction.case_id,
        "customer_id": interaction.customer_id,
    }
    if message.is_note:
        return
    if message.author_kind == AuthorKind.CUSTOMER:
        last = interaction.last_customer_message_at
        interaction.last_customer_message_at = max(last, message.sent_at) if last else message.sent_at
        interaction.save(update_fields=["last_customer_message_at"])
        announce(MessageReceived(message_id=message.pk, **ids), by_id=by.pk, at=message.sent_at)
        return
    if message.author_kind == AuthorKind.AGENT and interaction.first_answered_at is None:
        interaction.first_answered_at = max(message.sent_at, interaction.started_at)
        interaction.save(update_fields=["first_answered_at"])
    announce(InteractionChanged(what="message", **ids), by_id=by.pk, at=message.sent_at)
