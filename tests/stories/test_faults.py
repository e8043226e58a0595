"""What may break while contacts come in: afterwards facts equal a rebuild, and every letter went out once."""

import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from django.db import connection

from analytics.facts.models import Fact
from ccx import celery, readers
from ccx.kernel.events.failpoints import KILLED
from ccx.kernel.events.models import EventRow, Origin
from ccx.kernel.events.pumping import pump_everything
from interactions.cases.choices import Outcome
from interactions.cases.events import InteractionClosed
from interactions.channels.choices import Channel
from interactions.customers.models import Customer
from interactions.handling.services import abandon_interaction, accept_interaction, close_interaction, correct_reason
from interactions.intake.services import receive
from interactions.models import Interaction
from tests.factories.contacts import claim, contact
from tests.factories.derived import assert_derived_is_true
from tests.factories.histories import History
from tests.factories.told import Line, a_reason_of, later
from tests.kernel.events.conftest import Writer
from tests.killing import exit_code_of
from tests.stories import letters

FAILPOINTS = ("sequencer.after_number", "reader.after_handle", "reader.after_commit")


@pytest.fixture
def log(transactional_db: None, settings: Any) -> Iterator[None]:
    """An empty log with real commits, followed by the facts and by letters to the world."""
    settings.CCX_READERS = "tests.stories.letters.READERS"
    settings.CCX_SENDERS = "tests.stories.letters.SENDERS"
    with connection.cursor() as cursor:
        cursor.execute(letters.CREATE)
        cursor.execute("TRUNCATE letters_sent")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE letters_sent")


@pytest.fixture
def hire(log: None) -> Iterator[Callable[[], Writer]]:
    """Makes people on connections of their own."""
    hired: list[Writer] = []

    def one() -> Writer:
        hired.append(Writer())
        return hired[-1]

    yield one
    for writer in hired:
        writer.leave()


@pytest.fixture
def line(log: None) -> Line:
    found = Line()
    found.inbox(Channel.VOICE)
    return found


@pytest.fixture
def dead_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def assert_all_is_well() -> None:
    """Facts and roll-ups are those of a rebuild; each contact that ended live got its one letter."""
    assert Fact.objects.count() == Interaction.objects.count() > 0
    assert_derived_is_true()
    ended = EventRow.objects.filter(kind=InteractionClosed.kind, origin=Origin.LIVE)
    assert letters.letters_sent() == sorted(ended.values_list("interaction_id", flat=True))
    assert len(letters.letters_sent()) > 0


def run_pump(failpoint: str = "", batch: int = 4) -> int:
    """A pump in a process of its own; its exit code."""

    def pump() -> None:
        letters.READERS = tuple(replace(reader, batch_size=batch) for reader in letters.READERS)
        pump_everything()

    return exit_code_of(pump, failpoint)


def some_steps(seed: int, number: int) -> list[tuple[int, ...]]:
    chance = random.Random(seed)
    return [tuple(chance.randint(0, bound) for bound in (26, 59, 83, 60)) for _ in range(number)]


def a_finished_call(line: Line, number: int, at: float = 0, who: str = "ann@example.test") -> None:
    """One caller, answered and done, told live."""
    came = contact(line.inbox(Channel.VOICE), f"call {number}", identity=claim(who), occurred_at=later(hours=at))
    told = {"interaction_id": receive(contact=came, by_id=None).interaction_id, "by": line.agent}
    accept_interaction(agent=line.agent, at=later(hours=at, seconds=5), **told)
    close_interaction(at=later(hours=at, seconds=65), **told)


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_pump_killed_at_any_named_point_leaves_true_facts_and_one_letter_each(log: None, failpoint: str) -> None:
    history = History()
    history.tell(some_steps(5, 60))
    for _ in range(3):
        assert run_pump(failpoint) == KILLED
        history.tell(some_steps(6, 10))

    assert run_pump() == 0

    assert_all_is_well()


def test_what_was_written_first_and_committed_last_is_not_skipped(line: Line, hire: Callable[[], Writer]) -> None:
    slow = hire()
    slow.begin()
    slow.do(lambda: a_finished_call(line, 1))
    a_finished_call(line, 2, at=48, who="bob@example.test")
    pump_everything()
    assert Fact.objects.count() == 1

    slow.commit()
    pump_everything()

    first, second = EventRow.objects.order_by("id").filter(kind=InteractionClosed.kind)
    assert (first.pk < second.pk, first.position > second.position) == (True, True)
    assert Fact.objects.count() == 2
    assert_all_is_well()


def test_one_waits_for_anothers_row_while_a_third_stays_open(line: Line, hire: Callable[[], Writer]) -> None:
    a_finished_call(line, 1)
    interaction = Interaction.objects.get()
    bill, login = a_reason_of("bill"), a_reason_of("login")
    holds, waits, unrelated = hire(), hire(), hire()
    unrelated.begin()
    unrelated.do(lambda: Customer.objects.create(name="Somebody else"))
    holds.begin()
    holds.do(lambda: correct_reason(interaction_id=interaction.pk, reason=bill, by=None))
    waits.start(lambda: correct_reason(interaction_id=interaction.pk, reason=login, by=None))
    pump_everything()
    assert Fact.objects.get().reason_id is None

    holds.commit()
    waits.finish()
    pump_everything()

    assert Fact.objects.get().reason_id == login.pk
    assert_all_is_well()
    unrelated.roll_back()


def test_an_open_write_in_another_database_stalls_nothing(line: Line) -> None:
    to = connection.settings_dict
    elsewhere = psycopg2.connect(
        dbname="postgres", user=to["USER"], password=to["PASSWORD"], host=to["HOST"], port=to["PORT"]
    )
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE kept_open (n int); INSERT INTO kept_open VALUES (1)")
            cursor.execute("SELECT pg_current_xact_id()")
        for number in range(3):
            a_finished_call(line, number, at=number)
        pump_everything()

        assert Fact.objects.count() == 3
        assert_all_is_well()
    finally:
        elsewhere.rollback()
        elsewhere.close()


def point_wake_ups_at(address: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server, for this test only."""
    settings.REDIS_URL = address
    monkeypatch.setattr(readers, "redis_client", lru_cache(readers.redis_client.__wrapped__))
    monkeypatch.setattr(celery, "impatient_broker", lru_cache(celery.impatient_broker.__wrapped__))
    monkeypatch.setattr(readers, "_redis_rests_until", 0.0)


def test_redis_emptied_and_then_gone_loses_nothing(
    line: Line, settings: Any, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    parts = urlsplit(settings.REDIS_URL)
    point_wake_ups_at(parts.geturl(), settings, monkeypatch)
    settings.CCX_WAKE_READERS = "ccx.readers.wake"
    server = redis.Redis.from_url(parts.geturl())
    a_finished_call(line, 1)
    server.flushdb()
    server.close()
    a_finished_call(line, 2, at=30)

    point_wake_ups_at(parts._replace(netloc=f"127.0.0.1:{dead_port}").geturl(), settings, monkeypatch)
    a_finished_call(line, 3, at=60)
    came = contact(line.inbox(Channel.VOICE), "left", identity=claim(), occurred_at=later(hours=90))
    number = receive(contact=came, by_id=None).interaction_id
    abandon_interaction(interaction_id=number or 0, at=later(hours=90, seconds=9), by=None)
    readers.pump()
    readers.send_effects()

    assert Fact.objects.filter(outcome=Outcome.ABANDONED).count() == 1
    assert_all_is_well()
