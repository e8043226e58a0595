"""Calls that we make: to a customer of a contact in hand, and back to who asked for it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ccx.kernel.abstract import new_public_id
from ccx.kernel.models import User
from interactions.calls.errors import (
    CallIsRunningError,
    NoSoftphoneError,
    NumberIsNotAttestedError,
    TooManyCallsError,
)
from interactions.calls.models import Call, Callback, CallState
from interactions.calls.selectors import dialling
from interactions.calls.services.folding import remember
from interactions.calls.services.ordering import order
from interactions.cases.choices import Direction, InteractionStatus
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.channels.voice.control import ControlledVoiceAdapter
from interactions.channels.voice.told import Told
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.handling.services import Outbound, start_outbound

TOKEN_SECONDS = 3600


@transaction.atomic
def dial_customer(
    *, interaction_id: int, by: User, identity_id: int | None = None, inbox_id: int | None = None
) -> Call:
    """Call the customer of a contact: first the agent's own telephone rings, then the customer's.

    A voice contact in the agent's hand goes on; any other gets a contact of its own beside it, in the same case.
    """
    interaction = Interaction.objects.select_for_update(no_key=True).get(pk=interaction_id)
    inbox = dialling.line_to_call_from(interaction.inbox_id, wanted_id=inbox_id)
    _refuse_running(interaction)
    number, identity = _number(interaction, identity_id)
    allowed = dialling.allowed_number(inbox, number)
    _spend(inbox)
    goes_on = (
        interaction.channel == Channel.VOICE
        and interaction.status == InteractionStatus.ACTIVE
        and interaction.agent_id == by.pk
    )
    if not goes_on:
        now = timezone.now()
        told = Outbound(inbox=inbox, identity=identity, of=interaction, since=now, agent=by)
        interaction = start_outbound(told=told, by=by)
    return _call(interaction, inbox, allowed, agent=by)


def _call(interaction: Interaction, inbox: Inbox, number: str, *, agent: User) -> Call:
    now = timezone.now()
    public_id = new_public_id()
    call = Call.objects.create(
        public_id=public_id,
        inbox=inbox,
        provider_id=f"dial:{public_id}",
        interaction=interaction,
        direction=Direction.OUTBOUND,
        state=CallState.RINGING,
        from_number=inbox.address[:64],
        to_number=number,
        queue=interaction.queue,
        answers={"_dial": number},
        started_at=now,
        heard_at=now,
    )
    remember(call=call, kind=Told.BEGAN, key="began", arrived_at=now, is_ours=True)
    order(call, "dial_agent", key=f"first:{agent.pk}", agent_id=agent.pk, role="agent")
    return call


@transaction.atomic
def call_for_callback(*, interaction_id: int, agent: User) -> Call | None:
    """An agent took the contact of a callback: it is called now. None: it has been, or is none.

    Its line may have been switched off since it was asked for. Raises NoVoiceLineError if no other can call.
    """
    callback = Callback.objects.select_for_update(of=("self",)).filter(interaction=interaction_id).first()
    if callback is None or callback.state != Callback.State.CALLING:
        return None
    interaction = Interaction.objects.get(pk=interaction_id)
    if interaction.calls.exists():
        return None
    inbox = dialling.line_to_call_from(interaction.inbox_id)
    return _call(interaction, inbox, callback.number, agent=agent)


def _refuse_running(interaction: Interaction) -> None:
    running = Call.objects.filter(ended_at__isnull=True)
    about = running.filter(interaction=interaction)
    if interaction.customer_id is not None:
        about |= running.filter(interaction__customer=interaction.customer_id)
    if about.exists():
        raise CallIsRunningError(interaction_id=interaction.pk)


def _number(interaction: Interaction, identity_id: int | None) -> tuple[str, Identity | None]:
    """The customer's attested number; the number that a caller of this very contact called from, if they left it."""
    phones = Identity.objects.filter(kind=IdentityKind.PHONE, customer=interaction.customer_id or 0)
    if identity_id is not None:
        identity = phones.filter(pk=identity_id).first()
    else:
        identity = phones.filter(assurance__gte=Assurance.ATTESTED).order_by("-assurance", "-last_seen_at").first()
    if identity is not None and identity.assurance >= Assurance.ATTESTED:
        return identity.value, identity
    called = interaction.calls.filter(direction=Direction.INBOUND).order_by("-started_at").first()
    is_callers = identity_id is None or (identity is not None and called is not None
                                         and identity.value == called.from_number)  # fmt: skip
    if called is not None and called.from_number and is_callers:
        return called.from_number, interaction.identity
    raise NumberIsNotAttestedError


def _spend(inbox: Inbox) -> None:
    """A line makes no more calls in a minute than its budget; the line is locked while they are counted."""
    Inbox.objects.select_for_update(no_key=True).get(pk=inbox.pk)
    since = timezone.now() - timedelta(minutes=1)
    made = Call.objects.filter(inbox=inbox, direction=Direction.OUTBOUND, started_at__gte=since).count()
    if made >= dialling.budget(inbox):
        raise TooManyCallsError(inbox_id=inbox.pk)


class SoftphoneToken:
    """What a browser signs in to the provider with."""

    def __init__(self, *, token: str, identity: str, expires_at: datetime) -> None:
        self.token, self.identity, self.expires_at = token, identity, expires_at


def token_for(*, inbox_id: int, agent: User) -> SoftphoneToken:
    """Let an agent's browser take calls of a line for an hour."""
    inbox = Inbox.objects.filter(pk=inbox_id, channel=Channel.VOICE, is_active=True).first()
    adapter = adapter_of(inbox) if inbox is not None else None
    if inbox is None or not isinstance(adapter, ControlledVoiceAdapter):
        raise NoSoftphoneError
    line = line_of(inbox)
    if not (line.settings.get("api_key_sid") and line.secrets.get("api_key_secret")):
        raise NoSoftphoneError
    identity = f"agent-{agent.public_id.hex}"
    expires_at = timezone.now() + timedelta(seconds=TOKEN_SECONDS)
    token = adapter.token(line, identity, TOKEN_SECONDS)
    return SoftphoneToken(token=token, identity=identity, expires_at=expires_at)
