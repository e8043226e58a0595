"""Whom people told apart from a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ccx.kernel.models import User
from interactions.customers.models import Customer, ToldApart

SHOWN = 20


@dataclass(frozen=True)
class Apart:
    """Who is somebody else, who said so, and when."""

    customer: Customer
    said_by: User
    said_at: datetime


def told_apart_from(customer: Customer, user: User) -> Sequence[Apart]:
    """The newest first; only those whom the user may see. Who was merged into somebody since is that one's history."""
    rows = ToldApart.objects.visible_to(user).of(customer).filter(one__merged_into=None, other__merged_into=None)
    rows = rows.select_related("one", "other", "said_by").order_by("-said_at", "-pk")[:SHOWN]
    return [Apart(row.other if row.one_id == customer.pk else row.one, row.said_by, row.said_at) for row in rows]
