"""How a chat ends from the visitor's side: they say so, or they are gone."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ccx.kernel.errors import DomainError
from ccx.kernel.live import guests
from interactions.cases.choices import AuthorKind, Direction, InteractionStatus, Outcome
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import Channel
from interactions.doors.chat.selectors import chat_line, is_running
from interactions.doors.models import ChatVisitor
from interactions.handling.errors import MomentIsTooEarlyError
from interactions.handling.services import abandon_interaction, close_interaction, wrap_up_interaction

logger = structlog.get_logger(__name__)

SHORTEST_AWAY = timedelta(minutes=1)
NOBODY_SPEAKS = timedelta(days=1)
MOST_AT_ONCE = 200


@transaction.atomic
def end_chat(*, visitor: ChatVisitor) -> ChatVisitor:
    """The visitor is done. Nobody answered yet: they left. Else the agent finishes the work. Twice is a no-op."""
    locked = ChatVisitor.objects.select_for_update(of=("self",)).select_related("interaction").get(pk=visitor.pk)
    chat = locked.interaction
    if chat is None or not is_running(chat):
        return locked
    chat = Interaction.objects.select_for_update(no_key=True).get(pk=chat.pk)
    if chat.status == InteractionStatus.WAITING and chat.first_answered_at is None:
        abandon_interaction(interaction_id=chat.pk, by=None)
    elif chat.status == InteractionStatus.WAITING:
        close_interaction(interaction_id=chat.pk, outcome=Outcome.HANDLED, by=None)
    elif chat.status == InteractionStatus.ACTIVE:
        wrap_up_interaction(interaction_id=chat.pk, by=None)
    transaction.on_commit(lambda: guests.has_gone(chat.public_id), robust=True)
    return locked


def leave_lost_chats(now: datetime | None = None) -> int:
    """Visitors who wait for nobody any more: gone for long enough, and no address to answer to. How many.

    The moment they left is the last one at which their browser was heard.
    """
    moment = now or timezone.now()
    waiting = ChatVisitor.objects.filter(
        interaction__status=InteractionStatus.WAITING,
        interaction__first_answered_at=None,
        interaction__channel=Channel.CHAT,
        email="",
        seen_at__lt=moment - SHORTEST_AWAY,
    ).select_related("inbox")
    gone = [
        visitor.pk
        for visitor in waiting.order_by("seen_at")[:MOST_AT_ONCE]
        if visitor.seen_at < moment - chat_line(visitor.inbox).away
    ]
    return sum(_leave(pk, moment) for pk in gone)


def close_empty_chats(now: datetime | None = None) -> int:
    """Chats that we offered, that were opened, and in which nobody said a word for a day: they were none. How many."""
    moment = now or timezone.now()
    spoken = Message.objects.filter(interaction=OuterRef("pk"), author_kind__in=[AuthorKind.CUSTOMER, AuthorKind.AGENT])
    opened = Interaction.objects.filter(
        ~Exists(spoken),
        channel=Channel.CHAT,
        direction=Direction.OUTBOUND,
        status=InteractionStatus.PENDING,
        started_at__lt=moment - NOBODY_SPEAKS,
    )
    numbers = list(opened.order_by("started_at").values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_close(pk) for pk in numbers)


def _close(interaction_id: int) -> bool:
    try:
        close_interaction(interaction_id=interaction_id, outcome=Outcome.NOT_A_CONTACT, by=None)
    except DomainError as error:  # somebody spoke a moment ago
        logger.info("chat_not_closed", interaction_id=interaction_id, code=error.code)
        return False
    return True


@transaction.atomic
def _leave(visitor_id: int, now: datetime) -> bool:
    visitor = (
        ChatVisitor.objects.select_for_update(of=("self",)).select_related("interaction", "inbox").get(pk=visitor_id)
    )
    chat = visitor.interaction
    if chat is None or visitor.email or visitor.seen_at >= now - chat_line(visitor.inbox).away:
        return False
    try:
        with transaction.atomic():
            abandon_interaction(interaction_id=chat.pk, at=max(visitor.seen_at, chat.started_at), by=None)
    except MomentIsTooEarlyError:
        abandon_interaction(interaction_id=chat.pk, at=now, by=None)
    except DomainError as error:  # an agent took it a moment ago
        logger.info("chat_not_left", interaction_id=chat.pk, code=error.code)
        return False
    return True
