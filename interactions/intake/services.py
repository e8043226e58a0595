"""The one way in: every contact, of whatever door, becomes rows and events here, in one transaction."""

from collections.abc import Sequence
from typing import Final, Literal

from django.db import transaction

from ccx.kernel.events.log import wake_readers
from ccx.kernel.events.models import Origin
from interactions.channels.contact import InboundContact, Receipt
from interactions.intake.booking import Book
from interactions.intake.errors import BatchIsTooLargeError
from interactions.intake.gate import admit
from interactions.intake.state import load_state
from interactions.intake.writing import write

Mode = Literal["live", "history"]
# What one transaction may hold without filling PostgreSQL's table of locks.
MAX_BATCH: Final = 2000


def receive(*, contact: InboundContact, by_id: int | None) -> Receipt:
    """Take in one contact. A second delivery of the same (inbox, external_id) returns the receipt of the first."""
    return receive_many(contacts=[contact], by_id=by_id, mode="live")[0]


def receive_many(*, contacts: Sequence[InboundContact], by_id: int | None, mode: Mode) -> list[Receipt]:
    """Take in up to MAX_BATCH contacts at once; receipts come in the order given.

    The same rows and events as one by one: live ones in the order given, history in the order it occurred. A contact
    that contradicts itself raises ContactRefusedError before anything is written (`details["external_id"]` says which).
    """
    if len(contacts) > MAX_BATCH:
        raise BatchIsTooLargeError(limit=MAX_BATCH)
    admitted = [admit(contact) for contact in contacts]
    order = list(range(len(admitted)))
    if mode == "history":
        order.sort(key=lambda index: admitted[index].contact.occurred_at)
    receipts: dict[int, Receipt] = {}
    # Whoever calls this within a transaction undoes the whole of it when this fails.
    with transaction.atomic(savepoint=False):
        state = load_state(admitted)
        book = Book(state, by_id, Origin.HISTORY if mode == "history" else Origin.LIVE)
        for index in order:
            receipts[index] = book.enter(admitted[index])
        write(book)
        if book.events:
            transaction.on_commit(wake_readers, robust=True)
    return [receipts[index] for index in range(len(admitted))]
