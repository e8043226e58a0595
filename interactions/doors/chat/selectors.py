"""What a visitor may read: their own chats on one line, as the widget shows them. Notes are none of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, F, Prefetch, Q, QuerySet
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from ccx.kernel.live.guests import somebody_answers
from interactions.cases.choices import AuthorKind, InteractionStatus, SegmentKind
from interactions.cases.models import Attachment, Interaction, Message, Segment
from interactions.channels.chat.line import ChatLine, read_line
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.doors.chat.tokens import digest_of, file_key
from interactions.doors.models import ChatDevice, ChatVisitor
from interactions.handling.models import SendingState
from interactions.handling.selectors.presence import is_team_there
from interactions.handling.settling import MAILED_AT
from interactions.routing.hours import is_open, next_opening
from interactions.routing.selectors import hours_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_MESSAGES: Final = 200
# Who committed later may have looked at the clock earlier: what is this young is told again.
OVERLAP: Final = timedelta(seconds=10)
OVER: Final = frozenset({InteractionStatus.WRAP_UP.value, InteractionStatus.CLOSED.value})
NOT_OUT_YET: Final = (SendingState.QUEUED, SendingState.SENDING, SendingState.CANCELLED)
FROM: Final = {
    AuthorKind.CUSTOMER.value: "visitor",
    AuthorKind.AGENT.value: "agent",
    AuthorKind.BOT.value: "bot",
    AuthorKind.SYSTEM.value: "system",
}


def line_named(public_id: UUID) -> Inbox | None:
    """A chat line that is in use."""
    lines = Inbox.objects.select_related("business_hours", "default_queue", "reply_inbox")
    return lines.filter(public_id=public_id, channel=Channel.CHAT, provider="", is_active=True).first()


def chat_line(inbox: Inbox) -> ChatLine:
    return read_line(inbox.settings, name=inbox.name)


def device_with(token: str, inbox: Inbox) -> ChatDevice | None:
    """The browser that this token belongs to, if it is one of this line."""
    devices = ChatDevice.objects.select_related("visitor__interaction__agent")
    return devices.filter(token_sha256=digest_of(token), ended_at=None, visitor__inbox=inbox).first()


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Whose a token is, and the chat that they are in, by its public id."""

    device_id: int
    visitor_id: int
    visitor_key: UUID
    record: UUID | None


def guest_with(token: str, line: UUID) -> Guest | None:
    """The same as `device_with` in one question, for those who come by thousands."""
    found = ChatDevice.objects.filter(
        token_sha256=digest_of(token),
        ended_at=None,
        visitor__inbox__public_id=line,
        visitor__inbox__channel=Channel.CHAT,
        visitor__inbox__is_active=True,
    ).select_related("visitor__interaction")
    device = found.first()
    if device is None:
        return None
    chat = device.visitor.interaction
    return Guest(
        device_id=device.pk,
        visitor_id=device.visitor_id,
        visitor_key=device.visitor.public_id,
        record=chat.public_id if chat is not None and is_running(chat) else None,
    )


def living_devices(ids: Collection[int]) -> set[int]:
    """Those of these browsers that may still be here."""
    living = ChatDevice.objects.filter(pk__in=ids, ended_at=None, visitor__inbox__is_active=True)
    return set(living.values_list("pk", flat=True))


def chats_of(visitor: ChatVisitor) -> QuerySet[Interaction]:
    """Every contact that this visitor's chats made, on its line."""
    return Interaction.objects.filter(inbox_id=visitor.inbox_id, thread_token=str(visitor.public_id))


def last_chat(visitor: ChatVisitor) -> Interaction | None:
    return chats_of(visitor).select_related("agent").order_by("-started_at", "-pk").first()


def is_running(chat: Interaction | None) -> bool:
    """Whether what the visitor says next belongs to it (but for a day of silence)."""
    return chat is not None and chat.status not in OVER


def running_record(visitor_id: int) -> UUID | None:
    """The public id of the chat that a visitor is in."""
    running = ChatVisitor.objects.filter(pk=visitor_id).exclude(interaction__status__in=OVER)
    found: UUID | None = running.values_list("interaction__public_id", flat=True).first()
    return found


def shown_messages(visitor: ChatVisitor, *, after: datetime | None = None) -> QuerySet[Message]:
    """What was said to and by this visitor, by the moment from which the other side could read it."""
    said = Message.objects.filter(interaction__in=chats_of(visitor), is_note=False)
    dated = said.exclude(_is_not_out()).annotate(out_at=Coalesce("sending__sent_at", "recorded_at"))
    ordered = dated.order_by("out_at", "pk")
    return ordered.filter(since(after)) if after is not None else ordered


def since(after: datetime) -> Q:
    """Of `shown_messages`, what could be read only after that moment."""
    return Q(out_at__gt=after)


def until(upto: datetime) -> Q:
    """Of `shown_messages`, what could be read by then."""
    return Q(out_at__lte=upto)


def chat_case(interaction_id: int | None, address: str) -> int | None:
    """The case of a chat that went on by mail to this address, for an answer that bears our seal.

    Whoever the address belongs to: it was given in that chat for this, and they have what we wrote to it. They come
    into the case as who they are; the browser that gave the address sees nothing of their mail.
    """
    chat = Interaction.objects.filter(pk=interaction_id or 0, channel=Channel.CHAT).exclude(thread_token="").first()
    if chat is None:
        return None
    visitors = ChatVisitor.objects.annotate(token=Cast("public_id", CharField()))
    visitors = visitors.filter(inbox_id=chat.inbox_id, token=chat.thread_token)
    return chat.case_id if address and visitors.filter(email=address.lower()).exists() else None


def unread_answers(visitor: ChatVisitor) -> QuerySet[Message]:
    """What we said and no browser of this visitor has shown."""
    return shown_messages(visitor, after=moment_of(visitor.shown_up_to)).exclude(author_kind=AuthorKind.CUSTOMER)


def availability(inbox: Inbox, line: ChatLine, now: datetime) -> tuple[bool, datetime | None]:
    """Whether a chat that begins now is answered, and else when the line opens next, if that is known."""
    if inbox.business_hours is not None:
        hours = hours_of(inbox.business_hours)
        if not is_open(hours, now):
            return False, next_opening(hours, now)
    queue = inbox.default_queue
    if line.when_nobody == "form" and queue is not None and queue.team_id is not None:
        return is_team_there(queue.team_id, now=now), None
    return True, None


def place_in_queue(chat: Interaction) -> int | None:
    """How many are answered before this one, and itself; None if it waits for somebody in particular."""
    if chat.status != InteractionStatus.WAITING or chat.queue_id is None or chat.agent_id is not None:
        return None
    waiting = Interaction.objects.filter(queue_id=chat.queue_id, status=InteractionStatus.WAITING, agent=None)
    first = Q(priority__gt=chat.priority) | Q(priority=chat.priority, started_at__lt=chat.started_at)
    return waiting.filter(first).exclude(pk=chat.pk).count() + 1


def state_of(visitor: ChatVisitor, *, inbox: Inbox, after: int = 0) -> dict[str, Any]:
    """Everything the widget shows, with the messages that came out after `after` (a `seq`)."""
    now = timezone.now()
    line, chat = chat_line(inbox), last_chat(visitor)
    open_now, opens_at = availability(inbox, line, now)
    since = moment_of(after) - OVERLAP if after > 0 else None
    messages = newest(shown_messages(visitor, after=since))
    read_until = _read_until(visitor, chat)
    agent = chat.agent if chat is not None and chat.status == InteractionStatus.ACTIVE else None
    return {
        "visitor": {"id": str(visitor.public_id), "name": visitor.name, "is_identified": bool(visitor.site_user)},
        "email": visitor.email,
        "status": _status(chat, is_open=open_now),
        "position": place_in_queue(chat) if chat is not None else None,
        "agent": {"name": str(agent)} if agent is not None else None,
        "typing": agent is not None and chat is not None and somebody_answers(chat.public_id),
        "is_open": open_now,
        "opens_at": opens_at.isoformat() if opens_at is not None else None,
        "messages": [told(message, inbox=inbox, visitor=visitor, read_until=read_until) for message in messages],
        "seq": max([after, *(seq_of(message.out_at) for message in messages)]),
        "read_up_to": seq_of(read_until) if read_until is not None else 0,
        "shown_up_to": visitor.shown_up_to,
    }


def newest(messages: QuerySet[Message]) -> list[Any]:
    """The last ones, the oldest first, with what they carry."""
    files = Prefetch("attachments", queryset=Attachment.objects.order_by("pk"))
    found = messages.select_related("author", "sending").prefetch_related(files)
    return [*found.reverse()[:MOST_MESSAGES]][::-1]


def told(message: Any, *, inbox: Inbox, visitor: ChatVisitor, read_until: datetime | None) -> dict[str, Any]:
    """One message as the widget gets it; a visitor's own goes by the id that the browser gave it."""
    is_own = message.author_kind == AuthorKind.CUSTOMER
    if is_own:
        is_read = read_until is not None and message.out_at <= read_until
    else:
        is_read = seq_of(message.out_at) <= visitor.shown_up_to
    return {
        "id": own_id(message, visitor) if is_own else str(message.public_id),
        "seq": seq_of(message.out_at),
        "from": FROM[message.author_kind],
        "name": str(message.author) if message.author is not None else "",
        "body": message.body,
        "at": message.sent_at.isoformat(),
        "state": "read" if is_read else "sent",
        "files": [_file(one, inbox) for one in message.attachments.all()],
    }


def message_of(visitor: ChatVisitor, message_id: int, *, inbox: Inbox) -> dict[str, Any]:
    """One message of the visitor's, as the widget gets it."""
    [message] = newest(shown_messages(visitor).filter(pk=message_id))
    return told(message, inbox=inbox, visitor=visitor, read_until=_read_until(visitor, last_chat(visitor)))


def external_id_of(visitor: ChatVisitor, message_id: UUID) -> str:
    """What intake knows a visitor's message by: one visitor's ids say nothing about another's."""
    return f"{visitor.public_id}:{message_id}"


def own_id(message: Message, visitor: ChatVisitor) -> str:
    mine, _, name = message.external_id.partition(":")
    return name if mine == str(visitor.public_id) and name else str(message.public_id)


def seq_of(moment: datetime) -> int:
    """Microseconds: it grows, and says nothing of how much is said elsewhere."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(seq: int) -> datetime:
    return EPOCH + timedelta(microseconds=seq)


def file_of(inbox: Inbox, public_id: UUID) -> Attachment | None:
    """A file of a chat on this line that its visitor may see."""
    files = Attachment.objects.filter(message__interaction__inbox=inbox, message__is_note=False)
    return files.filter(public_id=public_id, state=Attachment.State.KEPT).exclude(_is_not_out("message__")).first()


def _is_not_out(of: str = "") -> Q:
    """What the visitor may not see yet, or never; what failed by mail was said in the chat before."""
    has_failed = Q(**{f"{of}sending__state": SendingState.FAILED})
    return Q(**{f"{of}sending__state__in": NOT_OUT_YET}) | (has_failed & ~Q(**{f"{of}meta__has_key": MAILED_AT}))


def _file(file: Attachment, inbox: Inbox) -> dict[str, Any]:
    """What is not here yet, or never will be, has a name and no address."""
    is_kept = file.state == Attachment.State.KEPT
    return {
        "id": str(file.public_id),
        "name": file.name,
        "type": file.content_type,
        "size": file.size,
        "url": f"/chat/{inbox.public_id}/files/{file.public_id}?key={file_key(file.public_id)}" if is_kept else "",
        "is_image": is_kept and file.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"},
    }


def _status(chat: Interaction | None, *, is_open: bool) -> str:
    if chat is not None and chat.status == InteractionStatus.WAITING:
        return "waiting"
    if is_running(chat):
        return "active"
    if not is_open:
        return "offline"
    return "idle" if chat is None else "ended"


def _read_until(visitor: ChatVisitor, chat: Interaction | None) -> datetime | None:
    """Until when an agent was with the visitor: what was said before that was read."""
    if chat is None:
        return None
    if chat.first_answered_at is not None and chat.status != InteractionStatus.WAITING:
        return timezone.now()
    talks: Sequence[datetime | None] = list(
        Segment.objects.filter(interaction__in=chats_of(visitor), kind=SegmentKind.TALK)
        .order_by(F("ended_at").desc(nulls_first=True))
        .values_list("ended_at", flat=True)[:1]
    )
    return (talks[0] or timezone.now()) if talks else None
