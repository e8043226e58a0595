"""Finding customers by what one has at hand: a name, an address, the digits of a number, an id."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q
from django.db.models.functions import Lower, Reverse

from ccx.kernel.models import User
from interactions.customers.choices import IdentityKind
from interactions.customers.models import Customer, CustomerQuerySet, Identity

PAGE = 50
PHONE_LIKE = re.compile(r"[+\d\s().\-/]+")
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class CustomerRow:
    """One line of the list."""

    customer: Customer
    identities: tuple[Identity, ...]
    contacts: int
    last_contact_at: datetime | None


@dataclass(frozen=True)
class CustomerPage:
    """Some customers, newest first, and where the earlier ones begin."""

    rows: tuple[CustomerRow, ...]
    older: UUID | None


def search_customers(*, user: User, text: str = "", before: UUID | None = None, limit: int = PAGE) -> CustomerPage:
    """Customers the user may see that fit the text (all if it is empty), those made before the one named."""
    rows = Customer.objects.visible_to(user).current()
    rows = _fitting(rows, text.replace("\x00", "").strip())
    if before is not None:
        # Public ids sort by the time they were made.
        rows = rows.filter(public_id__lt=before)
    found = list(rows.order_by("-public_id").prefetch_related("identities")[: limit + 1])
    shown = found[:limit]
    return CustomerPage(tuple(_with_contacts(shown)), shown[-1].public_id if len(found) > limit else None)


def _fitting(rows: CustomerQuerySet, text: str) -> CustomerQuerySet:
    public_id = _as_uuid(text)
    if public_id is not None:
        return rows.filter(public_id=public_id)
    rows = rows.filter(erased_at__isnull=True)
    if not text:
        return rows
    start = text.lower()
    by_name = Customer.objects.alias(lower_name=Lower("name")).filter(lower_name__startswith=start)
    fits = Q(pk__in=by_name.values("pk"))
    fits |= Q(pk__in=Identity.objects.filter(value__startswith=start).values("customer_id"))
    if start != text:
        fits |= Q(pk__in=Identity.objects.filter(value__startswith=text).values("customer_id"))
    digits = re.sub(r"\D", "", text).lstrip("0") if PHONE_LIKE.fullmatch(text) else ""
    if len(digits) >= FEWEST_DIGITS:
        phones = Identity.objects.alias(backwards=Reverse("value"))
        whole = phones.filter(value__startswith=f"+{digits}")
        ending = phones.filter(kind=IdentityKind.PHONE, backwards__startswith=digits[::-1])
        fits |= Q(pk__in=whole.values("customer_id")) | Q(pk__in=ending.values("customer_id"))
    return rows.filter(fits)


def _with_contacts(customers: Sequence[Customer]) -> list[CustomerRow]:
    ids = [customer.pk for customer in customers]
    counted = Customer.objects.filter(pk__in=ids).annotate(
        contacts=Count("interactions"), last=Max("interactions__started_at")
    )
    contacts = {pk: (number, last) for pk, number, last in counted.values_list("pk", "contacts", "last")}
    rows = []
    for customer in customers:
        number, last = contacts[customer.pk]
        known = sorted(customer.identities.all(), key=lambda row: (-row.assurance, -row.last_seen_at.timestamp()))
        rows.append(CustomerRow(customer, tuple(known), number, last))
    return rows


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
