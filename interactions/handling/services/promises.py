"""What we said we would do, by when."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.models import Promise
from interactions.handling.errors import ContactHasNoCaseError, MomentIsOverError, NothingIsWrittenError
from interactions.handling.events import PromiseKept, PromiseMade
from interactions.handling.services.moves import lock_interaction


@transaction.atomic
def make_promise(*, interaction_id: int, body: str, due_at: datetime, by: User, at: datetime | None = None) -> Promise:
    """Write down what an agent promised in a contact; it belongs to the contact's case."""
    moment = at or timezone.now()
    if not body.strip():
        raise NothingIsWrittenError
    if due_at <= moment:
        raise MomentIsOverError
    interaction = lock_interaction(interaction_id)
    if interaction.case is None:
        raise ContactHasNoCaseError(interaction_id=interaction_id)
    promise = Promise.objects.create(
        case=interaction.case, interaction=interaction, body=body.strip(), due_at=due_at, made_by=by, made_at=moment
    )
    event = PromiseMade(
        promise_id=promise.pk,
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=by.pk,
    )
    announce(event, by_id=by.pk, at=moment)
    return promise


@transaction.atomic
def keep_promise(*, promise_id: int, by: User, at: datetime | None = None) -> Promise:
    """It is done. Keeping it twice is a no-op."""
    promise = Promise.objects.select_for_update(no_key=True, of=("self",)).select_related("case").get(pk=promise_id)
    if promise.kept_at is not None:
        return promise
    promise.kept_at = at or timezone.now()
    promise.save(update_fields=["kept_at"])
    event = PromiseKept(
        promise_id=promise.pk,
        interaction_id=promise.interaction_id,
        case_id=promise.case_id,
        customer_id=promise.case.customer_id,
        agent_id=promise.made_by_id,
    )
    announce(event, by_id=by.pk, at=promise.kept_at)
    return promise
