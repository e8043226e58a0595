"""Lines, queues and contacts for tests of intake and handling."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ccx.kernel.models import Team, User
from interactions.cases.choices import Outcome
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past
from interactions.customers.choices import Assurance
from interactions.models import ContactReason, Inbox, Queue

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Centre:
    """A small contact centre: one team, one queue, a line per channel, an agent and a colleague."""

    team: Team
    queue: Queue
    chat: Inbox
    email: Inbox
    voice: Inbox
    alice: User
    bob: User
    reason: ContactReason


def make_centre() -> Centre:
    """Rows that every contact needs around it."""
    team = Team.objects.create(name="First line")
    queue = Queue.objects.create(name="Service", team=team)
    people = [
        User.objects.create(email=f"{name}@example.test", name=name.title(), team=team) for name in ("alice", "bob")
    ]
    lines = [
        Inbox.objects.create(name=channel.slug, channel=channel, default_queue=queue)
        for channel in (Channel.CHAT, Channel.EMAIL, Channel.VOICE)
    ]
    reason = ContactReason.objects.create(code="bill", name="Bill", resolution_window_days=3)
    return Centre(team, queue, *lines, *people, reason)


def after(**delta: float) -> datetime:
    """A moment so long after START."""
    return START + timedelta(**delta)


def claim(value: str = "ann@example.test", assurance: int = Assurance.ATTESTED, kind: str = "email") -> IdentityClaim:
    return IdentityClaim(kind=kind, value=value, assurance=assurance, source="test")


def contact(inbox: Inbox, external_id: str, **fields: Any) -> InboundContact:
    """A message at START from nobody in particular."""
    values = {"occurred_at": START, "body": f"text of {external_id}"} | fields
    return InboundContact(inbox_id=inbox.pk, channel=inbox.channel, external_id=external_id, **values)


def past(closed_at: datetime, outcome: int = Outcome.HANDLED, **fields: Any) -> Past:
    return Past(outcome=outcome, closed_at=closed_at, **fields)
