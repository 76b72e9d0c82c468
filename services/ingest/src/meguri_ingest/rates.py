"""How many requests a token may make in a minute; counted in Redis, so for all replicas together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from meguri_kit.impatient_redis import impatient_redis
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_ingest.metrics import Metrics

_MINUTE_MS = 60_000
_PAUSE_MS = 5_000
"""Redis is left alone so long after it did not answer, so that uploads do not wait for it each time."""

_logger = logging.getLogger(__name__)


class TooManyRequestsError(Exception):
    """The token has used up its minute."""

    def __init__(self, role: str, retry_after_s: int) -> None:
        super().__init__(f"Too many requests of this {role} within a minute.")
        self.retry_after_s = retry_after_s


class Rates:
    """Counts requests by caller and minute. Without Redis nothing is counted and everything goes on.

    Args:
        redis_url: None for no limit.
        limits: requests a minute by role, and webhooks that are badly signed.
        now_ms: the wall clock, epoch milliseconds.
        metrics: counts what Redis could not.
    """

    def __init__(
        self, redis_url: str | None, limits: dict[str, int], now_ms: Callable[[], int], metrics: Metrics
    ) -> None:
        self._redis = impatient_redis(redis_url) if redis_url else None
        self._limits = limits
        self._now_ms = now_ms
        self._metrics = metrics
        self._paused_until_ms = 0

    async def count(self, role: str, town: str, name: str) -> None:
        """Count one request of the holder of this name.

        Raises:
            TooManyRequestsError: it is one too many.
        """
        now_ms = self._now_ms()
        if self._redis is None:
            return
        if now_ms < self._paused_until_ms:
            self._metrics.redis_failures.inc()
            return
        minute, spent_ms = divmod(now_ms, _MINUTE_MS)
        name = f"rate:ingest:{town}:{name}:{role}:{minute}"
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incr(name)
                pipeline.expire(name, 2 * _MINUTE_MS // 1000)
                requests, _ = await pipeline.execute()
        except (RedisError, OSError) as error:
            self._paused_until_ms = now_ms + _PAUSE_MS
            self._metrics.redis_failures.inc()
            _logger.warning("Redis does not count requests (%s); uploads go on", type(error).__name__)
            return
        if requests > self._limits[role]:
            raise TooManyRequestsError(role, -(-(_MINUTE_MS - spent_ms) // 1000))

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()
