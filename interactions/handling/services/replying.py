"""What an agent says to the customer, or notes: written once, sent once, and for a few seconds not sent at all."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ccx.kernel.errors import DomainError
from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.choices import UserKind
from interactions.cases.choices import AuthorKind, InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS
from interactions.handling.choices import After
from interactions.handling.errors import (
    AnotherAgentHasItError,
    AuthorIsNotAPersonError,
    InteractionIsClosedError,
    MessageHasLeftError,
    MessageIsAnothersError,
    MessageIsNotInDoubtError,
    NothingIsWrittenError,
    StaleViewError,
)
from interactions.handling.events import MessageSettled
from interactions.handling.models import Draft, Sending, SendingState
from interactions.handling.selectors import changes_since, said_to_customers, way_out
from interactions.handling.services.accepting import take
from interactions.handling.services.drafts import forget_sent, give_back, save_draft
from interactions.handling.services.messages import Said
from interactions.handling.services.moves import lock_interaction, tell_change
from interactions.handling.services.talking import begin_wrap_up
from interactions.handling.services.waiting import put_off


def send_reply(  # noqa: PLR0913 - what is said, what was seen before it was said, and what comes after
    *,
    interaction_id: int,
    by: User,
    body: str,
    draft_id: UUID,
    seen: str,
    then: After = After.STAY,
    at: datetime | None = None,
) -> Said:
    """Answer the customer; sent again under the same draft_id it is the same message.

    A contact that waits, or is the author's own, is taken by answering it. Whatever is refused leaves the words in the
    author's draft: StaleViewError if something happened that the author has not seen, ReplyIsNotPossibleError if there
    is no way to the customer.
    """
    try:
        return _send(interaction_id, by, body, draft_id, seen=seen, then=then, at=at)
    except DomainError:
        if body.strip():
            save_draft(interaction_id=interaction_id, author=by, body=body)
        raise


@transaction.atomic
def _send(  # noqa: PLR0913 - see send_reply
    interaction_id: int, by: User, body: str, draft_id: UUID, *, seen: str, then: After, at: datetime | None
) -> Said:
    interaction = lock_interaction(interaction_id)
    moment = at or timezone.now()
    known = _known(interaction, by, draft_id)
    if known is not None:
        return Said(message=known, is_new=False)
    _refuse_unless_written(by, body)
    changes = changes_since(interaction, seen, by=by)
    if changes:
        raise StaleViewError(changes)
    if interaction.is_closed:
        raise InteractionIsClosedError(interaction_id=interaction_id)
    way = way_out(interaction)
    if interaction.status != InteractionStatus.ACTIVE and interaction.agent_id in {None, by.pk}:
        take(interaction, agent=by, by=by, at=moment)
    elif interaction.status in {InteractionStatus.WAITING, InteractionStatus.WRAP_UP}:
        raise AnotherAgentHasItError(interaction_id=interaction_id)
    message = _say(interaction, by, body, draft_id, is_note=False, at=moment)
    Sending.objects.create(
        message=message,
        inbox=way.inbox,
        channel=way.inbox.channel,
        recipient=way.recipient,
        due_at=moment + timedelta(seconds=settings.CCX_UNDO_SECONDS),
    )
    if interaction.first_answered_at is None:
        interaction.first_answered_at = max(moment, interaction.started_at)
        interaction.save(update_fields=["first_answered_at"])
    tell_change(interaction, "message", by=by, at=moment)
    _go_on(interaction, then, by=by, at=moment)
    return Said(message=message, is_new=True)


@transaction.atomic
def add_note(*, interaction_id: int, by: User, body: str, draft_id: UUID, at: datetime | None = None) -> Said:
    """Note something that only we see. It is never out of date, and a closed contact can be noted upon too."""
    interaction = lock_interaction(interaction_id)
    moment = at or timezone.now()
    known = _known(interaction, by, draft_id)
    if known is not None:
        return Said(message=known, is_new=False)
    _refuse_unless_written(by, body)
    message = _say(interaction, by, body, draft_id, is_note=True, at=moment)
    tell_change(interaction, "note", by=by, at=moment)
    return Said(message=message, is_new=True)


@transaction.atomic
def take_back(*, message_id: int, by: User, at: datetime | None = None) -> Draft:
    """Take a reply back that has not left yet: its words are a draft again, the contact is in its author's hands.

    Taking back twice is a no-op.
    """
    message = Message.objects.get(pk=message_id)
    if message.author_id != by.pk:
        raise MessageIsAnothersError(message_id=message_id)
    moment = at or timezone.now()
    interaction = lock_interaction(message.interaction_id)
    sending = Sending.objects.filter(message_id=message_id)
    if not sending.filter(state=SendingState.QUEUED).update(state=SendingState.CANCELLED):
        draft = Draft.objects.filter(interaction=interaction, author=by).first()
        if draft is not None and sending.filter(state=SendingState.CANCELLED).exists():
            return draft
        raise MessageHasLeftError(message_id=message_id)
    draft = give_back(message, by)
    _forget_answer(interaction, message)
    if interaction.agent_id == by.pk and interaction.status in {InteractionStatus.PENDING, InteractionStatus.WRAP_UP}:
        take(interaction, agent=by, by=by, at=moment)
    tell_change(interaction, "taken_back", by=by, at=moment)
    _tell_settled(message, SendingState.CANCELLED, by=by, at=moment)
    return draft


@transaction.atomic
def retry_sending(*, message_id: int, by: User) -> Sending:
    """A person decides that a message which did not leave, or perhaps did not, is to be sent once more."""
    message = Message.objects.select_related("interaction").get(pk=message_id)
    doubtful = Sending.objects.filter(message=message, state__in=[SendingState.FAILED, SendingState.UNKNOWN])
    now = timezone.now()
    if not doubtful.update(
        state=SendingState.QUEUED, attempts=0, due_at=now, claimed_at=None, look_up_at=None, provider_id=""
    ):
        raise MessageIsNotInDoubtError(message_id=message_id)
    _tell_settled(message, SendingState.QUEUED, by=by, at=now)
    return Sending.objects.get(message=message)


@transaction.atomic
def confirm_sending(*, message_id: int, by: User) -> Sending:
    """A person says that a message in doubt did arrive: it is sent, and never will be again."""
    message = Message.objects.select_related("interaction").get(pk=message_id)
    now = timezone.now()
    doubtful = Sending.objects.filter(message=message, state=SendingState.UNKNOWN)
    if not doubtful.update(state=SendingState.SENT, sent_at=now, look_up_at=None):
        raise MessageIsNotInDoubtError(message_id=message_id)
    _tell_settled(message, SendingState.SENT, by=by, at=now)
    return Sending.objects.get(message=message)


def _known(interaction: Interaction, by: User, draft_id: UUID) -> Message | None:
    return interaction.messages.filter(external_id=str(draft_id), author=by).first()


def _refuse_unless_written(by: User, body: str) -> None:
    if by.kind != UserKind.PERSON:
        raise AuthorIsNotAPersonError
    if not body.strip():
        raise NothingIsWrittenError


def _say(interaction: Interaction, by: User, body: str, draft_id: UUID, *, is_note: bool, at: datetime) -> Message:
    message = Message.objects.create(
        interaction=interaction,
        author_kind=AuthorKind.AGENT,
        author=by,
        is_note=is_note,
        body=body,
        external_id=str(draft_id),
        sent_at=at,
    )
    forget_sent(interaction, by, draft_id=draft_id, is_note=is_note)
    return message


def _go_on(interaction: Interaction, then: After, *, by: User, at: datetime) -> None:
    if then == After.WAIT and interaction.status != InteractionStatus.PENDING:
        put_off(interaction, until=None, by=by, at=at)
    elif then == After.WRAP_UP:
        if interaction.agent_id != by.pk:
            raise AnotherAgentHasItError(interaction_id=interaction.pk)
        begin_wrap_up(interaction, by=by, at=at)


def _forget_answer(interaction: Interaction, message: Message) -> None:
    """A first answer that never left was none; on a live line the answer was to take it."""
    if interaction.channel in LIVE_CHANNELS or interaction.first_answered_at is None:
        return
    answers = said_to_customers().filter(interaction=interaction, author_kind=AuthorKind.AGENT).order_by("sent_at")
    first = answers.first()
    if first is None or first.sent_at > message.sent_at:
        interaction.first_answered_at = max(first.sent_at, interaction.started_at) if first else None
        interaction.save(update_fields=["first_answered_at"])


def _tell_settled(message: Message, state: SendingState, *, by: User | None, at: datetime) -> None:
    interaction = message.interaction
    event = MessageSettled(
        message_id=message.pk,
        state=state.value,
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=message.author_id,
    )
    announce(event, by_id=by.pk if by else None, at=at)
