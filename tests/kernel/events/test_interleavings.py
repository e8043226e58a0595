"""Whatever the order of commits, numbering and reading, each reader gets each event once, in the numbered order."""

from collections.abc import Callable
from dataclasses import replace

from django.db import connection
from hypothesis import HealthCheck, given, settings, strategies

from ccx.kernel.events.models import EventRow, LogHead, ReaderPosition
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events
from tests.kernel.events import recording
from tests.kernel.events.conftest import Writer
from tests.kernel.events.recording import taken

# Batches so small that a story has many of them, and of two sizes.
FIRST = replace(recording.FIRST, batch_size=1)
SECOND = replace(recording.SECOND, batch_size=2)
WRITERS = 3
STEPS = strategies.lists(
    strategies.one_of(
        strategies.tuples(strategies.sampled_from(["say", "commit", "roll_back"]), strategies.integers(0, WRITERS - 1)),
        strategies.tuples(strategies.sampled_from(["number", "read first", "read second"]), strategies.integers(1, 3)),
    ),
    min_size=5,
    max_size=40,
)


class Story:
    """Writers with open transactions, a sequencer and two readers, who act in the order of the steps."""

    def __init__(self, writers: list[Writer]) -> None:
        self.writers = writers
        self.open: dict[int, list[int]] = {}
        self.committed: set[int] = set()
        self.next = 0

    def act(self, step: str, who: int) -> None:
        """One step."""
        actions: dict[str, Callable[[int], object]] = {
            "say": self.say,
            "commit": self.commit,
            "roll_back": self.roll_back,
            "number": number_events,
            "read first": lambda count: run_reader(FIRST, max_batches=count),
            "read second": lambda count: run_reader(SECOND, max_batches=count),
        }
        actions[step](who)

    def say(self, who: int) -> None:
        if who not in self.open:
            self.writers[who].begin()
        self.writers[who].say(self.next)
        self.open.setdefault(who, []).append(self.next)
        self.next += 1

    def commit(self, who: int) -> None:
        if who in self.open:
            self.writers[who].commit()
            self.committed.update(self.open.pop(who))

    def roll_back(self, who: int) -> None:
        if who in self.open:
            self.writers[who].roll_back()
            del self.open[who]

    def end(self) -> None:
        """Everyone finishes."""
        for who in sorted(self.open):
            self.commit(who)
        while number_events(5) or run_reader(FIRST) or run_reader(SECOND):
            pass


def empty_the_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, taken_by_readers")
    LogHead.objects.all().delete()
    ReaderPosition.objects.all().delete()


def test_each_reader_gets_each_event_once_in_the_numbered_order(writers: Callable[[], Writer]) -> None:
    people = [writers() for _ in range(WRITERS)]

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=STEPS)
    def whatever_the_order(steps: list[tuple[str, int]]) -> None:
        empty_the_log()
        story = Story(people)
        for step, who in steps:
            story.act(step, who)
        story.end()

        rows = list(EventRow.objects.order_by("position"))
        in_order = [row.data["number"] for row in rows]
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        assert set(in_order) == story.committed
        assert taken("first") == taken("second") == in_order

    whatever_the_order()
