"""What follows the log for chats: the visitor's pages, the mail when they left, and what is forgotten about them."""

from collections.abc import Iterable, Sequence
from typing import Final

from ccx.kernel.events.effects import owe_effect
from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import visitor_topic
from interactions.cases.choices import InteractionStatus
from interactions.cases.events import InteractionChanged, InteractionClosed, InteractionStarted, MessageReceived
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.customers.events import CustomerErased
from interactions.doors.chat.events import VisitorLeft
from interactions.doors.chat.services import forget_visitors
from interactions.handling.events import MessageSettled

# Whoever waits further behind hears of their place when they show a sign of life.
MOST_WAITING: Final = 50
# What a nudge says to sockets: they read again; and besides a chat is new.
CHAT_NEWS_CAME: Final = "news"
CHAT_BEGAN: Final = "began"
CARRY_ON: Final = "chat_mail"


def tell_visitors(events: Sequence[EventRow]) -> None:
    """Nudge the visitors of these chats, and those who wait in a queue in which places changed."""
    told = [event for event in events if event.data.get("what") != "note"]
    chats = Interaction.objects.filter(
        pk__in={event.interaction_id for event in told if event.interaction_id is not None}, channel=Channel.CHAT
    ).exclude(thread_token="")
    moved = {event.interaction_id for event in told if event.kind not in {MessageReceived.kind, MessageSettled.kind}}
    new = {event.interaction_id for event in told if event.kind == InteractionStarted.kind}
    began: set[str] = set()
    tokens: set[str] = set()
    queues: set[int] = set()
    for pk, token, queue_id in chats.values_list("pk", "thread_token", "queue_id"):
        (began if pk in new else tokens).add(token)
        if pk in moved and queue_id is not None:
            queues.add(queue_id)
    for queue_id in sorted(queues):
        tokens |= set(_waiting_in(queue_id))
    nudge(*map(visitor_topic, sorted(began)), what=CHAT_BEGAN)
    nudge(*map(visitor_topic, sorted(tokens - began)), what=CHAT_NEWS_CAME)


def owe_mails(events: Sequence[EventRow]) -> None:
    """What a visitor did not see goes on by mail, once."""
    for event in events:
        owe_effect(CARRY_ON, event, {name: event.data[name] for name in ("visitor_id", "after", "upto")})


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Wipe what visitors told of themselves whose customers these events say are erased. Safe to run twice."""
    forget_visitors(customer_ids=[event.customer_id for event in events if event.customer_id])


def _waiting_in(queue_id: int) -> Iterable[str]:
    waiting = Interaction.objects.filter(queue_id=queue_id, status=InteractionStatus.WAITING, agent=None)
    chats = waiting.filter(channel=Channel.CHAT).exclude(thread_token="").order_by("started_at")
    return chats.values_list("thread_token", flat=True)[:MOST_WAITING]


CHAT_NEWS: Final = Reader(
    name="chat_news",
    handle=tell_visitors,
    kinds=frozenset(
        event.kind
        for event in (InteractionStarted, MessageReceived, InteractionChanged, InteractionClosed, MessageSettled)
    ),
    batch_size=500,
    from_beginning=False,
)
CHAT_MAIL: Final = Reader(name=CARRY_ON, handle=owe_mails, kinds=frozenset({VisitorLeft.kind}), batch_size=100)
CHAT_ERASURE: Final = Reader(
    name="chat_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
