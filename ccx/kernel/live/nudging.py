"""`nudge`: tell the pages that follow something to read it again."""

import json
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger(__name__)

# Whoever nudges may be answering a person: a Redis that is away costs this much, once per REST_SECONDS.
CONNECT_SECONDS = 0.1
ANSWER_SECONDS = 0.15
REST_SECONDS = 2.0
MOST_TOPICS_AT_ONCE = 500

_rests_until = 0.0


def nudge(*topics: str, what: str = "") -> None:
    """Tell all pages that follow one of the topics, once the transaction commits. Never raises, never waits long.

    `what` is a code that may help a page to decide what to read; a nudge that is lost costs speed and nothing else.
    """
    wanted = list(dict.fromkeys(topics))
    for start in range(0, len(wanted), MOST_TOPICS_AT_ONCE):
        told = {"topics": wanted[start : start + MOST_TOPICS_AT_ONCE], "what": what}
        transaction.on_commit(partial(publish, told), robust=True)


def address() -> str:
    """The Redis channel and the prefix of keys. Named after the database: nudges are about its rows."""
    return f"ccx:live:{settings.DATABASES['default']['NAME']}"


def publish(told: Mapping[str, Any]) -> None:
    """Say it to every hub now. Sockets make up for what is lost when they hear Redis again."""
    ask(lambda client: client.publish(address(), json.dumps(told)))


def ask(question: "Callable[[redis.Redis], Any]") -> Any:
    """Ask Redis, or get None. One that does not answer is left in peace for a while."""
    global _rests_until  # noqa: PLW0603 - one memory per process is the point
    if time.monotonic() < _rests_until:
        return None
    try:
        return question(_redis())
    except Exception as error:  # whatever the driver raises, the change itself is done
        _rests_until = time.monotonic() + REST_SECONDS
        logger.warning("not_nudged", error=type(error).__name__, rests_seconds=REST_SECONDS)
        return None


@lru_cache(maxsize=1)
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=20,
    )
