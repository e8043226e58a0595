"""Agents at their desks and letters that wait for them: for tests of offers, replies and what becomes of them."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from django.utils import timezone

from ccx.kernel.models import User
from interactions.channels import registry
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities, Handed, Line, Outgoing
from interactions.channels.email.adapter import MailAdapter
from interactions.channels.models import Inbox
from interactions.handling import services
from interactions.handling.models import PresenceState
from interactions.handling.selectors import seen_cursor
from interactions.handling.services import After, Said
from interactions.intake.services import receive
from interactions.models import Interaction, Message
from tests.factories.contacts import claim, contact

SENT: list[int] = []
FAILS: list[Exception] = []


class PretendMail(MailAdapter):
    """Mail that is sent by remembering, after failing as a test says."""

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities(can_start=True, has_subject=True, max_files=5, max_file=1_000_000)

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        if FAILS:
            raise FAILS.pop()
        SENT.append(Message.objects.get(public_id=outgoing.reference).pk)
        return Handed(provider_id=f"pretend-{outgoing.reference}")


def pretend_mail() -> AbstractContextManager[Any]:
    """While it lasts every mail line sends by remembering (SENT)."""
    return patch.dict(registry.BY_KEY, {(Channel.EMAIL.value, ""): PretendMail()})


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
