"""The pump in Celery. Redis may lose any of this at any moment: the sweep finds in the database what is left to do."""

import time
from functools import lru_cache

import redis
import structlog
from celery import Task, shared_task
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ccx.kernel.events import months
from ccx.kernel.events.effects import effects_are_due, send_due_effects
from ccx.kernel.events.pumping import pump as pump_until_done
from ccx.kernel.events.readers import Reader, reader_named
from ccx.kernel.events.running import run_reader

logger = structlog.get_logger(__name__)

WAKE_KEY = "ccx:wake"
# A wake-up that was lost on its way blocks the next one for no longer than this.
ASKED_FOR_MS = 1000
# The caller of wake() has answered a person's request: it may lose this much, once per REDIS_REST_SECONDS.
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_REST_SECONDS = 2.0
PUMP_SECONDS = 20.0
READER_SECONDS = 60.0

_redis_rests_until = 0.0


def wake() -> None:
    """Ask for a pump, unless one is already on its way. Never raises, never waits long: losing it costs seconds."""
    _ask(pump, key=WAKE_KEY)


@shared_task(name="ccx.readers.pump", acks_late=True, ignore_result=True)
def pump() -> None:
    """Number events and run readers until nothing is left; the sweep calls it every few seconds as well."""
    _forget_wake_up()
    finished = pump_until_done(seconds=PUMP_SECONDS, far_behind=_hand_over)
    if effects_are_due():
        _ask(send_effects, key="ccx:send")
    if not finished:
        wake()


@shared_task(name="ccx.readers.run_reader_task", acks_late=True, ignore_result=True)
def run_reader_task(name: str) -> None:
    """Let one reader that is far behind catch up; what came meanwhile is left to a last pump."""
    reader = reader_named(name)
    until = time.monotonic() + READER_SECONDS
    while time.monotonic() < until and run_reader(reader, max_batches=1):
        pass
    wake()


@shared_task(name="ccx.readers.send_effects", acks_late=True, ignore_result=True)
def send_effects() -> None:
    """Carry out the outside effects that are due."""
    until = time.monotonic() + PUMP_SECONDS
    while time.monotonic() < until and send_due_effects():
        pass


@shared_task(name="ccx.readers.ensure_event_partitions", acks_late=True, ignore_result=True)
def ensure_event_partitions() -> None:
    """Make the log's next months."""
    months.ensure_partitions()


def _hand_over(reader: Reader) -> bool:
    """A task of its own for a reader that is far behind; a second one finds the reader's lock taken and ends."""
    return _ask(run_reader_task, reader.name, key=f"ccx:catch-up:{reader.name}")


def _ask(task: Task, *args: str, key: str) -> bool:
    """Send a task, unless one was sent a moment ago; whether one is on its way.

    A Redis that does not answer is left in peace for a while.
    """
    global _redis_rests_until  # noqa: PLW0603 - one memory per process is the point
    if time.monotonic() < _redis_rests_until:
        return False
    try:
        if redis_client().set(key, "1", nx=True, px=ASKED_FOR_MS):
            task.apply_async(args, retry=False)
    except Exception as error:  # whatever the drivers raise, the sweep makes up for it
        _redis_rests_until = time.monotonic() + REDIS_REST_SECONDS
        logger.warning("not_asked", task=task.name, error=type(error).__name__)
        return False
    return True


def _forget_wake_up() -> None:
    """Before looking, so that whoever commits from now on wakes the next pump."""
    try:
        redis_client().delete(WAKE_KEY)
    except redis.RedisError as error:
        logger.warning("wake_up_not_forgotten", error=type(error).__name__)


@lru_cache(maxsize=1)
def redis_client() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=20,
    )
