"""Customers change or take back what they said, where their channel lets them."""

from typing import Any

from django.db import transaction

from interactions.cases.choices import AuthorKind
from interactions.cases.models import Message
from interactions.channels.contract import Edit
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
