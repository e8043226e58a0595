"""The one Redis subscription of a process."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio as redis
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from ccx.kernel.live.nudging import address

logger = structlog.get_logger(__name__)

QUIET_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 2.0


class Listener:
    """Hands on every message; says when it begins to hear and when it no longer does. Never gives up."""

    def __init__(
        self,
        take: Callable[[dict[str, Any]], None],
        heard: Callable[[], Awaitable[None]],
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        self._take, self._heard, self._lost = take, heard, lost
        self.redis = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=2.0, socket_connect_timeout=2.0, retry=Retry(NoBackoff(), 0)
        )

    async def run(self) -> None:
        """Listen for ever; after a loss wait a little longer each time."""
        pause = 0.1
        while True:
            try:
                async with self.redis.pubsub() as subscription:
                    await subscription.subscribe(address())
                    async for message in _messages(subscription):
                        if message["type"] == "subscribe":
                            pause = 0.1
                            await self._heard()
                        elif message["type"] == "message":
                            self._take_safely(message["data"])
            except (redis.RedisError, OSError, TimeoutError) as error:
                logger.warning("redis_not_heard", error=type(error).__name__, pause_seconds=pause)
            await self._lost()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def close(self) -> None:
        await self.redis.aclose()

    def _take_safely(self, data: bytes) -> None:
        """Somebody else's words on our channel must not make us deaf."""
        try:
            self._take(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("nudge_not_understood", error=type(error).__name__)


async def _messages(subscription: "redis.client.PubSub") -> Any:
    """Messages as they come. A Redis that answers no ping is lost, even if nobody closed the connection."""
    asked = False
    while True:
        message = await subscription.get_message(timeout=QUIET_SECONDS)
        if message is not None:
            asked = False
            yield message
        elif asked:
            raise TimeoutError
        else:
            await subscription.ping()
            asked = True
