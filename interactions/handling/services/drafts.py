"""What an agent is writing: kept as they write, so that no closed tab loses a word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message
from interactions.handling.choices import SCHEDULED
from interactions.handling.errors import DraftWasSentError, ReplyIsNotPossibleError
from interactions.handling.models import Draft, DraftFile, Sending
from interactions.handling.selectors.choosing import chosen_way
from interactions.handling.selectors.inviting import OFFER
from interactions.handling.selectors.sending import Way
from interactions.handling.services.files import detach_files, drop_files


@dataclass(frozen=True, kw_only=True)
class Along:
    """What goes with the words: a template and what fills it, or the chat that is offered; when it is to leave."""

    template: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return not self.template and self.send_at is None


@transaction.atomic
def save_draft(
    *,
    interaction_id: int,
    author: User,
    body: str,
    is_note: bool = False,
    draft_id: UUID | None = None,
    along: Along | None = None,
) -> Draft:
    """Keep what an agent has written so far; one draft for each contact and author. Without `along` that stays.

    `draft_id` is what the browser will send it under. A save that arrives after the words were sent is refused: it
    would bring them back to life.
    """
    if draft_id is not None:
        if Message.objects.filter(interaction_id=interaction_id, author=author, external_id=str(draft_id)).exists():
            raise DraftWasSentError(draft_id=draft_id)
        if Draft.objects.filter(public_id=draft_id).exclude(interaction_id=interaction_id, author=author).exists():
            draft_id = None
    values: dict[str, Any] = {"body": body, "is_note": is_note, "saved_at": timezone.now()}
    if along is not None:
        values |= {"template": dict(along.template), "send_at": along.send_at}
    named = {"public_id": draft_id} if draft_id is not None else {}
    draft, _ = Draft.objects.update_or_create(
        interaction_id=interaction_id, author=author, defaults=values | named, create_defaults=values | named
    )
    return draft


@transaction.atomic
def discard_draft(*, interaction_id: int, author: User) -> None:
    """Forget the words an agent was writing; a draft with a file in it, or with a line chosen for it, stays."""
    mine = Draft.objects.filter(interaction_id=interaction_id, author=author)
    mine.filter(files__isnull=True, inbox__isnull=True).delete()
    mine.update(body="", template={}, send_at=None, saved_at=timezone.now())


@transaction.atomic
def choose_way(*, interaction_id: int, by: User, inbox_id: int, identity_id: int) -> Draft:
    """Keep with the draft on which line, and to which address, it is to go. Raises ReplyIsNotPossibleError."""
    interaction = Interaction.objects.select_related("inbox__reply_inbox").get(pk=interaction_id)
    way = chosen_way(interaction, user=by, inbox_id=inbox_id, identity_id=identity_id)
    draft, _ = Draft.objects.get_or_create(
        interaction_id=interaction_id, author=by, defaults={"saved_at": timezone.now()}
    )
    is_default = _is_default(interaction, way, by)
    draft.inbox, draft.recipient = (None, None) if is_default else (way.inbox, way.identity)
    draft.is_note = False
    draft.save(update_fields=["inbox", "recipient", "is_note"])
    return draft


def _is_default(interaction: Interaction, way: Way, by: User) -> bool:
    try:
        usual = chosen_way(interaction, user=by)
    except ReplyIsNotPossibleError:
        return False
    return (usual.inbox.pk, usual.identity.pk) == (way.inbox.pk, way.identity.pk)


def give_back(message: Message, author: User) -> Draft:
    """Put the words of a message, its files and its way back into its author's draft, before what they began since."""
    interaction_id = message.meta.get("written_in", message.interaction_id)
    begun = Draft.objects.filter(interaction_id=interaction_id, author=author).first()
    sending = Sending.objects.get(message=message)
    said = [] if sending.template else [message.body]
    words = [*said, *([begun.body] if begun is not None and begun.body.strip() else [])]
    offered = {"chat": message.meta[OFFER]["line"]} if OFFER in message.meta else {}
    along = Along(template=sending.template or offered, send_at=sending.due_at if SCHEDULED in message.meta else None)
    draft = save_draft(interaction_id=interaction_id, author=author, body="\n\n".join(words), along=along)
    if interaction_id != message.interaction_id:
        draft.inbox_id, draft.recipient_id = message.interaction.inbox_id, message.interaction.identity_id
        draft.save(update_fields=["inbox", "recipient"])
    detach_files(message, draft)
    return draft


def forget_sent(interaction: Interaction, author: User, *, draft_id: UUID, is_note: bool) -> None:
    """The draft became a message; files in it that did not go along go with it."""
    mine = Draft.objects.filter(interaction=interaction, author=author)
    sent = mine.filter(Q(public_id=draft_id) | Q(is_note=is_note))
    drop_files(DraftFile.objects.filter(draft__in=sent))
    sent.delete()
