"""What the scheduler calls exists where the worker looks for it, and one of several schedulers calls it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from celery.beat import PersistentScheduler
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ccx.celery import app
from ccx.embedded.ports import a_free_port
from ccx.readers import redis_client
from ccx.scheduler import KEY, LEASE_MS, LOOK_AGAIN_SECONDS, OneOfMany

TELL = """
import django
django.setup()
from ccx.celery import app
app.loader.import_default_modules()
print("\\n".join(app.tasks))
"""


def test_a_worker_knows_every_task_of_the_schedule() -> None:
    told = subprocess.run(
        [sys.executable, "-c", TELL],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ccx.settings.test"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled - set(told.stdout.split()) == set()


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent, by whom, instead of the library's ticks."""
    sent: list[str] = []

    def tick(self: OneOfMany) -> float:
        sent.append(self.me)
        return 60.0

    monkeypatch.setattr(PersistentScheduler, "tick", tick)
    redis_client().delete(KEY)
    return sent


def scheduler(name: str, tmp_path: Path) -> OneOfMany:
    made = OneOfMany(app=app, schedule_filename=str(tmp_path / name), lazy=True)
    made.me = name
    return made


def test_of_two_schedulers_one_ticks_and_the_other_takes_over(ticks: list[str], tmp_path: Path) -> None:
    first, second = scheduler("first", tmp_path), scheduler("second", tmp_path)
    assert first.tick() < LEASE_MS / 2000
    assert second.tick() == LOOK_AGAIN_SECONDS
    first.tick()
    assert ticks == ["first", "first"]

    # It goes: the other begins at once.
    first.close()
    second.tick()
    assert ticks[2:] == ["second"]

    # It dies, or sleeps: its turn ends by itself, and when it wakes up it sends nothing.
    assert 0 < redis_client().pttl(KEY) <= LEASE_MS
    redis_client().delete(KEY)
    first.tick()
    second.tick()
    assert ticks[3:] == ["first"]


def test_an_emptied_redis_costs_no_turn(ticks: list[str], tmp_path: Path) -> None:
    only = scheduler("only", tmp_path)
    only.tick()
    redis_client().delete(KEY)
    only.tick()
    assert ticks == ["only", "only"]


def test_without_redis_nothing_is_sent_and_nothing_breaks(
    ticks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = scheduler("only", tmp_path)
    away = redis.Redis(port=a_free_port(), retry=Retry(NoBackoff(), 0))
    with monkeypatch.context() as patch:
        patch.setattr("ccx.scheduler.redis_client", lambda: away)
        assert only.tick() == LOOK_AGAIN_SECONDS
    only.tick()
    assert ticks == ["only"]
