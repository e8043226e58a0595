"""A visitor's socket on a real socket process: who may open it, what it tells, and what ends it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from ccx.embedded.ports import a_free_port
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.live import guests
from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import typing_topic, visitor_topic
from interactions.doors.models import ChatDevice
from interactions.handling.services import accept_interaction
from interactions.models import Inbox, Interaction
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import reply
from tests.factories.people import make_grant
from tests.factories.visitors import SHOP, Visitor, open_line
from tests.kernel.live.wire import Tab, session_of, sockets_process

OpenSocket = Callable[..., Tab]


@pytest.fixture(scope="module")
def port(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    with django_db_blocker.unblock(), sockets_process() as (number, _process):
        yield number


@pytest.fixture
def opened(port: int, transactional_db: None) -> Iterator[OpenSocket]:
    """Open a visitor's socket and say who it is; `word` None: say nothing."""
    with ExitStack() as stack:

        def open_socket(visitor: Visitor, *, token: str | None = "", origin: str | None = SHOP, at: int = port) -> Tab:
            path = f"/ws/chat/{visitor.inbox.public_id}"
            page = stack.enter_context(Tab(at, "", path=path, origin=origin))  # type: ignore[arg-type]
            if token is not None:
                with suppress(ConnectionClosed):
                    page.say(type="hello", token=token or visitor.token)
            return page

        yield open_socket


@pytest.fixture
def around(transactional_db: None) -> Centre:
    return make_centre()


@pytest.fixture
def visitor(around: Centre) -> Visitor:
    visitor = Visitor(open_line(around.chat))
    visitor.begin()
    return visitor


def hears(page: Tab, kind: str, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            if page.hear("type", left)["type"] == kind:
                return True
        except TimeoutError:
            return False
    return False


def test_only_a_site_of_the_line_and_only_with_a_living_token(
    opened: OpenSocket, visitor: Visitor, around: Centre
) -> None:
    for origin in ("https://evil.example", "null", None, f"{SHOP}:444"):
        assert opened(visitor, origin=origin).closed_with() == 4403
    other = Visitor(open_line(Inbox.objects.create(name="Other", channel=2, default_queue=around.queue)))
    other.begin()
    for token in (other.token, "guessed", visitor.token[:-1], "é" * 100):
        assert opened(visitor, token=token).closed_with() == 4401
    Inbox.objects.filter(pk=other.inbox.pk).update(is_active=False)
    assert opened(other).closed_with() == 4404
    # A token in the address is nobody's word: the first frame counts.
    page = opened(visitor, token=None)
    page.say(type="here", token=visitor.token)
    assert page.closed_with() == 1008


ODD_FRAMES: list[tuple[Any, int]] = [
    ("[" * 8000, 1008),
    ('{"type": "follow", "topics": ["all:desk"]}', 1008),
    ('{"type": "view", "interactions": []}', 1008),
    ('{"type": "hello", "token": "again"}', 1008),
    ('{"type": ["typing"]}', 1008),
    ("null", 1008),
    (b"\x00", 1008),
    ("x" * 20_000, 1009),
    ("x" * 20_000_000, 1009),
]


def test_a_frame_that_the_widget_never_sends_ends_the_socket(opened: OpenSocket, visitor: Visitor) -> None:
    for frame, code in ODD_FRAMES:
        page = opened(visitor)
        assert hears(page, "ready")
        with suppress(ConnectionClosed, OSError):
            page.socket.send(frame)
        # Of the largest one the rest still comes when the line is closed, so the code may not arrive.
        assert page.closed_with() in ({code, 1006} if len(frame) > 1_000_000 else {code}), frame[:40]
    page = opened(visitor)
    page.socket.send(b"\xff\xfe\xfd", text=True)
    assert page.closed_with() == 1007
    page = opened(visitor)
    with suppress(ConnectionClosed, OSError):
        page.socket.send(["x"] * 1_000)
    assert page.closed_with() in {1008, 1006}
    loud, calm = opened(visitor), opened(visitor)
    with suppress(ConnectionClosed):
        for _ in range(10_000):
            loud.say(type="here")
    assert loud.closed_with() == 1008
    assert hears(calm, "ready")


def test_news_and_typing_go_both_ways_and_to_nobody_else(
    opened: OpenSocket, visitor: Visitor, around: Centre, port: int
) -> None:
    make_grant(around.alice, "team", around.team.pk)
    stranger = Visitor(visitor.inbox)
    stranger.begin()
    stranger.say("I have a chat of my own")
    page, theirs = opened(visitor), opened(stranger)
    assert hears(page, "ready")
    assert hears(theirs, "ready")
    pump_everything()  # readers that look forward only begin here
    visitor.say("Hello?")
    chat = Interaction.objects.latest("pk")
    record = str(chat.public_id)
    pump_everything()
    assert hears(page, "news")

    with Tab(port, session_of(around.alice)) as desk:
        assert desk.hear("me")
        # Nobody who is signed in follows what is a visitor's.
        asked = [visitor_topic(visitor.row.public_id), typing_topic(record)]
        assert set(desk.follow(*asked)["refused"]) == set(asked)
        desk.say(type="view", interactions=[record])
        assert desk.hear("viewers")["customer"] in {"here", ""}
        for _ in range(20):
            page.say(type="typing")
        assert desk.hear("types")["types"] == record
        assert desk.hears_nothing("types", 0.5)
        time.sleep(0.6)  # the visitor's page has heard of its chat by now
        desk.say(type="typing", interaction=record)
        assert not hears(page, "typing", 0.4)  # a note is our own affair
        time.sleep(0.7)
        desk.say(type="typing", interaction=record, to_customer=True)
        assert hears(page, "typing")
        guests.has_gone(record)
        while desk.hear("viewers")["customer"] != "left":
            pass
    assert not hears(theirs, "typing", 0.2)


def test_an_answer_is_news_once_it_has_left(opened: OpenSocket, visitor: Visitor, around: Centre) -> None:
    page = opened(visitor)
    assert hears(page, "ready")
    visitor.say("Hello?")
    chat = Interaction.objects.get()
    pump_everything()
    accept_interaction(interaction_id=chat.pk, agent=around.alice, by=around.alice)
    pump_everything()
    while hears(page, "news", 0.5):
        pass
    reply(chat.pk, around.alice, "Hello!")
    pump_everything()
    assert hears(page, "news")
    assert visitor.state()["messages"][-1]["body"] == "Hello!"


def test_who_may_no_longer_is_out_within_seconds(opened: OpenSocket, visitor: Visitor) -> None:
    page = opened(visitor)
    assert hears(page, "ready")
    ChatDevice.objects.update(ended_at=timezone.now())
    started = time.monotonic()
    assert page.closed_with() == 4401
    assert time.monotonic() - started < 5


def test_a_chat_goes_on_after_the_socket_process_was_killed(opened: OpenSocket, visitor: Visitor) -> None:
    with sockets_process(port=(number := a_free_port())) as (_, process):
        page = opened(visitor, at=number)
        assert hears(page, "ready")
        visitor.say("Before")
        last = visitor.state()["seq"]
        process.kill()
        assert page.closed_with() == 1006
    visitor.say("Meanwhile")
    with sockets_process(port=number):
        page = opened(visitor, at=number)
        assert hears(page, "ready")
        assert [said["body"] for said in visitor.state(after=last)["messages"]][-1] == "Meanwhile"
        nudge(visitor_topic(visitor.row.public_id))
        assert hears(page, "news")
