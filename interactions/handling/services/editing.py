"""Customers change or take back what they said, and put signs on messages, where their channel lets them."""

from typing import Any

from django.db import transaction

from interactions.cases.choices import AuthorKind
from interactions.cases.models import Message
from interactions.channels.contract import Edit, Reaction
from interactions.handling.models import Sending
from interactions.handling.services.moves import lock_interaction, tell_change


@transaction.atomic
def hear_edit(*, inbox_id: int, edit: Edit) -> bool:
    """Put the new words in place of the old; the first stay in the message's meta. False: no such message yet.

    However often and in whatever order edits come, the message ends as the latest of them says.
    """
    said = Message.objects.filter(
        interaction__inbox_id=inbox_id, external_id=edit.external_id, author_kind=AuthorKind.CUSTOMER
    )
    interaction_id = said.values_list("interaction_id", flat=True).first() if edit.external_id else None
    if interaction_id is None:
        return False
    interaction = lock_interaction(interaction_id)
    message = said.select_for_update(of=("self",)).get(interaction_id=interaction_id)
    told = {"at": edit.at.isoformat(), "body": edit.body}
    edits: list[dict[str, Any]] = message.meta.get("edits", [])
    if told in edits:
        return True
    first = message.meta.get("first", message.body)
    edits = sorted([*edits, told], key=lambda one: (str(one["at"]), str(one["body"])))
    last = edits[-1]["body"]
    message.meta = message.meta | {"first": first, "edits": edits, "is_taken_back": last is None}
    message.body = last or ""
    message.save(update_fields=["meta", "body"])
    tell_change(interaction, "message_edited", by=None, at=edit.at)
    return True


@transaction.atomic
def hear_reaction(*, inbox_id: int, reaction: Reaction) -> bool:
    """Keep a customer's sign with the message, theirs or ours, that it is on. False: no such message yet.

    Each person has one sign on a message, the latest they put; taking it back leaves none.
    """
    found = _message_of(inbox_id, reaction.message_id)
    if found is None:
        return False
    interaction = lock_interaction(found.interaction_id)
    message = Message.objects.select_for_update(of=("self",)).get(pk=found.pk)
    told = {"by": reaction.by.value, "sign": reaction.sign, "at": reaction.at.isoformat()}
    others: list[dict[str, Any]] = message.meta.get("reactions", [])
    before = next((one for one in others if one["by"] == told["by"]), None)
    if before is not None and before["at"] >= told["at"]:
        return True
    others = [one for one in others if one is not before]
    message.meta = message.meta | {"reactions": [*others, told]}
    message.save(update_fields=["meta"])
    tell_change(interaction, "message_marked", by=None, at=reaction.at)
    return True


def _message_of(inbox_id: int, provider_id: str) -> Message | None:
    """A message of this line by what its provider calls it."""
    if not provider_id:
        return None
    said = Message.objects.filter(interaction__inbox_id=inbox_id, external_id=provider_id)
    if (theirs := said.first()) is not None:
        return theirs
    sent = Sending.objects.filter(inbox_id=inbox_id, provider_id=provider_id).select_related("message").first()
    return sent.message if sent else None
