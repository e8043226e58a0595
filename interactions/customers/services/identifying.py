"""By what addresses a customer is known, and how sure we are of each."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.channels.contact import IdentityClaim
from interactions.customers.choices import Assurance, normalise_identity
from interactions.customers.errors import IdentityBelongsToAnotherError, IdentityIsInvalidError
from interactions.customers.events import IdentityAdded, IdentityAttested
from interactions.customers.models import Identity
from interactions.customers.services.locking import lock_customer


@transaction.atomic
def add_identity(
    *, customer_id: int, kind: str, value: str, by: User | None, assurance: int = Assurance.CLAIMED, source: str = ""
) -> Identity:
    """Know a customer by one more address. Adding it again raises its assurance if the new one is higher."""
    try:
        normal = normalise_identity(kind, value)
    except ValueError:
        raise IdentityIsInvalidError(kind=kind) from None
    customer = lock_customer(customer_id=customer_id)
    now = timezone.now()
    identity, is_new = Identity.objects.get_or_create(
        kind=kind,
        value=normal,
        defaults={
            "customer": customer,
            "assurance": max(assurance, Assurance.CLAIMED),
            "source": source,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if identity.customer_id != customer.pk:
        raise IdentityBelongsToAnotherError
    if not is_new:
        return attest_identity(identity_id=identity.pk, assurance=assurance, source=source, by=by)
    added = IdentityAdded(customer_id=customer.pk, identity_id=identity.pk, assurance=identity.assurance)
    announce(added, by_id=by.pk if by else None)
    return identity


@transaction.atomic
def attest_identity(*, identity_id: int, assurance: int, source: str, by: User | None) -> Identity:
    """Become surer of an identity and of every contact of its customer that came by it. Never lowers."""
    owner_id = Identity.objects.values_list("customer_id", flat=True).get(pk=identity_id)
    customer = lock_customer(customer_id=owner_id)
    identity = Identity.objects.select_for_update().get(pk=identity_id)
    if identity.customer_id != customer.pk:  # a merge was undone between looking and locking
        return attest_identity(identity_id=identity_id, assurance=assurance, source=source, by=by)
    if assurance <= identity.assurance:
        return identity
    identity.assurance = assurance
    identity.source = source or identity.source
    identity.save(update_fields=["assurance", "source"])
    # Contacts that a person gave to somebody else stay as they are: the address proves nothing about those.
    customer.interactions.filter(identity=identity, assurance__lt=assurance).update(assurance=assurance)
    attested = IdentityAttested(customer_id=customer.pk, identity_id=identity.pk, assurance=assurance)
    announce(attested, by_id=by.pk if by else None)
    return identity


@transaction.atomic
def hear_same(*, one: IdentityClaim, other: IdentityClaim) -> bool:
    """A platform attests that both are one person's: who is known by one of them is known by the other too.

    False: nobody is known by either yet. Where both are known nothing changes: two customers are merged by people.
    """
    told = Q(kind=one.kind, value=one.value) | Q(kind=other.kind, value=other.value)
    known = {
        (kind, value): owner
        for kind, value, owner in Identity.objects.filter(told).values_list("kind", "value", "customer_id")
    }
    if len(known) != 1:
        return bool(known)
    (owner_id,) = known.values()
    new = other if (one.kind, one.value) in known else one
    try:
        add_identity(
            customer_id=owner_id, kind=new.kind, value=new.value, by=None, assurance=new.assurance, source=new.source
        )
    except (IdentityBelongsToAnotherError, IdentityIsInvalidError):
        return True
    return True
