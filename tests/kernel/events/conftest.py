"""A log of its own for every test, with real commits, and people who write into it from other connections."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction

from ccx.kernel.events.log import announce
from tests.kernel.events import recording
from tests.kernel.events.recording import ThingHappened


@pytest.fixture
def event_log(transactional_db: None, settings: object) -> Iterator[None]:
    """A log that readers of our own follow, with real commits."""
    settings.CCX_READERS = "tests.kernel.events.recording.READERS"
    settings.CCX_SENDERS = "tests.kernel.events.recording.SENDERS"
    with connection.cursor() as cursor:
        cursor.execute(recording.CREATE)
        cursor.execute("TRUNCATE taken_by_readers")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE taken_by_readers")


def tell(*numbers: int, **more: object) -> None:
    """Commit one transaction that announces these things."""
    with transaction.atomic():
        announce(*[ThingHappened(number=number) for number in numbers], **more)


class Writer:
    """Somebody on a connection of their own, who does one thing after another when told to."""

    def __init__(self) -> None:
        self._orders: list[Callable[[], object]] = []
        self._ordered = threading.Semaphore(0)
        self._done = threading.Semaphore(0)
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            connection.ensure_connection()
            while True:
                self._ordered.acquire()
                order = self._orders.pop(0)
                if order is self.leave:
                    return
                order()
                self._done.release()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()
            self._done.release()

    def start(self, order: Callable[[], object]) -> None:
        """Give an order without waiting for it."""
        self._orders.append(order)
        self._ordered.release()

    def finish(self) -> None:
        """Wait for the oldest order."""
        assert self._done.acquire(timeout=20), "the writer is stuck"
        if self.error:
            raise self.error

    def do(self, order: Callable[[], object]) -> None:
        """Give an order and wait for it."""
        self.start(order)
        self.finish()

    def begin(self) -> None:
        """Open a transaction."""
        self.do(lambda: transaction.set_autocommit(False))

    def say(self, *numbers: int) -> None:
        """Insert events into the open transaction."""
        self.do(lambda: self.insert(*numbers))

    def commit(self) -> None:
        """End the transaction."""
        self.do(self.commit_now)

    def roll_back(self) -> None:
        """Take the transaction back."""
        self.do(self.roll_back_now)

    @staticmethod
    def insert(*numbers: int) -> None:
        """Insert the events where it is called, in the order of the numbers."""
        with transaction.atomic():
            announce(*[ThingHappened(number=number) for number in numbers])

    @staticmethod
    def commit_now() -> None:
        transaction.commit()
        transaction.set_autocommit(True)

    @staticmethod
    def roll_back_now() -> None:
        transaction.rollback()
        transaction.set_autocommit(True)

    def leave(self) -> None:
        """Close the connection."""
        self.start(self.leave)
        self._thread.join(timeout=20)


@pytest.fixture
def writers(event_log: None) -> Iterator[Callable[[], Writer]]:
    """Makes writers, and lets them go at the end."""
    hired: list[Writer] = []

    def hire() -> Writer:
        hired.append(Writer())
        return hired[-1]

    yield hire
    for writer in hired:
        writer.leave()
