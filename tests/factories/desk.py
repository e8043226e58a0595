"""A contact in hand with everything that can stand beside it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Case, ContactReason, Disposition, Interaction, Promise, Segment
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, CustomerNote, Preference, Purchase
from tests.factories.customers import CustomerCentre, make_case, make_contact, make_customer, make_identity


@dataclass(frozen=True)
class Hand:
    """Bob's contact, its customer and its case, and the reasons one can choose from."""

    contact: Interaction
    customer: Customer
    case: Case
    late: ContactReason
    wrong: ContactReason


def make_hand(centre: CustomerCentre, status: str = InteractionStatus.ACTIVE, name: str = "Ann Lee") -> Hand:
    """Bob is with Ann about a late delivery; the tree has two branches of two."""
    billing = ContactReason.objects.create(code="billing", name="Billing")
    delivery = ContactReason.objects.create(code="delivery", name="Delivery")
    wrong = ContactReason.objects.create(code="invoice-wrong", name="Invoice is wrong", parent=billing)
    late = ContactReason.objects.create(code="late", name="Delivery is late", parent=delivery)
    Disposition.objects.create(code="solved", name="Solved", is_resolved=True)
    Disposition.objects.create(code="passed-on", name="Passed on", is_resolved=False)
    customer = make_customer(name, company="Lee & Daughters", language="en", time_zone="Asia/Tokyo")
    identity = make_identity(customer, "ann@example.test")
    case = make_case(customer, "Where is my parcel?", opened_at=timezone.now() - timedelta(hours=2))
    contact = in_hand(centre, customer, case=case, reason=late, identity=identity, status=status)
    return Hand(contact, customer, case, late, wrong)


def in_hand(centre: CustomerCentre, customer: Customer | None, status: str, **fields: object) -> Interaction:
    """A contact that Bob has and that is not over; one in wrap-up has a minute and a half left."""
    now = timezone.now()
    started = now - timedelta(minutes=20)
    is_ending = status == InteractionStatus.WRAP_UP
    contact = make_contact(
        centre,
        customer,
        "My parcel was due on Monday.",
        status=status,
        outcome=None,
        closed_at=None,
        started_at=started,
        first_answered_at=started + timedelta(minutes=1),
        wrap_up_ends_at=now + timedelta(seconds=90) if is_ending else None,
        **fields,
    )
    kind = SegmentKind.WRAP_UP if is_ending else SegmentKind.TALK
    Segment.objects.create(
        interaction=contact, kind=kind, queue=centre.queue, team=centre.team, agent=centre.bob, started_at=started
    )
    return contact


def give_history(centre: CustomerCentre, hand: Hand) -> None:
    """Earlier contacts, promises in every state, another case, purchases, notes, preferences."""
    now = timezone.now()
    for days, channel in ((2, Channel.CHAT), (8, Channel.VOICE), (60, Channel.EMAIL)):
        make_contact(
            centre,
            hand.customer,
            f"It is still not here, {days} days ago.",
            started_at=now - timedelta(days=days),
            channel=channel,
            reason=hand.late,
            subject="" if channel == Channel.VOICE else f"Parcel, {days} days ago",
        )
    for body, hours in (("Call back with the carrier's answer", -26), ("Send a voucher", 3), ("Ask again", 80)):
        Promise.objects.create(case=hand.case, body=body, due_at=now + timedelta(hours=hours), made_by=centre.alice)
    Promise.objects.create(case=hand.case, body="Open a search", due_at=now, kept_at=now, made_by=centre.bob)
    other = make_case(hand.customer, "Charged twice", opened_at=now - timedelta(days=3))
    make_contact(centre, hand.customer, "Twice!", case=other, started_at=now - timedelta(days=3), reason=hand.wrong)
    make_identity(hand.customer, "+49301234567", "phone", Assurance.CLAIMED)
    Preference.objects.create(customer=hand.customer, topic="channel", value="E-mail", source="agent")
    for number in range(3):
        Purchase.objects.create(
            customer=hand.customer,
            reference=f"A-100{number}",
            description="A red bicycle with a basket",
            amount=Decimal("399.90"),
            currency="EUR",
            purchased_at=now - timedelta(days=9 + number),
        )
    CustomerNote.objects.create(customer=hand.customer, author=centre.alice, body="Works nights; call after noon.")
