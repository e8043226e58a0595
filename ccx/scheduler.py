"""The clock of the centre. However many schedulers run, one sends the ticks; another takes over when it is gone."""

import uuid
from typing import Any

import redis
import structlog
from celery.beat import PersistentScheduler

from ccx.readers import redis_client

logger = structlog.get_logger(__name__)

KEY = "ccx:scheduler"
# Renewed at every tick; whoever is silent for so long has lost its turn. Losing Redis loses at most one turn.
LEASE_MS = 10_000
LOOK_AGAIN_SECONDS = 1.0
RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class OneOfMany(PersistentScheduler):
    """Celery's scheduler, but only while it holds the lease."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.me = uuid.uuid4().hex
        self.has_turn: bool | None = None
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and how long to sleep; without the turn nothing is sent."""
        if not self._take_turn():
            return LOOK_AGAIN_SECONDS
        wait: float = super().tick(*args, **kwargs)
        return min(wait, LEASE_MS / 3000)

    def close(self) -> None:
        """Let the next one begin at once."""
        try:
            redis_client().eval(LET_GO, 1, KEY, self.me)
        except redis.RedisError as error:
            logger.warning("turn_not_let_go", error=type(error).__name__)
        super().close()

    def _take_turn(self) -> bool:
        try:
            has_turn = bool(redis_client().eval(RENEW, 1, KEY, self.me, LEASE_MS))
        except redis.RedisError as error:
            logger.warning("no_turn_without_redis", error=type(error).__name__)
            has_turn = False
        if has_turn != self.has_turn:
            logger.info("scheduler_turn", has_turn=has_turn)
        self.has_turn = has_turn
        return has_turn
