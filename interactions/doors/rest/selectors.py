"""The inboxes, queues and reasons that contacts name, looked up together."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from ccx.kernel.people.models import User
from ccx.kernel.statements import Statement, run
from interactions.cases.choices import AuthorKind
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import Channel
from interactions.handling.models import Sending
from interactions.routing.models import Queue

# What every contact names, by hand and prepared: putting queries together and planning them costs more than they do.
# All who are active see all inboxes and all reasons (Inbox.visible_to, ContactReason.visible_to).
NAMED: Final = Statement(
    "ccx_rest_named",
    ("text[]", "uuid[]", "text[]"),
    """
SELECT 'inbox', id, name, public_id, channel FROM interactions_inbox
    WHERE is_active AND (name = ANY($1) OR public_id = ANY($2))
UNION ALL SELECT 'reason', id, code, NULL, NULL FROM interactions_contactreason WHERE code = ANY($3) AND is_active
""",
)


@dataclass(frozen=True, kw_only=True)
class Places:
    """What names stand for; a name that is missing does not exist or may not be seen."""

    inboxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    queues: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


def places_named(contacts: Iterable[dict[str, Any]], *, seen_by: User) -> Places:
    """What is named at all, looked up: inbox -> (id, channel), queue -> (id, team), reason -> id."""
    inboxes = {values["inbox"] for values in contacts if values.get("inbox")}
    queues = {values["queue"] for values in contacts if values.get("queue")}
    reasons = {values["reason"] for values in contacts if values.get("reason")}
    places = Places(queues=_queues(queues, seen_by) if queues else {})
    if seen_by.is_active and (inboxes or reasons):
        with connection.cursor() as cursor:
            rows = run(cursor, NAMED, [list(inboxes), _public_ids(inboxes), list(reasons)])
        for kind, pk, name, public_id, channel in rows:
            if kind == "inbox":
                places.inboxes[name] = places.inboxes[str(public_id)] = (pk, channel)
            else:
                places.reasons[name] = pk
    return places


def sent_on_api_line(*, public_id: UUID, user: User) -> Sending | None:
    """One of our messages that went, or is to go, to the system behind an API line."""
    visible = Interaction.objects.visible_to(user)
    sent = Sending.objects.filter(message__public_id=public_id, channel=Channel.API, message__interaction__in=visible)
    return sent.select_related("inbox").first()


def said_on_api_line(*, public_id: UUID, user: User) -> Message | None:
    """A customer's message that came over an API line."""
    visible = Interaction.objects.visible_to(user).filter(channel=Channel.API)
    return Message.objects.filter(public_id=public_id, author_kind=AuthorKind.CUSTOMER, interaction__in=visible).first()


def _queues(names: set[str], seen_by: User) -> dict[str, tuple[int, int | None]]:
    rows = Queue.objects.visible_to(seen_by).filter(_named(names), is_active=True)
    found: dict[str, tuple[int, int | None]] = {}
    for pk, public_id, name, team_id in rows.values_list("pk", "public_id", "name", "team_id"):
        found[name] = found[str(public_id)] = (pk, team_id)
    return found


def _named(names: set[str]) -> Q:
    """By public id or by name."""
    return Q(name__in=names) | Q(public_id__in=_public_ids(names))


def _public_ids(names: set[str]) -> list[UUID]:
    """Those names that are public ids, which are 36 characters long."""
    ids = []
    for name in names:
        if len(name) == 36:
            with suppress(ValueError):
                ids.append(UUID(name))
    return ids
