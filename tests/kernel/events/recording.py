"""Readers that write down what they were given, in the transaction they were given it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db import connection

from ccx.kernel.events.effects import Sender, owe_effect
from ccx.kernel.events.log import Event
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.readers import Reader


@dataclass(frozen=True, kw_only=True)
class ThingHappened(Event):
    """What these tests tell of."""

    kind: ClassVar[str] = "thing_happened"
    number: int


@dataclass(frozen=True, kw_only=True)
class OtherThingHappened(Event):
    """What these tests' readers do not care for."""

    kind: ClassVar[str] = "other_thing_happened"


THINGS = frozenset({ThingHappened.kind})
CREATE = """
CREATE TABLE IF NOT EXISTS taken_by_readers (
    step bigint GENERATED ALWAYS AS IDENTITY, reader text, event_id bigint, position bigint, number int
)
"""


def write_down(reader: str, events: Sequence[EventRow]) -> None:
    """Keep who was given what."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO taken_by_readers (reader, event_id, position, number) VALUES (%s, %s, %s, %s)",
            [(reader, event.pk, event.position, event.data["number"]) for event in events],
        )


def taken(reader: str) -> list[int]:
    """The numbers of the things the reader was given, in the order it was given them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM taken_by_readers WHERE reader = %s ORDER BY step", [reader])
        return [row[0] for row in cursor.fetchall()]


def writes_down(reader: str) -> Callable[[Sequence[EventRow]], None]:
    """A `handle` that only writes down."""

    def handle(events: Sequence[EventRow]) -> None:
        write_down(reader, events)

    return handle


def owes(events: Sequence[EventRow]) -> None:
    """A `handle` that owes an effect for each event."""
    write_down("postman", events)
    for event in events:
        owe_effect("postman", event, {"number": event.data["number"]})


def deliver(effect: ReaderEffect) -> None:
    """The world outside: what is written here is not taken back by any transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO taken_by_readers (reader, event_id, number) VALUES ('outside', %s, %s)",
            [effect.event_id, effect.data["number"]],
        )


FIRST = Reader(name="first", handle=writes_down("first"), kinds=THINGS, batch_size=5)
SECOND = Reader(name="second", handle=writes_down("second"), kinds=THINGS, batch_size=5)
POSTMAN = Reader(name="postman", handle=owes, kinds=THINGS, batch_size=5)
READERS = (FIRST, SECOND, POSTMAN)
SENDERS = {"postman": Sender(send=deliver)}
