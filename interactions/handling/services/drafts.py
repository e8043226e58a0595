"""What an agent is writing: kept as they write, so that no closed tab loses a word."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message
from interactions.handling.errors import DraftWasSentError
from interactions.handling.models import Draft


@transaction.atomic
def save_draft(
    *, interaction_id: int, author: User, body: str, is_note: bool = False, draft_id: UUID | None = None
) -> Draft:
    """Keep what an agent has written so far; one draft for each contact and author.

    `draft_id` is what the browser will send it under. A save that arrives after the words were sent is refused: it
    would bring them back to life.
    """
    if draft_id is not None:
        if Message.objects.filter(interaction_id=interaction_id, author=author, external_id=str(draft_id)).exists():
            raise DraftWasSentError(draft_id=draft_id)
        if Draft.objects.filter(public_id=draft_id).exclude(interaction_id=interaction_id, author=author).exists():
            draft_id = None
    values = {"body": body, "is_note": is_note, "saved_at": timezone.now()}
    named = {"public_id": draft_id} if draft_id is not None else {}
    draft, _ = Draft.objects.update_or_create(
        interaction_id=interaction_id, author=author, defaults=values | named, create_defaults=values | named
    )
    return draft


@transaction.atomic
def discard_draft(*, interaction_id: int, author: User) -> None:
    """Forget what an agent was writing."""
    Draft.objects.filter(interaction_id=interaction_id, author=author).delete()


def give_back(message: Message, author: User) -> Draft:
    """Put the words of a message back into its author's draft, before whatever they have begun since."""
    begun = Draft.objects.filter(interaction_id=message.interaction_id, author=author).first()
    words = [message.body, *([begun.body] if begun is not None and begun.body.strip() else [])]
    return save_draft(interaction_id=message.interaction_id, author=author, body="\n\n".join(words))


def forget_sent(interaction: Interaction, author: User, *, draft_id: UUID, is_note: bool) -> None:
    """The draft became a message."""
    mine = Draft.objects.filter(interaction=interaction, author=author)
    mine.filter(Q(public_id=draft_id) | Q(is_note=is_note)).delete()
