"""Signs of a visitor: seen, typing, on which page, and what their browser has shown."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from ccx.kernel.live import guests
from interactions.cases.choices import AuthorKind
from interactions.channels.chat.line import ChatLine
from interactions.doors.chat.selectors import (
    OVER,
    chat_line,
    is_running,
    moment_of,
    running_record,
    seq_of,
    shown_messages,
    until,
)
from interactions.doors.chat.services.sessions import allowed_page
from interactions.doors.models import ChatDevice, ChatVisitor
from interactions.handling.models import SendingState
from interactions.handling.settling import settle_sending

# A row is not written for every sign of life.
SEEN_EVERY: Final = timedelta(seconds=20)


def is_seen(*, device: ChatDevice, line: ChatLine) -> None:
    """A browser asked something, or said that somebody looks at it."""
    now = timezone.now()
    visitor = device.visitor
    if now - visitor.seen_at < SEEN_EVERY:
        return
    ChatVisitor.objects.filter(pk=visitor.pk).update(seen_at=now)
    ChatDevice.objects.filter(pk=device.pk).update(seen_at=now)
    if visitor.interaction is not None and is_running(visitor.interaction):
        guests.is_here(visitor.interaction.public_id, seconds=line.away.total_seconds())


def are_seen(*, visitor_ids: Collection[int]) -> None:
    """Somebody looks at these visitors' browsers, as their sockets told in the last moments."""
    ChatVisitor.objects.filter(pk__in=visitor_ids).update(seen_at=timezone.now())
    chatting = ChatVisitor.objects.filter(pk__in=visitor_ids).exclude(interaction=None)
    running = chatting.exclude(interaction__status__in=OVER).select_related("interaction", "inbox")
    for visitor in running:
        if visitor.interaction is not None:
            away = chat_line(visitor.inbox).away
            guests.is_here(visitor.interaction.public_id, seconds=away.total_seconds())


def hear_typing(*, visitor_id: int) -> None:
    """Tell the agents who look at the chat. Nothing is kept of it."""
    record = running_record(visitor_id)
    if record is not None:
        guests.types(record)


def keep_page(*, visitor: ChatVisitor, line: ChatLine, page: Mapping[str, Any]) -> None:
    """Where on the site the visitor is now."""
    found = allowed_page(page, line)
    if found and found != visitor.page:
        ChatVisitor.objects.filter(pk=visitor.pk).update(page=found)


def show_up_to(*, visitor: ChatVisitor, seq: int) -> int:
    """What we said up to there was on the visitor's screen; how many messages that is news of."""
    before = visitor.shown_up_to
    last = shown_messages(visitor).exclude(author_kind=AuthorKind.CUSTOMER).last()
    upto = min(seq, seq_of(last.out_at)) if last is not None else 0  # type: ignore[attr-defined]
    if upto <= before or not ChatVisitor.objects.filter(pk=visitor.pk, shown_up_to__lt=upto).update(shown_up_to=upto):
        return 0
    read = shown_messages(visitor, after=moment_of(before)).filter(until(moment_of(upto)))
    ours = list(read.filter(author_kind=AuthorKind.AGENT, sending__isnull=False).values_list("pk", flat=True))
    return sum(settle_sending(message_id=pk, state=SendingState.READ) for pk in ours)
