"""Other customers who may be the same person: for people to look at, never for a machine to merge."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower, Reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from ccx.kernel.models import User
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Customer, CustomerQuerySet, Identity, ToldApart
from interactions.customers.selectors.typed import Typed, typed_by

MOST = 3
# Among many of one name the better ones are looked for in so many.
WEIGHED = 20
# "Ann" is nobody in particular; "Ann Example" may be.
LEAST_NAME = 8
# An address weighs more than any name, and the surer it is theirs the more; the end of a number less than a whole one.
OF_ADDRESS, OF_ENDING, OF_NAME_AND_COMPANY, OF_NAME = 10, 8, 4, 2


@dataclass(frozen=True)
class Likely:
    """Who it may be, what speaks for it in words, and whether that is much."""

    customer: Customer
    evidence: str
    is_strong: bool


def likely_same(customer: Customer, user: User) -> Sequence[Likely]:
    """At most three, the strongest first; only whom the user may see, and nobody who was told apart from them."""
    if customer.erased_at is not None:
        return ()
    typed = typed_by(customer)
    candidates = _candidates(customer, typed)
    if candidates is None:
        return ()
    others = Customer.objects.visible_to(user).current().filter(erased_at__isnull=True).exclude(pk=customer.pk)
    others = others.exclude(pk__in=ToldApart.objects.filter(one=customer).values("other"))
    others = others.exclude(pk__in=ToldApart.objects.filter(other=customer).values("one"))
    weighed = [
        _weigh(row, customer, typed) for row in _with_evidence(others.filter(pk__in=candidates), customer, typed)
    ]
    weighed.sort(key=lambda pair: -pair[0])
    return [likely for _weight, likely in weighed[:MOST]]


def _candidates(customer: Customer, typed: Sequence[Typed]) -> "QuerySet[Any, Any] | None":
    """Ids of whoever has one of the addresses or the whole name. Two searches by index, and one question."""
    name = _whole_name(customer)
    by_name = Customer.objects.alias(lower_name=Lower("name")).filter(lower_name=name).values("pk")
    if not typed:
        return by_name if name else None
    by_address = _matching(typed).values("customer_id")
    return by_address.union(by_name) if name else by_address


def _matching(typed: Sequence[Typed]) -> "QuerySet[Identity]":
    emails = [one.value for one in typed if one.kind == IdentityKind.EMAIL]
    numbers = [one.value for one in typed if one.kind == IdentityKind.PHONE and not one.is_ending]
    fits = [
        Q(kind=IdentityKind.EMAIL, value__in=emails),
        Q(kind__in=[IdentityKind.PHONE, IdentityKind.WHATSAPP], value__in=numbers),
        *(Q(kind=IdentityKind.PHONE, backwards__startswith=one.value[::-1]) for one in typed if one.is_ending),
    ]
    return Identity.objects.alias(backwards=Reverse("value")).filter(reduce(or_, fits))


def _with_evidence(
    others: CustomerQuerySet, customer: Customer, typed: Sequence[Typed]
) -> "QuerySet[Customer, Customer]":
    """The most likely ones, each with the surest address of theirs that was typed."""
    known = _matching(typed) if typed else Identity.objects.none()
    theirs = known.filter(customer=OuterRef("pk")).order_by("-assurance", "pk")
    same_company = Q(company__iexact=customer.company) & ~Q(company="")
    rows = others.annotate(
        is_same_company=ExpressionWrapper(same_company, output_field=BooleanField()),
        address=Subquery(theirs.values("value")[:1]),
        address_assurance=Subquery(theirs.values("assurance")[:1]),
    )
    return rows.order_by(F("address_assurance").desc(nulls_last=True), "-is_same_company", "pk")[:WEIGHED]


# `other` carries what `_with_evidence` wrote beside it.
def _weigh(other: "Customer", customer: Customer, typed: Sequence[Typed]) -> tuple[int, Likely]:
    weight, words = 0, []
    address, assurance = getattr(other, "address", None), getattr(other, "address_assurance", None)
    if address is not None and assurance is not None:
        here = next(one for one in typed if _is_it(one, address))
        weight += (OF_ENDING if here.is_ending else OF_ADDRESS) + assurance
        words += [_where(here, address), _whose(here, assurance)]
    if _whole_name(customer) and other.name.strip().lower() == _whole_name(customer):
        is_company = bool(getattr(other, "is_same_company", False))
        weight += OF_NAME_AND_COMPANY if is_company else OF_NAME
        words.append(_("The same name and company.") if is_company else _("The same name."))
    return weight, Likely(other, " ".join(words), is_strong=weight >= OF_NAME_AND_COMPANY)


def _is_it(typed: Typed, address: str) -> bool:
    return address.endswith(typed.value) if typed.is_ending else address == typed.value


def _where(typed: Typed, address: str) -> str:
    shown = f"…{typed.value}" if typed.is_ending else address
    told = {"address": shown, "day": formats.date_format(timezone.localtime(typed.at), "j M Y")}
    if typed.channel == Channel.CHAT:
        return _("%(address)s was typed in a chat on %(day)s.") % told
    return _("%(address)s was typed in a web form on %(day)s.") % told


def _whose(typed: Typed, assurance: int) -> str:
    if typed.is_ending:
        return _("A number of theirs ends like it.")
    return _("It is theirs.") if assurance >= Assurance.ATTESTED else _("They gave it too; nobody checked it.")


def _whole_name(customer: Customer) -> str:
    name = customer.name.strip().lower()
    return name if len(name) >= LEAST_NAME and " " in name else ""
