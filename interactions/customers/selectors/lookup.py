"""Finding one customer, through however many merges."""

from uuid import UUID

from ccx.kernel.models import User
from interactions.customers.errors import CustomerNotFoundError
from interactions.customers.models import Customer


def current_customer_id(customer_id: int) -> int:
    """The customer that this one is today: itself, or the end of its chain of merges."""
    here = customer_id
    while True:
        row = Customer.objects.filter(pk=here).values_list("merged_into_id").first()
        if row is None:
            raise CustomerNotFoundError
        if row[0] is None:
            return here
        here = row[0]


def find_customer(public_id: UUID, user: User) -> Customer:
    """The customer of a public id as they are today; raises Customer.DoesNotExist outside the user's sight.

    The id of a merged customer leads to the survivor, so that old links keep working.
    """
    pk = Customer.objects.values_list("pk", flat=True).get(public_id=public_id)
    return Customer.objects.visible_to(user).get(pk=current_customer_id(pk))
