"""A small centre with people of several roles, customers, and contacts with all that hangs off them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.files.base import ContentFile

from ccx.kernel.models import Grant, Team, User
from ccx.kernel.people.choices import GrantScope, Role, UserKind
from interactions.cases.choices import AuthorKind, InteractionStatus, Outcome, SegmentKind
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, ConsentState, IdentityKind
from interactions.models import (
    Attachment,
    Case,
    Consent,
    ContactReason,
    Customer,
    CustomerNote,
    Identity,
    Inbox,
    Interaction,
    Message,
    Preference,
    Purchase,
    Queue,
    RawContact,
    Segment,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = count(1)


@dataclass(frozen=True)
class CustomerCentre:
    """Alice (supervisor) and Bob (agent) see the team; Charlie is an agent of another; Ada administers; a machine."""

    team: Team
    other_team: Team
    queue: Queue
    inbox: Inbox
    reason: ContactReason
    alice: User
    bob: User
    charlie: User
    ada: User
    machine: User


def make_customer_centre() -> CustomerCentre:
    """The rows around customers."""
    team, other_team = Team.objects.create(name="Billing"), Team.objects.create(name="Claims")
    queue = Queue.objects.create(name="Bills", team=team)
    centre = CustomerCentre(
        team=team,
        other_team=other_team,
        queue=queue,
        inbox=Inbox.objects.create(name="support@", channel=Channel.EMAIL, default_queue=queue),
        reason=ContactReason.objects.create(code="bill", name="Wrong bill"),
        alice=make_person("alice", Role.SUPERVISOR, team),
        bob=make_person("bob", Role.AGENT, team),
        charlie=make_person("charlie", Role.SUPERVISOR, other_team),
        ada=make_person("ada", Role.ADMINISTRATOR, None),
        machine=User.objects.create(email="crm@example.test", name="CRM", kind=UserKind.SERVICE, role=Role.INTEGRATION),
    )
    for person, their_team in ((centre.alice, team), (centre.bob, team), (centre.charlie, other_team)):
        Grant.objects.create(user=person, scope=GrantScope.TEAM, target_id=their_team.pk)
    return centre


def make_person(name: str, role: str, team: Team | None) -> User:
    return User.objects.create(email=f"{name}@example.test", name=name.title(), role=role, team=team)


def make_customer(name: str = "", **fields: Any) -> Customer:
    return Customer.objects.create(name=name, **fields)


def make_identity(
    customer: Customer, value: str, kind: str = IdentityKind.EMAIL, assurance: int = Assurance.ATTESTED
) -> Identity:
    return Identity.objects.create(
        customer=customer, kind=kind, value=value, assurance=assurance, first_seen_at=START, last_seen_at=START
    )


def make_contact(centre: CustomerCentre, customer: Customer | None, *said: str, **fields: Any) -> Interaction:
    """A closed e-mail contact of the centre's team in which the customer said these things."""
    started = fields.pop("started_at", START + timedelta(hours=next(NUMBER)))
    values = {
        "inbox": centre.inbox,
        "channel": Channel.EMAIL,
        "status": InteractionStatus.CLOSED,
        "outcome": Outcome.HANDLED,
        "assurance": Assurance.ATTESTED if customer else Assurance.NONE,
        "queue": centre.queue,
        "team": centre.team,
        "reason": centre.reason,
        "agent": centre.bob,
        "started_at": started,
        "closed_at": started + timedelta(minutes=10),
    } | fields
    interaction = Interaction.objects.create(customer=customer, **values)
    for minute, body in enumerate(said):
        Message.objects.create(
            interaction=interaction,
            author_kind=AuthorKind.CUSTOMER,
            body=body,
            sent_at=started + timedelta(minutes=minute),
        )
    return interaction


def make_case(customer: Customer | None, title: str = "", **fields: Any) -> Case:
    return Case.objects.create(customer=customer, title=title, **{"opened_at": START} | fields)


def make_segment(interaction: Interaction, kind: SegmentKind, begin: int, end: int, **fields: Any) -> Segment:
    """A stretch from one second to another after the start."""
    return Segment.objects.create(
        interaction=interaction,
        kind=kind,
        started_at=interaction.started_at + timedelta(seconds=begin),
        ended_at=interaction.started_at + timedelta(seconds=end),
        **fields,
    )


def make_attachment(message: Message, content: bytes = b"scan") -> Attachment:
    return Attachment.objects.create(
        message=message,
        file=ContentFile(content, name="scan.pdf"),
        name="scan.pdf",
        content_type="application/pdf",
        size=len(content),
        sha256="0" * 64,
    )


def make_raw_contact(interaction: Interaction, **payload: Any) -> RawContact:
    return RawContact.objects.create(
        inbox=interaction.inbox, external_id=f"raw-{next(NUMBER)}", payload=payload, interaction=interaction
    )


def give_everything(customer: Customer, by: User) -> None:
    """One row of every kind that hangs off a customer, beside contacts and cases."""
    tag = next(NUMBER)
    make_identity(customer, f"person{tag}@example.test")
    Preference.objects.create(customer=customer, topic="channel", value=f"chat {tag}", source="agent")
    Preference.objects.create(customer=customer, topic=f"topic {tag}", value="yes", source="agent")
    Consent.objects.create(customer=customer, purpose="newsletter", state=ConsentState.GIVEN, source="web form")
    Purchase.objects.create(
        customer=customer,
        reference=f"order-{tag}",
        description="A red bicycle",
        amount=Decimal("99.90"),
        currency="EUR",
        purchased_at=START,
    )
    CustomerNote.objects.create(customer=customer, author=by, body=f"Likes tea {tag}")
