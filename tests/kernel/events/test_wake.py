"""Wake-ups: one pending at most, never an error, never a long wait; and the sweep finds what they lost."""

import socket
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import redis
from django.db import transaction

from ccx import celery, readers
from ccx.kernel.events.log import announce
from ccx.kernel.events.models import ReaderPosition
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import ThingHappened, taken

QUEUE = "ccx"


def use_redis(address: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point wake-ups at another server, for this test only."""
    settings.REDIS_URL = address
    monkeypatch.setattr(readers, "redis_client", lru_cache(readers.redis_client.__wrapped__))
    monkeypatch.setattr(celery, "impatient_broker", lru_cache(celery.impatient_broker.__wrapped__))
    monkeypatch.setattr(readers, "_redis_rests_until", 0.0)


@pytest.fixture
def broker(event_log: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator["redis.Redis"]:
    """A database of the real server, empty, for this test process alone."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    server.flushdb()
    use_redis(settings.REDIS_URL, settings, monkeypatch)
    settings.CCX_WAKE_READERS = "ccx.readers.wake"
    yield server
    server.flushdb()
    server.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


@pytest.fixture
def dead_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_many_commits_leave_one_wake_up(broker: "redis.Redis") -> None:
    for number in range(20):
        tell(number)

    assert broker.llen(QUEUE) == 1


def test_nobody_is_woken_before_the_commit_nor_after_a_rollback(broker: "redis.Redis") -> None:
    with transaction.atomic():
        announce(ThingHappened(number=1))
        assert broker.llen(QUEUE) == 0
        transaction.set_rollback(True)

    assert broker.llen(QUEUE) == 0


def test_a_pump_that_runs_may_be_woken_again(broker: "redis.Redis") -> None:
    tell(1)
    readers.pump()
    tell(2)

    assert broker.llen(QUEUE) >= 2
    readers.pump()
    assert taken("first") == [1, 2]


def test_a_pump_asks_for_the_sending_of_what_is_due(broker: "redis.Redis") -> None:
    tell(1)
    readers.pump()
    queued = [str(message) for message in broker.lrange(QUEUE, 0, -1)]

    assert sum("ccx.readers.send_effects" in message for message in queued) == 1
    readers.send_effects()
    assert taken("outside") == [1]


def test_an_emptied_redis_loses_nothing(broker: "redis.Redis") -> None:
    tell(1)
    broker.flushdb()

    readers.pump()

    assert taken("first") == [1]


def test_a_stopped_redis_is_no_error_and_the_sweep_catches_up(
    event_log: None, settings: Any, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    use_redis(f"redis://127.0.0.1:{dead_port}/0", settings, monkeypatch)
    settings.CCX_WAKE_READERS = "ccx.readers.wake"

    started = time.monotonic()
    for number in range(20):
        tell(number)
    readers.pump()

    assert time.monotonic() - started < 5
    assert taken("first") == list(range(20))


def test_a_redis_that_does_not_answer_costs_a_request_a_moment_once(
    event_log: None, settings: Any, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    use_redis(f"redis://127.0.0.1:{silent_port}/0", settings, monkeypatch)

    waits = []
    for _ in range(3):
        started = time.monotonic()
        readers.wake()
        waits.append(time.monotonic() - started)

    assert waits[0] < 1.0
    assert waits[1] + waits[2] < 0.1


def test_a_broker_that_dies_between_two_steps_is_no_error_either(
    broker: "redis.Redis", settings: Any, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    live = readers.redis_client()
    use_redis(f"redis://127.0.0.1:{silent_port}/0", settings, monkeypatch)
    monkeypatch.setattr(readers, "redis_client", lambda: live)

    started = time.monotonic()
    readers.wake()

    assert time.monotonic() - started < 2.0


def test_a_reader_far_behind_gets_a_task_of_its_own(broker: "redis.Redis") -> None:
    tell(*range(40))
    readers.pump()
    queued = [str(message) for message in broker.lrange(QUEUE, 0, -1)]

    assert sum("run_reader_task" in message for message in queued) == 3
    assert taken("first") == []
    readers.run_reader_task("first")
    assert taken("first") == list(range(40))
    assert ReaderPosition.objects.get(name="first").position == 40


def test_the_months_task_may_run_at_any_time(event_log: None) -> None:
    readers.ensure_event_partitions()
    readers.ensure_event_partitions()
