"""The inboxes, queues and reasons that contacts name, looked up together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from ccx.kernel.people.models import User
from interactions.cases.models import ContactReason
from interactions.channels.models import Inbox
from interactions.routing.models import Queue


@dataclass(frozen=True, kw_only=True)
class Places:
    """What names stand for; a name that is missing does not exist or may not be seen."""

    inboxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    queues: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


def places_named(contacts: Iterable[dict[str, Any]], *, seen_by: User) -> Places:
    """One query for each kind that is named at all: inbox -> (id, channel), queue -> (id, team), reason -> id."""
    inboxes = {values["inbox"] for values in contacts if values.get("inbox")}
    queues = {values["queue"] for values in contacts if values.get("queue")}
    reasons = {values["reason"] for values in contacts if values.get("reason")}
    return Places(
        inboxes=_inboxes(inboxes, seen_by) if inboxes else {},
        queues=_queues(queues, seen_by) if queues else {},
        reasons=_reasons(reasons, seen_by) if reasons else {},
    )


def _inboxes(names: set[str], seen_by: User) -> dict[str, tuple[int, int]]:
    rows = Inbox.objects.visible_to(seen_by).filter(_named(names), is_active=True)
    found: dict[str, tuple[int, int]] = {}
    for pk, public_id, name, channel in rows.values_list("pk", "public_id", "name", "channel"):
        found[name] = found[str(public_id)] = (pk, channel)
    return found


def _queues(names: set[str], seen_by: User) -> dict[str, tuple[int, int | None]]:
    rows = Queue.objects.visible_to(seen_by).filter(_named(names), is_active=True)
    found: dict[str, tuple[int, int | None]] = {}
    for pk, public_id, name, team_id in rows.values_list("pk", "public_id", "name", "team_id"):
        found[name] = found[str(public_id)] = (pk, team_id)
    return found


def _reasons(codes: set[str], seen_by: User) -> dict[str, int]:
    rows = ContactReason.objects.visible_to(seen_by).filter(code__in=codes, is_active=True)
    return dict(rows.values_list("code", "pk"))


def _named(names: set[str]) -> Q:
    """By public id, which is 36 characters long, or by name."""
    ids = []
    for name in names:
        try:
            ids.append(UUID(name) if len(name) == 36 else None)
        except ValueError:
            ids.append(None)
    return Q(name__in=names) | Q(public_id__in=[public_id for public_id in ids if public_id])
