"""What was said and done in one case, as the conversation shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from ccx.kernel.models import User
from interactions.calls.models import Call, Recording
from interactions.cases.choices import AuthorKind, SegmentEnd, SegmentKind
from interactions.cases.models import Attachment, Interaction, Message, Segment
from interactions.channels.choices import Channel
from interactions.desk.quoting import Written, read_written
from interactions.desk.selectors.calling import choice_words
from interactions.desk.selectors.door import readable
from interactions.desk.selectors.origins import Answered, Origin, answered_by, origins_of
from interactions.handling.choices import HELD, SCHEDULED, STANDS
from interactions.handling.models import Sending, SendingState
from interactions.handling.selectors.inviting import OFFER

WINDOW = 100
# The live window may grow by what came since it was opened, up to here.
MOST = 400
MOST_CONTACTS = 60
UNDER_WAY = frozenset({SendingState.QUEUED, SendingState.SENDING})
TROUBLED = frozenset({SendingState.FAILED, SendingState.UNKNOWN})
SIGNS = {
    SendingState.SENT: "done",
    SendingState.DELIVERED: "delivered",
    SendingState.READ: "seen",
    SendingState.FAILED: "warning",
    SendingState.UNKNOWN: "warning",
}


@dataclass(frozen=True)
class Delivery:
    """Where our message is on its way to the customer. `sign` is an icon; `is_brief`: shown small, beside the time."""

    state: str
    label: str
    sign: str = ""
    error: str = ""
    code: str = ""
    undo_seconds: int = 0
    leaves_at: datetime | None = None
    at: datetime | None = None
    is_waiting: bool = False
    is_brief: bool = False
    is_left: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def is_troubled(self) -> bool:
        return self.state in TROUBLED

    @property
    def is_held(self) -> bool:
        return self.state == SendingState.FAILED and self.code == HELD


@dataclass(frozen=True)
class Item:
    """One line of the conversation: a message, something that happened, a new day, another channel."""

    kind: str
    at: datetime
    key: str = ""
    message: Message | None = None
    written: Written | None = None
    who: str = ""
    delivery: Delivery | None = None
    is_continued: bool = False
    what: str = ""
    detail: str = ""
    duration: timedelta | None = None
    day: date | None = None
    contact: Interaction | None = None
    contact_id: int | None = None
    is_laid_out: bool = False
    has_remote_images: bool = False
    recording: Recording | None = None
    origins: tuple[Origin, ...] = ()

    @property
    def offer_opened_at(self) -> datetime | None:
        """When the customer came over to the chat that this message offers."""
        told = self.message.meta.get(OFFER, {}).get("opened_at", "") if self.message is not None else ""
        return datetime.fromisoformat(told) if told else None


@dataclass(frozen=True)
class Thread:
    """A window of the conversation, oldest first; `before` names its oldest message where there is more above."""

    items: Sequence[Item]
    oldest: UUID | None = None
    before: UUID | None = None


def thread(*, interaction: Interaction, user: User, before: UUID | None = None, since: UUID | None = None) -> Thread:
    """The last messages of the contact's case, or those before one; `since` keeps the window's upper end in place."""
    contacts = _contacts(interaction, user)
    rows = _messages(contacts)
    size = WINDOW
    if before is not None:
        rows = _on_side(rows, before, is_before=True)
    elif since is not None:
        rows, size = _on_side(rows, since, is_before=False), MOST
    newest_first = list(rows.order_by("-sent_at", "-pk")[: size + 1])
    messages = newest_first[:size][::-1]
    has_more = len(newest_first) > size or (since is not None and _has_older(contacts, messages))
    oldest = messages[0] if messages else None
    happened = _happened(contacts, after=oldest if has_more else None, before=before, messages=messages)
    spoken = _within(_by_phone(contacts, user), after=oldest if has_more else None, before=before, messages=messages)
    answered = answered_by(messages, contacts, user)
    merged = sorted([*_said(messages, contacts, answered), *happened, *spoken], key=lambda item: item.at)
    return Thread(
        items=tuple(_marked(merged, contacts)),
        oldest=oldest.public_id if oldest else None,
        before=oldest.public_id if oldest and has_more else None,
    )


def _contacts(interaction: Interaction, user: User) -> dict[int, Interaction]:
    """This contact and the others of its case that the user may read."""
    found = {interaction.pk: interaction}
    if interaction.case_id is not None:
        others = readable(user).filter(case_id=interaction.case_id).select_related("inbox", "agent", "reason")
        found |= {row.pk: row for row in others.order_by("-started_at", "-pk")[:MOST_CONTACTS]}
    return found


def _messages(contacts: dict[int, Interaction]) -> QuerySet[Message]:
    files = Prefetch("attachments", queryset=Attachment.objects.order_by("pk"))
    return (
        Message.objects.filter(interaction__in=list(contacts))
        .exclude(sending__state=SendingState.CANCELLED)
        .select_related("author", "sending", "html")
        .defer("html__html")
        .prefetch_related(files)
    )


def _on_side(rows: QuerySet[Message], mark: UUID, *, is_before: bool) -> QuerySet[Message]:
    """Messages before one, or from it on; a mark that is none of these gives the whole."""
    found = rows.filter(public_id=mark).values_list("sent_at", "pk").first()
    if found is None:
        return rows
    sent_at, pk = found
    if is_before:
        return rows.filter(Q(sent_at__lt=sent_at) | Q(sent_at=sent_at, pk__lt=pk))
    return rows.filter(Q(sent_at__gt=sent_at) | Q(sent_at=sent_at, pk__gte=pk))


def _has_older(contacts: dict[int, Interaction], messages: Sequence[Message]) -> bool:
    if not messages:
        return False
    first = messages[0]
    older = Q(sent_at__lt=first.sent_at) | Q(sent_at=first.sent_at, pk__lt=first.pk)
    return Message.objects.filter(older, interaction__in=list(contacts)).exists()


def _said(messages: Sequence[Message], contacts: dict[int, Interaction], answered: Answered) -> Iterator[Item]:
    ours = [message for message in messages if message.author_kind == AuthorKind.AGENT and not message.is_note]
    last = ours[-1].pk if ours else None
    shown = {message.pk for message in messages}
    for message in messages:
        yield Item(
            kind="message",
            at=message.sent_at,
            key=str(message.public_id),
            message=message,
            contact_id=message.interaction_id,
            written=read_written(message.body),
            who=str(message.author) if message.author else "",
            delivery=_delivery(message, is_last=message.pk == last),
            is_laid_out=hasattr(message, "html"),
            has_remote_images=hasattr(message, "html") and message.html.has_remote,
            origins=origins_of(message, contacts[message.interaction_id], answered, shown),
        )


def _delivery(message: Message, *, is_last: bool) -> Delivery | None:
    """Said below our last message, and below any that is under way or has not arrived; of others briefly."""
    sending: Sending | None = getattr(message, "sending", None)
    if sending is None:
        return None
    state = SendingState(sending.state)
    is_scheduled = state == SendingState.QUEUED and SCHEDULED in message.meta and not sending.attempts
    left = 0.0
    if state == SendingState.QUEUED and not is_scheduled and not sending.attempts:
        left = (sending.due_at - timezone.now()).total_seconds()
    return Delivery(
        state=sending.state,
        label=str(state.label),
        sign=SIGNS.get(state, "clock"),
        error=sending.last_error,
        code=sending.error_code,
        undo_seconds=max(0, round(left)),
        leaves_at=sending.due_at if is_scheduled else None,
        at={SendingState.READ: sending.read_at, SendingState.DELIVERED: sending.delivered_at}.get(state),
        is_waiting=state == SendingState.QUEUED and sending.attempts > 0,
        is_left=STANDS in message.meta,
        is_brief=not is_last and state not in UNDER_WAY | TROUBLED,
    )


def _happened(
    contacts: dict[int, Interaction], *, after: Message | None, before: UUID | None, messages: Sequence[Message]
) -> list[Item]:
    """What agents did, from the stretches of time; within the window of messages."""
    rows = Segment.objects.filter(interaction__in=list(contacts)).select_related("agent", "queue")
    segments = list(rows.order_by(F("interaction"), "started_at", "pk"))
    told = [item for _pk, own in groupby(segments, key=lambda one: one.interaction_id) for item in _done_in(list(own))]
    told += [_ending(contact) for contact in contacts.values() if contact.closed_at is not None]
    return _within(told, after=after, before=before, messages=messages)


def _done_in(segments: Sequence[Segment]) -> Iterator[Item]:
    """What agents did in one contact. Who comes to somebody who is still there joins; the others take it."""
    previous: Segment | None = None
    had_it: int | None = None
    for place, segment in enumerate(segments):
        item, at = _event(segment, previous), segment.started_at
        if segment.kind == SegmentKind.TALK:
            there = [one for one in segments[:place] if one.kind in {SegmentKind.TALK, SegmentKind.HOLD}]
            own = [one for one in there if one.agent_id == segment.agent_id]
            if had_it == segment.agent_id or any(one.ended_at == at for one in own):
                item = None
            elif item is not None and any(one.ended_at is None or one.ended_at > at for one in there):
                item = replace(item, what="joined")
            had_it = segment.agent_id
        if item is not None:
            yield item
        previous = segment


def _within(told: list[Item], *, after: Message | None, before: UUID | None, messages: Sequence[Message]) -> list[Item]:
    if after is not None:
        told = [item for item in told if item.at >= after.sent_at]
    if before is not None and messages:
        told = [item for item in told if item.at <= messages[-1].sent_at]
    return told


def _by_phone(contacts: dict[int, Interaction], user: User) -> list[Item]:
    """What callers keyed in, and what was recorded of their calls."""
    spoken = [pk for pk, contact in contacts.items() if contact.channel == Channel.VOICE]
    if not spoken:
        return []
    told: list[Item] = []
    for call in Call.objects.filter(interaction__in=spoken).select_related("inbox__flow").order_by("started_at"):
        for step, keyed in call.answers.items():
            if not step.startswith("_") and keyed:
                pressed = choice_words(call, step, str(keyed))
                key = f"i{call.pk}-{step}"
                told.append(
                    Item(
                        kind="event",
                        at=call.started_at,
                        key=key,
                        what="keyed",
                        detail=pressed,
                        contact_id=call.interaction_id,
                    )
                )
    recordings = Recording.objects.visible_to(user).filter(call__interaction__in=spoken)
    for one in recordings.select_related("call"):
        key, of = f"r{one.public_id}", one.call.interaction_id
        told.append(Item(kind="recording", at=one.started_at, key=key, recording=one, contact_id=of))
    return told


def _event(segment: Segment, previous: Segment | None) -> Item | None:
    """What began with a stretch of time, said from the side of who did it."""
    length = None
    if segment.ended_at is not None and segment.is_duration_known:
        length = segment.ended_at - segment.started_at
    was_moved = previous is not None and previous.ended_by in {SegmentEnd.TRANSFER_AGENT, SegmentEnd.TRANSFER_QUEUE}
    mover = str(previous.agent or "") if previous is not None else ""
    who, queue = str(segment.agent or ""), str(segment.queue or "")
    told = {
        SegmentKind.HOLD: ("held", who, "", length),
        SegmentKind.WRAP_UP: ("wrap_up", who, "", length),
        SegmentKind.TALK: ("accepted", who, "", None),
    }
    if was_moved:
        told |= {
            SegmentKind.QUEUE: ("to_queue", mover, queue, None),
            SegmentKind.RING: ("to_agent", mover, who, None),
        }
    if segment.kind not in told:
        return None
    what, by, detail, took = told[SegmentKind(segment.kind)]
    at, key = segment.started_at, f"s{segment.pk}"
    return Item(
        kind="event",
        at=at,
        key=key,
        what=what,
        who=by,
        detail=detail,
        duration=took,
        contact_id=segment.interaction_id,
    )


def _ending(contact: Interaction) -> Item:
    assert contact.closed_at is not None  # noqa: S101 - told to the type checker; the caller looked
    return Item(
        kind="event",
        at=contact.closed_at,
        key=f"c{contact.public_id}",
        what="closed",
        who=str(contact.agent or ""),
        detail=str(contact.reason or ""),
        contact=contact,
        contact_id=contact.pk,
    )


def _marked(items: Sequence[Item], contacts: dict[int, Interaction]) -> Iterator[Item]:
    """Day lines, a marker where another contact of the case begins, and messages that go on from the one above."""
    day: date | None = None
    contact_id: int | None = None
    seen: set[int | None] = set()
    above: Message | None = None
    for item in items:
        today = timezone.localtime(item.at).date()
        if today != day:
            yield Item(kind="day", at=item.at, key=f"d{today}", day=today)
            day, above = today, None
        # What is done with an earlier contact meanwhile, such as ending it, is no change of channel.
        is_other = item.contact_id != contact_id and (item.kind != "event" or item.contact_id not in seen)
        if is_other and item.contact_id is not None:
            if contact_id is not None or len(contacts) > 1:
                yield Item(kind="contact", at=item.at, key=f"k{item.key}", contact=contacts[item.contact_id])
            contact_id, above = item.contact_id, None
            seen.add(contact_id)
        yield _continued(item, above) if item.message is not None else item
        above = item.message


def _continued(item: Item, above: Message | None) -> Item:
    message = item.message
    if message is None or above is None:
        return item
    same = (message.author_kind, message.author_id, message.is_note) == (
        above.author_kind,
        above.author_id,
        above.is_note,
    )
    if not same or message.sent_at - above.sent_at > timedelta(minutes=5):
        return item
    return Item(**{**item.__dict__, "is_continued": True})
