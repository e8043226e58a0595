"""The real facts reader beside one that owes a letter for every contact that ended, and the world that gets them."""

from collections.abc import Sequence
from typing import Final

from django.db import connection

from analytics.rollups.reader import FACTS
from ccx.kernel.events.effects import Sender, owe_effect
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.readers import Reader
from interactions.cases.events import InteractionClosed

CREATE: Final = "CREATE TABLE IF NOT EXISTS letters_sent (interaction_id bigint)"


def owe_letters(events: Sequence[EventRow]) -> None:
    for event in events:
        owe_effect("letters", event, {"interaction_id": event.interaction_id})


def send_letter(effect: ReaderEffect) -> None:
    """No transaction of ours takes this back."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO letters_sent (interaction_id) VALUES (%s)", [effect.data["interaction_id"]])


def letters_sent() -> list[int]:
    """To whom letters went, one entry a letter."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT interaction_id FROM letters_sent ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


LETTERS = Reader(name="letters", handle=owe_letters, kinds=frozenset({InteractionClosed.kind}), batch_size=3)
READERS = (FACTS, LETTERS)
SENDERS = {"letters": Sender(send=send_letter)}
