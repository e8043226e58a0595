"""A centre with weeks of work behind it, told to intake as history: what a browser should see."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import Grant, Team, User
from ccx.kernel.people.choices import GrantScope, Role
from interactions.cases.choices import AuthorKind, Outcome, SegmentEnd, SegmentKind
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, PastMessage, PastSegment
from interactions.customers.choices import Assurance, IdentityKind
from interactions.doors.models import WebForm
from interactions.intake.services import receive_many
from interactions.models import ContactReason, Customer, Inbox, Interaction, Queue
from tests.factories.people import PASSWORD

LONG: Final = (
    "Maximiliane-Theodora Freifrau von und zu Wolkenstein-Trostburg-Hohenlohe-Langenburg-Schillingsfürst-Oettingen "
    "the Third"
)
NAMES: Final = [
    *[LONG, "نور الهدى بنت عبد الرحمن", "Zoë 🐝 Brontë", "Ann Lee", "Ann M. Lee", "Boris Kowalski", "Chi Nguyen"],
    *["Dara O’Neill", "Eero Saarinen", "Fatou Diop", "Gita Rao", "Hugo Martín", "Ines Álvarez", "Jun Sato"],
    *["Kees de Vries", "Lena Fischer", "Marek Novák", "Noa Cohen", "Olga Petrova", "Pia Rossi"],
]
REASONS: Final = {"Wrong bill": 4, "Late delivery": 3, "Cannot sign in": 3, "Broken on arrival": 2, "Cancel": 1}
SAID: Final = [
    "My bill says 84 euros; the plan costs 39. What are the other 45 for?",
    "Where is my parcel? It was due on Monday.",
    "The page says my password is wrong, and it is not.",
    "The box arrived open and the lamp has a crack.",
]
ANSWER: Final = "Thank you for telling us. I have put it right and you will see it by tomorrow."


@dataclass
class Showcase:
    """People by name, and the rows that stories begin at."""

    teams: dict[str, Team] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    inboxes: dict[Channel, Inbox] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    agents: list[User] = field(default_factory=list)
    form: WebForm | None = None

    def customer(self, name: str) -> Customer:
        """The first of that name."""
        return Customer.objects.filter(name=name).order_by("pk")[0]

    def longest_conversation(self) -> Interaction:
        """One with an agent's answer in it."""
        return Interaction.objects.filter(channel=Channel.EMAIL, outcome=Outcome.HANDLED).order_by("pk")[0]


def make_showcase(*, contacts: int = 400, days: int = 28) -> Showcase:
    """Teams, people, lines and a public form, with this many contacts of the last days; figures are ready."""
    centre = Showcase()
    for team in ("Billing", "Delivery"):
        centre.teams[team] = Team.objects.create(name=team)
        centre.queues[team] = Queue.objects.create(name=f"{team} first line", team=centre.teams[team])
    for channel in (Channel.VOICE, Channel.CHAT, Channel.EMAIL, Channel.WEB_FORM):
        centre.inboxes[channel] = Inbox.objects.create(
            name=f"{channel.label} of the shop", channel=channel, default_queue=centre.queues["Billing"]
        )
    centre.form = WebForm.objects.create(
        inbox=centre.inboxes[Channel.WEB_FORM],
        slug="contact",
        title="How can we help?",
        intro="We answer within a day.",
        fields=[
            {"name": "name", "label": "Your name", "kind": "text"},
            {"name": "email", "label": "E-mail", "kind": "email", "required": True},
            {"name": "message", "label": "What is it about?", "kind": "textarea", "required": True},
        ],
        thanks="We have your message and answer within a day.",
    )
    _hire(centre)
    rows = _history(centre, random.Random(7), contacts, days)
    receive_many(contacts=rows, by_id=None, mode="history")
    pump_everything()
    return centre


def _hire(centre: Showcase) -> None:
    billing = centre.teams["Billing"]
    centre.people = {
        "Ada": _person("Ada Admin", Role.ADMINISTRATOR, None),
        "Alice": _person("Alice Adams", Role.SUPERVISOR, billing),
        "Bob": _person("Bob Brown", Role.AGENT, billing),
    }
    centre.agents = [centre.people["Bob"], *(_person(name, Role.AGENT, billing) for name in ("Cem Yıldız", LONG[:80]))]
    for name in ("Alice", "Bob"):
        Grant.objects.create(user=centre.people[name], scope=GrantScope.TEAM, target_id=billing.pk)


def _person(name: str, role: Role, team: Team | None) -> User:
    local = "".join(part for part in name.split(maxsplit=1)[0].lower() if part.isascii())
    return User.objects.create_user(f"{local}@example.org", PASSWORD, name=name, role=role, team=team)


def _history(centre: Showcase, chance: random.Random, contacts: int, days: int) -> list[InboundContact]:
    reasons = [
        ContactReason.objects.create(code=f"reason-{number}", name=name, resolution_window_days=3)
        for number, name in enumerate(REASONS)
    ]
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    told = []
    for number in range(contacts):
        day = midnight - timedelta(days=days - days * number // contacts)
        # One after the other within a day, so that nobody is in two talks at once.
        started = day + timedelta(hours=8) + timedelta(minutes=number % max(1, contacts // days) * 40)
        told.append(_contact(centre, chance, number, started, chance.choices(reasons, list(REASONS.values()))[0].pk))
    return told


def _contact(centre: Showcase, chance: random.Random, number: int, started: datetime, reason_id: int) -> InboundContact:
    channel = chance.choice([Channel.VOICE, Channel.VOICE, Channel.CHAT, Channel.EMAIL])
    who = chance.randrange(len(NAMES))
    team = "Billing" if chance.random() < 0.7 else "Delivery"
    agent = chance.choice(centre.agents)
    wait = int(chance.expovariate(1 / 25))
    lost = channel in LIVE_CHANNELS and wait > 55
    said = chance.choice(SAID)
    where: dict[str, Any] = {"queue_id": centre.queues[team].pk, "team_id": centre.teams[team].pk}
    answered = started + timedelta(seconds=wait if channel in LIVE_CHANNELS else 1200)
    ended = answered + timedelta(seconds=chance.randrange(90, 600))
    segments = [_segment(SegmentKind.QUEUE, started, answered, SegmentEnd.CUSTOMER_LEFT if lost else None, **where)]
    messages = [PastMessage(author_kind=AuthorKind.CUSTOMER, body=said, sent_at=started)]
    if not lost:
        where["agent_id"] = agent.pk
        segments += [
            _segment(SegmentKind.TALK, answered, ended, SegmentEnd.DONE, **where),
            _segment(SegmentKind.WRAP_UP, ended, ended + timedelta(seconds=45), None, **where),
        ]
        messages += [
            PastMessage(author_kind=AuthorKind.AGENT, body=ANSWER, sent_at=answered, author_id=agent.pk),
            PastMessage(
                author_kind=AuthorKind.AGENT,
                body="Refund of 45 euros agreed with the billing desk.",
                sent_at=ended,
                author_id=agent.pk,
                is_note=True,
            ),
        ]
    past = Past(
        outcome=Outcome.ABANDONED if lost else Outcome.HANDLED,
        closed_at=answered if lost else ended,
        first_answered_at=None if lost else answered,
        segments=tuple(segments),
        messages=() if channel == Channel.VOICE else tuple(messages),
    )
    return InboundContact(
        inbox_id=centre.inboxes[channel].pk,
        channel=channel,
        external_id=f"shown-{number}",
        occurred_at=started,
        identity=IdentityClaim(
            kind=IdentityKind.EMAIL, value=f"customer{who}@example.net", assurance=Assurance.ATTESTED, source="history"
        )
        if chance.random() < 0.85
        else None,
        customer_name=NAMES[who],
        subject="About my order" if channel == Channel.EMAIL else "",
        reason_id=reason_id,
        past=past,
        **where,
    )


def _segment(
    kind: SegmentKind, started: datetime, ended: datetime, ended_by: SegmentEnd | None, **where: Any
) -> PastSegment:
    return PastSegment(kind=kind, started_at=started, ended_at=ended, ended_by=ended_by, **where)
