"""Agents at their desks and letters that wait for them: for tests of offers, replies and what becomes of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from ccx.kernel.models import User
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.handling import services
from interactions.handling.models import PresenceState, Sending
from interactions.handling.selectors import seen_cursor
from interactions.handling.selectors.sending import MessageSender
from interactions.handling.services import After, Said
from interactions.intake.services import receive
from interactions.models import Interaction
from tests.factories.contacts import claim, contact

SENT: list[int] = []


def keep(sending: Sending) -> None:
    """Send by remembering."""
    SENT.append(sending.message_id)


# What the setting CCX_MESSAGE_SENDERS may name in a test.
SENDERS: Mapping[Channel, MessageSender] = {Channel.EMAIL: keep}


def arrive(inbox: Inbox, external_id: str = "c1", **fields: Any) -> int:
    """A contact of now, from Ann."""
    values = {"identity": claim(), "occurred_at": timezone.now()} | fields
    number = receive(contact=contact(inbox, external_id, **values), by_id=None).interaction_id
    assert number is not None
    return number


def sit_down(*agents: User, at: datetime | None = None) -> None:
    """These agents are available, and their browsers are heard."""
    moment = at or timezone.now()
    for agent in agents:
        services.set_presence(agent=agent, state=PresenceState.AVAILABLE, at=moment, by=agent)
        services.hear_agent(agent=agent, now=moment)


def seen(number: int) -> str:
    return seen_cursor(Interaction.objects.get(pk=number))


def reply(number: int, by: User, body: str = "We look into it.", **fields: Any) -> Said:
    """Answer what stands now, unless `seen` says what was seen."""
    values: dict[str, Any] = {"draft_id": uuid4(), "seen": seen(number), "then": After.STAY} | fields
    return services.send_reply(interaction_id=number, by=by, body=body, **values)


def soon(**delta: float) -> datetime:
    return timezone.now() + timedelta(**delta)


def a_draft_id() -> UUID:
    return uuid4()
