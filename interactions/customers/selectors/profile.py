"""Who a customer is: all a person sees at a glance before talking to them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Min, Sum

from ccx.kernel.models import User
from interactions.channels.choices import Channel
from interactions.customers.models import (
    Consent,
    Customer,
    CustomerMerge,
    CustomerNote,
    Identity,
    Preference,
    Purchase,
)

SHOWN = 10


@dataclass(frozen=True)
class OpenCase:
    """A case that waits for its resolution; the title is empty where another team's words are private."""

    public_id: UUID
    title: str
    reason: str
    opened_at: datetime
    contacts: int


@dataclass(frozen=True)
class Totals:
    """How much we had to do with a customer."""

    contacts: int
    first_contact_at: datetime | None
    last_contact_at: datetime | None
    by_channel: tuple[tuple[str, int], ...]
    cases: int
    open_cases: int
    purchases: int
    spent: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True)
class CustomerProfile:
    """A customer with everything the page shows, surest identity first."""

    customer: Customer
    identities: tuple[Identity, ...]
    preferences: tuple[Preference, ...]
    consents: tuple[Consent, ...]
    purchases: tuple[Purchase, ...]
    notes: tuple[CustomerNote, ...]
    open_cases: tuple[OpenCase, ...]
    merges: tuple[CustomerMerge, ...]
    totals: Totals


def customer_profile(customer: Customer, user: User) -> CustomerProfile:
    """The profile of a customer whom the user was found to see (`find_customer`)."""
    merges = CustomerMerge.objects.visible_to(user).standing().filter(survivor=customer)
    return CustomerProfile(
        customer=customer,
        identities=tuple(customer.identities.order_by("-assurance", "-last_seen_at", "pk")),
        preferences=tuple(customer.preferences.order_by("topic")),
        # The newest row of a purpose and channel is the one that holds.
        consents=tuple(customer.consents.order_by("purpose", "channel", "-at", "-pk").distinct("purpose", "channel")),
        purchases=tuple(customer.purchases.order_by("-purchased_at", "-pk")[:SHOWN]),
        notes=tuple(customer.notes.select_related("author").order_by("-created_at", "-pk")[:SHOWN]),
        open_cases=_open_cases(customer, user),
        merges=tuple(merges.select_related("merged", "by").order_by("-at", "-pk")),
        totals=_totals(customer),
    )


def _open_cases(customer: Customer, user: User) -> tuple[OpenCase, ...]:
    rows = (
        customer.cases.unresolved()
        .annotate(contacts=Count("interactions"))
        .order_by("-opened_at", "-pk")
        .values_list("pk", "public_id", "title", "reason__name", "opened_at", "contacts")
    )
    own = set(customer.cases.unresolved().visible_to(user).values_list("pk", flat=True))
    return tuple(
        OpenCase(
            public_id=public_id,
            title=title if settings.CCX_WHOLE_CUSTOMER or pk in own else "",
            reason=reason or "",
            opened_at=opened_at,
            contacts=contacts,
        )
        for pk, public_id, title, reason, opened_at, contacts in rows
    )


def _totals(customer: Customer) -> Totals:
    channels = customer.interactions.values_list("channel").annotate(
        number=Count("pk"), first=Min("started_at"), last=Max("started_at")
    )
    rows = sorted(channels, key=lambda row: (-row[1], row[0]))
    spent = customer.purchases.values_list("currency").annotate(number=Count("pk"), amount=Sum("amount"))
    purchases = sorted(spent)
    return Totals(
        contacts=sum(number for _, number, _, _ in rows),
        first_contact_at=min((first for *_, first, _ in rows), default=None),
        last_contact_at=max((last for *_, last in rows), default=None),
        by_channel=tuple((str(Channel(channel).label), number) for channel, number, _, _ in rows),
        cases=customer.cases.count(),
        open_cases=customer.cases.unresolved().count(),
        purchases=sum(number for _, number, _ in purchases),
        spent=tuple((currency, amount) for currency, _, amount in purchases),
    )
