"""A call becomes a contact."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from interactions.calls.models import Call, CallState
from interactions.cases.choices import Direction
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.channels.models import Inbox
from interactions.channels.voice.told import CallTold, Told
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.intake.services import receive

# The carrier vouches for the number: it knows its customer, and the customer's right to it.
FULL_ATTESTATION = "TN-Validation-Passed-A"


@transaction.atomic(savepoint=False)
def begin_call(*, inbox: Inbox, told: CallTold, arrived_at: datetime) -> Call:
    """The call that something was told of: known, or new with the contact it makes.

    What is told before the call itself began is kept with it; the contact is made when it is told who calls.
    """
    moment = told.at or arrived_at
    call, _is_new = Call.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
        inbox=inbox,
        provider_id=told.call_id[:120],
        defaults={"started_at": moment, "heard_at": arrived_at, "state": CallState.FLOW},
    )
    if told.kind == Told.BEGAN and call.interaction_id is None:
        _fill_in(call, told)
        make_contact(call=call, at=moment)
    return call


def _fill_in(call: Call, told: CallTold) -> None:
    call.from_number = _number(told.data.get("from"))
    call.to_number = _number(told.data.get("to"))
    if str(told.data.get("direction", "")).lower().startswith("out"):
        call.direction = Direction.OUTBOUND
    verified = told.data.get("verified") in {True, "true", "True", "1", FULL_ATTESTATION}
    call.answers = {**call.answers, "_name": str(told.data.get("name") or "")[:200], "_verified": verified}


def make_contact(*, call: Call, at: datetime) -> Call:
    """Give a locked call its contact: in the menu, or in its line's queue where there is none."""
    has_menu = call.inbox.flow_id is not None
    receipt = receive(
        contact=InboundContact(
            inbox_id=call.inbox_id,
            channel=Channel.VOICE,
            external_id=f"call:{call.provider_id}",
            occurred_at=min(at, timezone.now()),
            identity=_claim(call),
            customer_name=call.answers.get("_name", ""),
            is_in_menu=has_menu or call.inbox.default_queue_id is None,
        ),
        by_id=None,
    )
    call.interaction_id = receipt.interaction_id
    call.queue_id = None if has_menu else call.inbox.default_queue_id
    call.save(
        update_fields=["interaction", "queue", "from_number", "to_number", "direction", "answers"],
    )
    if call.direction == Direction.OUTBOUND:
        Interaction.objects.filter(pk=call.interaction_id or 0).update(direction=Direction.OUTBOUND)
    return call


def _claim(call: Call) -> IdentityClaim | None:
    """The caller's number says who may be calling. Only where the carrier vouches for it is it more than a claim."""
    number = call.to_number if call.direction == Direction.OUTBOUND else call.from_number
    try:
        value = normalise_identity(IdentityKind.PHONE, number)
    except ValueError:
        return None
    is_vouched = bool(call.answers.get("_verified"))
    assurance = Assurance.ATTESTED if is_vouched else Assurance.CLAIMED
    return IdentityClaim(
        kind=IdentityKind.PHONE, value=value, assurance=assurance, source="carrier" if is_vouched else "caller id"
    )


def _number(told: object) -> str:
    return str(told or "").strip()[:64]
