"""What a person does with something that could not be read: try it once more, or leave it be."""

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.errors import NotAllowedError
from interactions.doors.models import Delivery
from interactions.doors.webhooks.services import process

State = Delivery.State


def read_again(*, delivery_id: int, by: User) -> bool:
    """Try a delivery that was put aside once more; whether it was taken in this time."""
    _require_operate(by)
    delivery = Delivery.objects.defer("body").get(pk=delivery_id, state=State.QUARANTINED)
    process(delivery_id=delivery_id, is_again=True)
    delivery.refresh_from_db(fields=["state"])
    return delivery.state != State.QUARANTINED


@transaction.atomic
def put_away(*, delivery_id: int, by: User) -> Delivery:
    """A person decides that it need not be taken in."""
    _require_operate(by)
    kept = Delivery.objects.select_for_update().get(pk=delivery_id, state=State.QUARANTINED)
    kept.state, kept.settled_at = State.PUT_AWAY, timezone.now()
    kept.save(update_fields=["state", "settled_at"])
    return kept


def _require_operate(by: User) -> None:
    if not by.can(Ability.OPERATE):
        raise NotAllowedError
