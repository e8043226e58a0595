"""What an agent says to the customer, or notes: written once, sent once, and for a few seconds not sent at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.errors import DomainError
from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.choices import UserKind
from interactions.cases.choices import AuthorKind, InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS
from interactions.channels.models import Inbox
from interactions.handling.choices import HELD, SCHEDULED, STANDS, After
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
from interactions.handling.events import FailureLeft, MessageSettled
from interactions.handling.models import Draft, Sending, SendingState
from interactions.handling.selectors import Way, changes_since, said_to_customers
from interactions.handling.selectors.choosing import (
    Going,
    chosen_way,
    copies_for,
    goes_on_here,
    refuse_unless_it_fits,
    words_to_send,
)
from interactions.handling.selectors.inviting import OFFER, language_of, longest, offered_line
from interactions.handling.services.accepting import take
from interactions.handling.services.drafts import forget_sent, give_back, save_draft
from interactions.handling.services.elsewhere import close_if_empty, contact_for
from interactions.handling.services.files import attach_files, files_to_send
from interactions.handling.services.messages import Said
from interactions.handling.services.moves import lock_interaction, tell_change
from interactions.handling.services.talking import begin_wrap_up
from interactions.handling.services.waiting import put_off

AS_USUAL: Final = Going()
NO_MARKS: Final[Mapping[str, Any]] = MappingProxyType({})


def send_reply(  # noqa: PLR0913 - what is said, what was seen before it was said, how it goes, what comes after
    *,
    interaction_id: int,
    by: User,
    body: str,
    draft_id: UUID,
    seen: str,
    then: After = After.STAY,
    going: Going = AS_USUAL,
    at: datetime | None = None,
) -> Said:
    """Answer the customer; sent again under the same draft_id it is the same message.

    A contact that waits, or is the author's own, is taken by answering it. What goes over another line is said in a
    contact of its own in the same case. Whatever is refused leaves the words in the author's draft: StaleViewError if
    something happened that the author has not seen, ReplyIsNotPossibleError if there is no way to the customer,
    FileDoesNotFitError and its kin if the line would not take it as it is.
    """
    reply = _Reply(body=body, draft_id=draft_id, seen=seen, then=then, going=going, at=at or timezone.now())
    try:
        return _send(interaction_id, by, reply)
    except DomainError:
        if body.strip():
            save_draft(interaction_id=interaction_id, author=by, body=body)
        raise


@dataclass(frozen=True, kw_only=True)
class _Reply:
    body: str
    draft_id: UUID
    seen: str
    then: After
    going: Going
    at: datetime

    @property
    def leaves_at(self) -> datetime:
        return self.going.send_at or self.at


@transaction.atomic
def _send(interaction_id: int, by: User, reply: _Reply) -> Said:
    interaction = lock_interaction(interaction_id)
    known = _known(interaction, by, reply.draft_id)
    if known is not None:
        return Said(message=known, is_new=False)
    going = reply.going
    goes_along = going.files or going.template or going.chat_line_id
    _refuse_unless_written(by, has_words=bool(reply.body.strip() or goes_along))
    changes = changes_since(interaction, reply.seen, by=by)
    if changes:
        raise StaleViewError(changes)
    if interaction.is_closed:
        raise InteractionIsClosedError(interaction_id=interaction_id)
    way = chosen_way(interaction, user=by, inbox_id=going.inbox_id, identity_id=going.identity_id)
    text = words_to_send(way, reply.body, going.template)
    files = files_to_send(interaction, by, going.files)
    copies = copies_for(way, going.copies)
    chat = offered_line(way, going)
    refuse_unless_it_fits(way, _whole(interaction, text, chat), files, going)
    if interaction.status != InteractionStatus.ACTIVE and interaction.agent_id in {None, by.pk}:
        take(interaction, agent=by, by=by, at=reply.at)
    elif interaction.status in {InteractionStatus.WAITING, InteractionStatus.WRAP_UP}:
        raise AnotherAgentHasItError(interaction_id=interaction_id)
    there = interaction if goes_on_here(interaction, way) else contact_for(interaction, way, by=by, at=reply.at)
    meta = _marks(interaction, there, reply, copies, chat)
    message = _say(there, by, text, reply.draft_id, is_note=False, at=reply.leaves_at, meta=meta)
    attach_files(message, files)
    forget_sent(interaction, by, draft_id=reply.draft_id, is_note=False)
    Sending.objects.create(
        message=message,
        inbox=way.inbox,
        channel=way.inbox.channel,
        recipient=way.recipient,
        template=dict(going.template),
        **_leaving(way, message, reply),
    )
    answered = max(reply.leaves_at, there.started_at)
    if there.first_answered_at is None or there.first_answered_at > answered:
        there.first_answered_at = answered
        there.save(update_fields=["first_answered_at"])
    tell_change(there, "message", by=by, at=reply.at)
    _go_on(interaction, reply.then, by=by, at=reply.at)
    return Said(message=message, is_new=True)


def _leaving(way: Way, message: Message, reply: _Reply) -> dict[str, Any]:
    """When it leaves; on a line without a provider it has left with its row, for somebody sits there and waits."""
    if way.capabilities.is_instant and reply.going.send_at is None:
        told = {"state": SendingState.SENT, "sent_at": reply.at, "provider_id": str(message.public_id)}
        return {"due_at": reply.at, **told}
    return {"due_at": reply.going.send_at or reply.at + _grace(way)}


def _grace(way: Way) -> timedelta:
    """How long a reply may be taken back. Who is on the line sits and waits for it."""
    return timedelta(seconds=0 if way.inbox.channel in LIVE_CHANNELS else settings.CCX_UNDO_SECONDS)


def _whole(interaction: Interaction, text: str, chat: Inbox | None) -> str:
    """What the customer will have to read, with a link as long as the one that goes along."""
    return text if chat is None else longest(text, chat, language=language_of(interaction, ""))


def _marks(
    interaction: Interaction, there: Interaction, reply: _Reply, copies: Sequence[str], chat: Inbox | None
) -> dict[str, Any]:
    """What is to be remembered of a message beside its words."""
    marks: dict[str, Any] = {"copies": list(copies)} if copies else {}
    if chat is not None:
        marks[OFFER] = {"line": str(chat.public_id), "name": chat.name}
    if reply.going.template:
        marks["template"] = str(reply.going.template.get("name", ""))
    if reply.going.send_at is not None:
        marks[SCHEDULED] = reply.at.isoformat()
    if there.pk != interaction.pk:
        marks["written_in"] = interaction.pk
    return marks


@transaction.atomic
def add_note(
    *,
    interaction_id: int,
    by: User,
    body: str,
    draft_id: UUID,
    files: Sequence[UUID] = (),
    at: datetime | None = None,
) -> Said:
    """Note something that only we see. It is never out of date, and a closed contact can be noted upon too."""
    interaction = lock_interaction(interaction_id)
    moment = at or timezone.now()
    known = _known(interaction, by, draft_id)
    if known is not None:
        return Said(message=known, is_new=False)
    _refuse_unless_written(by, has_words=bool(body.strip() or files))
    along = files_to_send(interaction, by, files)
    message = _say(interaction, by, body, draft_id, is_note=True, at=moment)
    attach_files(message, along)
    forget_sent(interaction, by, draft_id=draft_id, is_note=True)
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
    not_left = Q(state=SendingState.QUEUED) | Q(state=SendingState.FAILED, error_code=HELD)
    if not sending.filter(not_left).update(state=SendingState.CANCELLED):
        written_in = message.meta.get("written_in", interaction.pk)
        draft = Draft.objects.filter(interaction_id=written_in, author=by).first()
        if draft is not None and sending.filter(state=SendingState.CANCELLED).exists():
            return draft
        raise MessageHasLeftError(message_id=message_id)
    draft = give_back(message, by)
    _forget_answer(interaction, message)
    waits = interaction.status in {InteractionStatus.PENDING, InteractionStatus.WRAP_UP}
    if interaction.agent_id == by.pk and waits and "written_in" not in message.meta:
        take(interaction, agent=by, by=by, at=moment)
    tell_change(interaction, "taken_back", by=by, at=moment)
    _tell_settled(message, SendingState.CANCELLED, by=by, at=moment)
    close_if_empty(interaction, by=by, at=moment)
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
    _mark(message_id, None)
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


@transaction.atomic
def leave_failed(*, message_id: int, by: User) -> Message:
    """A person decides that a message which did not leave, or perhaps did not, may stay so: nothing asks for it any
    more, and its state remains what it is. Leaving it twice is a no-op."""
    message = Message.objects.select_related("interaction").get(pk=message_id)
    lock_interaction(message.interaction_id)
    now = timezone.now()
    failed = [SendingState.FAILED, SendingState.UNKNOWN]
    if not Sending.objects.select_for_update().filter(message=message, state__in=failed).exists():
        raise MessageIsNotInDoubtError(message_id=message_id)
    if STANDS in message.meta:
        return message
    message = _mark(message_id, {"by": str(by.public_id), "at": now.isoformat()})
    event = FailureLeft(
        message_id=message.pk,
        interaction_id=message.interaction_id,
        case_id=message.interaction.case_id,
        customer_id=message.interaction.customer_id,
        agent_id=message.author_id,
    )
    announce(event, by_id=by.pk, at=now)
    return message


def _mark(message_id: int, stands: dict[str, str] | None) -> Message:
    """Say that its failure may stand, or (None) that it does not any more."""
    message = Message.objects.select_for_update(of=("self",)).select_related("interaction").get(pk=message_id)
    before = {name: value for name, value in message.meta.items() if name != STANDS}
    meta = before if stands is None else before | {STANDS: stands}
    if meta != message.meta:
        message.meta = meta
        message.save(update_fields=["meta"])
    return message


def _known(interaction: Interaction, by: User, draft_id: UUID) -> Message | None:
    same = Message.objects.filter(external_id=str(draft_id), author=by)
    return same.filter(Q(interaction=interaction) | Q(meta__written_in=interaction.pk)).first()


def _refuse_unless_written(by: User, *, has_words: bool) -> None:
    if by.kind != UserKind.PERSON:
        raise AuthorIsNotAPersonError
    if not has_words:
        raise NothingIsWrittenError


def _say(  # noqa: PLR0913 - a message's own fields
    interaction: Interaction,
    by: User,
    body: str,
    draft_id: UUID,
    *,
    is_note: bool,
    at: datetime,
    meta: Mapping[str, Any] = NO_MARKS,
) -> Message:
    return Message.objects.create(
        interaction=interaction,
        author_kind=AuthorKind.AGENT,
        author=by,
        is_note=is_note,
        body=body,
        external_id=str(draft_id),
        meta=dict(meta),
        sent_at=at,
    )


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
