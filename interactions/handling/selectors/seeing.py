"""What one has seen of a contact, and what happened since."""

import re
from typing import Final

from django.db.models import Max, QuerySet

from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus
from interactions.cases.models import Interaction, Message, Segment
from interactions.handling.choices import ChangeKind
from interactions.handling.errors import Change

CURSOR: Final = re.compile(r"(\d{1,18})\.([a-z_]{1,8})\.(\d{1,18})\.(\d{1,5})")
# What stands before anything was seen; a cursor that is none is read as this.
NOTHING: Final = ("0", InteractionStatus.WAITING.value, "0", "")


def said_to_customers() -> QuerySet[Message]:
    """What both sides said to each other: no notes, and nothing that was taken back before it left."""
    return Message.objects.not_taken_back().filter(is_note=False)


def seen_cursor(interaction: Interaction) -> str:
    """What somebody who looks at the contact now has seen. Send it along with the reply."""
    last = said_to_customers().filter(interaction=interaction).aggregate(last=Max("pk"))["last"]
    return f"{last or 0}.{interaction.status}.{interaction.agent_id or 0}.{interaction.channel}"


def changes_since(interaction: Interaction, cursor: str, *, by: User | None = None) -> list[Change]:
    """What happened since, oldest first, as ingredients of sentences; what `by` did is no news to them.

    A state that moved on by itself or by the viewer's own hand is none either: it does not bear on a reply.
    """
    found = CURSOR.fullmatch(cursor)
    last_id, status, agent_id, _ = found.groups() if found else NOTHING
    messages = said_to_customers().filter(interaction=interaction, pk__gt=int(last_id)).select_related("author")
    changes = [_of_message(message) for message in messages.order_by("pk") if by is None or message.author_id != by.pk]
    before, now = int(agent_id), interaction.agent_id or 0
    if now != before and (by is None or now != by.pk):
        changes.append(_reassigned(interaction))
    if interaction.is_closed and status != InteractionStatus.CLOSED and interaction.closed_at is not None:
        changes.append(Change(kind=ChangeKind.CLOSED, who=_name(interaction.agent), when=interaction.closed_at))
    return changes


def _of_message(message: Message) -> Change:
    is_customer = message.author_kind == AuthorKind.CUSTOMER
    return Change(
        kind=ChangeKind.CUSTOMER_WROTE if is_customer else ChangeKind.COLLEAGUE_WROTE,
        who=_name(message.author),
        when=message.sent_at,
        message_id=message.pk,
    )


def _reassigned(interaction: Interaction) -> Change:
    since = Segment.objects.filter(interaction=interaction).aggregate(at=Max("started_at"))["at"]
    return Change(kind=ChangeKind.REASSIGNED, who=_name(interaction.agent), when=since or interaction.started_at)


def _name(user: User | None) -> str:
    return str(user) if user is not None else ""
