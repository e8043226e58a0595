"""Other customers who may be the same person: for people to look at, never for a machine to merge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ccx.kernel.models import User
from interactions.customers.choices import IdentityKind
from interactions.customers.models import Customer, Identity

MOST = 3
# "Ann" is nobody in particular; "Ann Example" may be.
LEAST_NAME = 8


@dataclass(frozen=True)
class Likely:
    """Who it may be, what speaks for it in words, and whether that is much."""

    customer: Customer
    evidence: str
    is_strong: bool


def likely_same(customer: Customer, user: User, *, typed: Iterable[str] = ()) -> Sequence[Likely]:
    """At most three, the strongest first; only whom the user may see. `typed`: addresses somebody wrote down."""
    if customer.erased_at is not None:
        return ()
    others = Customer.objects.visible_to(user).current().filter(erased_at__isnull=True).exclude(pk=customer.pk)
    found: dict[int, Likely] = {}
    addresses = {one.strip().lower() for one in typed if one.strip()}
    known = Identity.objects.filter(kind=IdentityKind.EMAIL, value__in=addresses, customer__in=others)
    for identity in known.select_related("customer").order_by("-assurance", "pk")[:MOST]:
        told = _("%(address)s was typed here, and is theirs.") % {"address": identity.value}
        found[identity.customer_id] = Likely(identity.customer, told, is_strong=True)
    name = customer.name.strip()
    if len(name) >= LEAST_NAME and " " in name:
        for other in others.filter(name__iexact=name).order_by("pk")[: MOST + 1]:
            same_company = bool(customer.company) and other.company.lower() == customer.company.lower()
            told = _("The same name and company.") if same_company else _("The same name.")
            found.setdefault(other.pk, Likely(other, told, is_strong=same_company))
    return sorted(found.values(), key=lambda one: not one.is_strong)[:MOST]
