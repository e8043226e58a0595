"""The cache as a memory that may be lost at any moment: while Redis is away it is empty, and nobody waits for it."""

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import redis
import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger(__name__)

T = TypeVar("T")

# Whoever asks is answering a person: a Redis that is away costs this much, once per REST_SECONDS.
ANSWER_SECONDS = 0.5
REST_SECONDS = 2.0
_rests_until: dict[str, float] = {}


class ForgetfulCache(RedisCache):
    """Django's cache on Redis that looks empty instead of failing. What must be remembered is a row."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._where = str(server)
        self._options: dict[str, Any] = {
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            **params.get("OPTIONS", {}),
        }

    def answers(self) -> bool:
        """Whether Redis is there now, however it was a moment ago."""
        try:
            return bool(self._cache.get_client().ping())
        except redis.RedisError:
            return False

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._or(lambda: super(ForgetfulCache, self).add(key, value, timeout, version), True)  # noqa: FBT003

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._or(lambda: super(ForgetfulCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        self._or(lambda: super(ForgetfulCache, self).set(key, value, timeout, version), None)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._or(lambda: super(ForgetfulCache, self).touch(key, timeout, version), False)  # noqa: FBT003

    def delete(self, key: Any, version: Any = None) -> bool:
        return self._or(lambda: super(ForgetfulCache, self).delete(key, version), False)  # noqa: FBT003

    def get_many(self, keys: Iterable[Any], version: Any = None) -> dict[Any, Any]:
        return self._or(lambda: super(ForgetfulCache, self).get_many(keys, version), {})

    def has_key(self, key: Any, version: Any = None) -> bool:
        return self._or(lambda: super(ForgetfulCache, self).has_key(key, version), False)  # noqa: FBT003

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        counted = self._or(lambda: super(ForgetfulCache, self).incr(key, delta, version), None)
        if counted is None:
            raise ValueError("Nothing is counted under this key.")
        return counted

    def set_many(self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> list[Any]:
        return self._or(lambda: super(ForgetfulCache, self).set_many(data, timeout, version), list(data))

    def delete_many(self, keys: Iterable[Any], version: Any = None) -> None:
        self._or(lambda: super(ForgetfulCache, self).delete_many(keys, version), None)

    def _or(self, ask: Callable[[], T], otherwise: T) -> T:
        """What Redis says, or else what an empty memory would. One that failed is left in peace for a while."""
        if time.monotonic() < _rests_until.get(self._where, 0.0):
            return otherwise
        try:
            return ask()
        except redis.RedisError as error:
            _rests_until[self._where] = time.monotonic() + REST_SECONDS
            logger.warning("cache_is_away", error=type(error).__name__, rests_seconds=REST_SECONDS)
            return otherwise
