"""What we keep about a customer: profile, preferences, consent, purchases, notes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.channels.contract import ConsentTold
from interactions.customers.choices import ConsentState
from interactions.customers.errors import PurchaseBelongsToAnotherError, ValueIsMissingError
from interactions.customers.events import CustomerAdded, CustomerChanged, PurchaseRecorded
from interactions.customers.models import Consent, Customer, CustomerNote, Identity, Preference, Purchase
from interactions.customers.selectors.lookup import current_customer_id
from interactions.customers.services.locking import lock_customer

PROFILE_FIELDS = ("name", "company", "language", "time_zone")


@transaction.atomic
def add_customer(*, by: User, name: str = "", company: str = "", language: str = "", time_zone: str = "") -> Customer:
    """A customer nobody has heard of yet, without identities."""
    customer = Customer.objects.create(name=name, company=company, language=language, time_zone=time_zone)
    announce(CustomerAdded(customer_id=customer.pk), by_id=by.pk)
    return customer


@transaction.atomic
def edit_profile(
    *, customer_id: int, by: User, changes: Mapping[str, str], attributes: Mapping[str, Any] | None = None
) -> Customer:
    """Change the named fields (name, company, language, time_zone) and add or, with None, drop attributes."""
    unknown = set(changes) - set(PROFILE_FIELDS)
    if unknown:
        raise ValueError(f"Not fields of a profile: {sorted(unknown)}")
    customer = lock_customer(customer_id=customer_id)
    before = {field: getattr(customer, field) for field in (*PROFILE_FIELDS, "attributes")}
    for field, value in changes.items():
        setattr(customer, field, _fitting(Customer, field, value, may_be_empty=True))
    merged = {**customer.attributes, **(attributes or {})}
    customer.attributes = {key: value for key, value in merged.items() if value is not None}
    changed = [field for field, value in before.items() if getattr(customer, field) != value]
    if changed:
        customer.save(update_fields=changed)
        announce(CustomerChanged(customer_id=customer.pk, what="profile"), by_id=by.pk)
    return customer


@transaction.atomic
def set_preference(*, customer_id: int, topic: str, value: str, source: str, by: User) -> Preference:
    """What a customer prefers on a topic from now on. Saying the same again changes nothing."""
    topic, value = _fitting(Preference, "topic", topic), _fitting(Preference, "value", value)
    customer = lock_customer(customer_id=customer_id)
    known = customer.preferences.filter(topic=topic).first()
    if known is not None and (known.value, known.source) == (value, source):
        return known
    preference, _ = Preference.objects.update_or_create(
        customer=customer, topic=topic, defaults={"value": value, "source": source, "set_at": timezone.now()}
    )
    announce(CustomerChanged(customer_id=customer.pk, what="preference"), by_id=by.pk)
    return preference


@transaction.atomic
def record_consent(
    *, customer_id: int, purpose: str, state: str, source: str, by: User, channel: int | None = None
) -> Consent:
    """What a customer allowed or took back just now; earlier rows stay as the record of what held when."""
    purpose = _fitting(Consent, "purpose", purpose)
    customer = lock_customer(customer_id=customer_id)
    consent = Consent.objects.create(
        customer=customer, purpose=purpose, channel=channel, state=state, source=source, at=timezone.now()
    )
    announce(CustomerChanged(customer_id=customer.pk, what="consent"), by_id=by.pk)
    return consent


@transaction.atomic
def hear_consent(*, channel: int, consent: ConsentTold) -> bool:
    """What a customer allowed or took back through the channel itself; heard twice it is kept once.

    False: nobody is known by that address, and there is nobody to keep it of.
    """
    claim = consent.identity
    known = Identity.objects.filter(kind=claim.kind, value=claim.value).values_list("customer_id", flat=True).first()
    if known is None:
        return False
    customer = lock_customer(customer_id=known)
    state = ConsentState.GIVEN if consent.is_given else ConsentState.WITHDRAWN
    _kept, is_new = Consent.objects.get_or_create(
        customer=customer,
        purpose=consent.purpose,
        channel=channel,
        at=consent.at,
        defaults={"state": state, "source": consent.source},
    )
    if is_new:
        announce(CustomerChanged(customer_id=customer.pk, what="consent"))
    return True


@transaction.atomic
def record_purchase(
    *,
    customer_id: int,
    reference: str,
    description: str,
    price: tuple[Decimal, str],
    purchased_at: datetime,
    by: User,
) -> Purchase:
    """A purchase the shop told us of; `price` is amount and currency. The same reference again changes nothing."""
    reference = _fitting(Purchase, "reference", reference)
    customer = lock_customer(customer_id=customer_id)
    amount, currency = price
    purchase, is_new = Purchase.objects.get_or_create(
        reference=reference,
        defaults={
            "customer": customer,
            "description": _fitting(Purchase, "description", description, may_be_empty=True),
            "amount": amount,
            "currency": currency.upper(),
            "purchased_at": purchased_at,
        },
    )
    # After a merge the row of a repeated message is the survivor's; one left with a stub was never moved.
    if current_customer_id(purchase.customer_id) != customer.pk:
        raise PurchaseBelongsToAnotherError
    if is_new:
        announce(PurchaseRecorded(customer_id=customer.pk, purchase_id=purchase.pk), by_id=by.pk)
    return purchase


@transaction.atomic
def add_note(*, customer_id: int, body: str, by: User) -> CustomerNote:
    """Something to remember about a customer; only we see it."""
    if not body.strip():
        raise ValueIsMissingError
    customer = lock_customer(customer_id=customer_id)
    note = CustomerNote.objects.create(customer=customer, author=by, body=body.strip())
    announce(CustomerChanged(customer_id=customer.pk, what="note"), by_id=by.pk)
    return note


def _fitting(
    model: type[Customer | Preference | Consent | Purchase], field: str, value: str, *, may_be_empty: bool = False
) -> str:
    """The trimmed value if the column holds it; refuses instead of letting the database fail."""
    text = value.strip()
    limit = getattr(model._meta.get_field(field), "max_length", None)
    if "\x00" in text or (not text and not may_be_empty) or (limit is not None and len(text) > limit):
        raise ValueIsMissingError(field=field)
    return text
