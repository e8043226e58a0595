"""A desk with something on it: a team, its queues, and contacts in every state an agent meets."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import GrantScope, Role
from interactions.cases.choices import AuthorKind, InteractionStatus, SegmentKind
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind
from interactions.models import (
    Case,
    Customer,
    Identity,
    Inbox,
    Interaction,
    Message,
    Offer,
    Queue,
    Segment,
    ServiceTarget,
)
from tests.factories.people import make_grant, make_team, make_user

_numbers = count(1)


@dataclass
class Desk:
    """Bob works here with Dina; Alice supervises them; Charlie leads another team and must see nothing."""

    team: Team
    other_team: Team
    alice: User
    bob: User
    dina: User
    charlie: User
    queues: dict[str, Queue] = field(default_factory=dict)
    inboxes: dict[Channel, Inbox] = field(default_factory=dict)


def make_desk() -> Desk:
    """People, queues and lines; nothing waits."""
    team, other = make_team("Service"), make_team("Repairs")
    people = {
        "alice": make_user(Role.SUPERVISOR, team=team, name="Alice Adams", email="alice@example.org"),
        "bob": make_user(Role.AGENT, team=team, name="Bob Brown", email="bob@example.org"),
        "dina": make_user(Role.AGENT, team=team, name="Dina Duval", email="dina@example.org"),
        "charlie": make_user(Role.SUPERVISOR, team=other, name="Charlie Cole", email="charlie@example.org"),
    }
    for name, user in people.items():
        make_grant(user, GrantScope.TEAM, other.pk if name == "charlie" else team.pk)
    desk = Desk(team=team, other_team=other, **people)
    for name in ("Billing", "Service line"):
        desk.queues[name] = Queue.objects.create(name=name, team=team)
    for channel in (Channel.CHAT, Channel.EMAIL, Channel.VOICE):
        desk.inboxes[channel] = Inbox.objects.create(
            name=f"{channel.label} of the shop",
            channel=channel,
            default_queue=desk.queues["Service line"],
            address="help@shop.example" if channel == Channel.EMAIL else "",
        )
    ServiceTarget.objects.create(
        channel=Channel.EMAIL, valid_from=timezone.now() - timedelta(days=90), answer_within_seconds=3600
    )
    return desk


def make_waiting(desk: Desk, name: str = "Ann Lee", *said: str, **fields: Any) -> Interaction:
    """A contact that waits in a queue, as intake leaves it; `minutes` ago, `queue` and `channel` by name."""
    number = next(_numbers)
    channel = fields.pop("channel", Channel.EMAIL)
    queue = desk.queues[fields.pop("queue", "Service line")]
    at = timezone.now() - timedelta(minutes=fields.pop("minutes", 10))
    customer = Customer.objects.create(name=name)
    identity = Identity.objects.create(
        customer=customer,
        kind=IdentityKind.EMAIL,
        value=f"customer{number}@example.net",
        assurance=Assurance.ATTESTED,
    )
    subject = fields.pop("subject", "About my order")
    case = fields.pop("case", None) or Case.objects.create(customer=customer, title=subject[:200], opened_at=at)
    values = {
        "status": InteractionStatus.WAITING,
        "last_customer_message_at": at,
        "started_at": at,
        "subject": subject,
        "assurance": Assurance.ATTESTED,
    }
    interaction = Interaction.objects.create(
        inbox=desk.inboxes[channel],
        channel=channel,
        customer=case.customer,
        identity=identity,
        case=case,
        queue=queue,
        team=queue.team,
        **(values | fields),
    )
    Segment.objects.create(interaction=interaction, kind=SegmentKind.QUEUE, queue=queue, team=queue.team, started_at=at)
    for offset, body in enumerate(said or ("Where is my parcel?",)):
        say(interaction, body, at=at + timedelta(seconds=offset))
    return interaction


def make_mine(desk: Desk, agent: User, name: str = "Ann Lee", *said: str, **fields: Any) -> Interaction:
    """A contact an agent has taken up."""
    interaction = make_waiting(desk, name, *said, **fields)
    now = timezone.now()
    Segment.objects.filter(interaction=interaction).update(ended_at=now)
    Segment.objects.create(
        interaction=interaction, kind=SegmentKind.TALK, queue=interaction.queue, agent=agent, started_at=now
    )
    interaction.status, interaction.agent = InteractionStatus.ACTIVE, agent
    interaction.save(update_fields=["status", "agent"])
    return interaction


def say(
    interaction: Interaction,
    body: str,
    *,
    by: User | None = None,
    is_note: bool = False,
    at: datetime | None = None,
    kind: str = "",
) -> Message:
    """One thing said, by the customer unless an agent is named."""
    if by is not None and not is_note and interaction.first_answered_at is None:
        interaction.first_answered_at = at or timezone.now()
        interaction.save(update_fields=["first_answered_at"])
    return Message.objects.create(
        interaction=interaction,
        author_kind=kind or (AuthorKind.AGENT if by else AuthorKind.CUSTOMER),
        author=by,
        is_note=is_note,
        body=body,
        sent_at=at or timezone.now(),
    )


def ring(interaction: Interaction, agent: User, seconds: int = 30) -> Offer:
    """The contact rings at an agent's desk."""
    now = timezone.now()
    return Offer.objects.create(
        interaction=interaction, agent=agent, offered_at=now, expires_at=now + timedelta(seconds=seconds)
    )
