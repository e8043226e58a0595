"""How often somebody may ask: the generic cell rate algorithm in one script on Redis.

Without Redis everybody may: a limit protects the service, and must never be what takes it down.
"""

import time
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

TAKE = """
local spacing = tonumber(ARGV[1])
local room = spacing * tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local later = due + spacing
if later - room > now then
    return {0, 0, later - room - now, due - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', later), 'PX', math.ceil((later - now) / 1000) + 1000)
return {1, math.floor((now - (later - room)) / spacing), 0, later - now}
"""
TIMEOUT_SECONDS = 0.25
TRUST_FAILURE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So many a minute in the long run (less than one where they are rare), and so many at once."""

    name: str
    per_minute: float
    burst: int

    @property
    def spacing(self) -> int:
        """Microseconds between two requests in the long run."""
        return max(1, int(60_000_000 // self.per_minute))

    @property
    def window_seconds(self) -> int:
        """The time in which an exhausted burst is whole again."""
        return max(1, round(self.burst * self.spacing / 1_000_000))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`remaining` is None where nobody could be asked."""

    rate: Rate
    is_allowed: bool
    remaining: int | None
    retry_after: float = 0.0
    reset_after: float = 0.0

    def headers(self) -> dict[str, str]:
        """What every answer tells: the draft's fields and the names that older clients know."""
        told = {
            "RateLimit-Policy": f'"{self.rate.name}";q={self.rate.burst};w={self.rate.window_seconds}',
            "X-RateLimit-Limit": str(self.rate.burst),
        }
        if self.remaining is not None:
            reset = str(max(0, round(self.reset_after)))
            told["RateLimit"] = f'"{self.rate.name}";r={self.remaining};t={reset}'
            told["X-RateLimit-Remaining"] = str(self.remaining)
            told["X-RateLimit-Reset"] = reset
        return told


class Limiter:
    """Asks Redis, never for long; after a failure it lets a moment pass before it asks again."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self.script = self.client.register_script(TAKE)
        self.silent_until = 0.0

    def take(self, *, bucket: str, rate: Rate) -> Decision:
        """Count one request of this bucket."""
        if time.monotonic() < self.silent_until:
            return Decision(rate=rate, is_allowed=True, remaining=None)
        try:
            allowed, remaining, wait, reset = self.script(
                keys=[f"ccx:rate:{rate.name}:{bucket}"], args=[rate.spacing, rate.burst]
            )
        except redis.RedisError:
            self.silent_until = time.monotonic() + TRUST_FAILURE_SECONDS
            return Decision(rate=rate, is_allowed=True, remaining=None)
        return Decision(
            rate=rate,
            is_allowed=bool(allowed),
            remaining=int(remaining),
            retry_after=int(wait) / 1_000_000,
            reset_after=int(reset) / 1_000_000,
        )


@cache
def limiter_at(url: str) -> Limiter:
    """One limiter, and so one connection pool, per process."""
    return Limiter(url)


def take(*, bucket: str, rate: Rate) -> Decision:
    """Count one request of this bucket against its rate."""
    return limiter_at(settings.REDIS_URL).take(bucket=bucket, rate=rate)


def api_rate() -> Rate:
    """What one key, or one person's browser, may ask of the API."""
    per_minute = int(settings.CCX_API_REQUESTS_PER_MINUTE)
    return Rate(name="api", per_minute=per_minute, burst=max(1, per_minute // 10))


def stranger_rate() -> Rate:
    """What an address may ask that shows no valid key."""
    return Rate(name="address", per_minute=120, burst=60)
