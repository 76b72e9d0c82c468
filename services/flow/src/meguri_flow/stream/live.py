"""What is true right now, for Redis: overwritten from the state, never incremented."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from redis.exceptions import RedisError

from meguri_flow import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meguri_flow.domain.day import Day

logger = logging.getLogger(__name__)


class LiveNumbers:
    """Publishes each town's live numbers when they changed. Without Redis they stop; nothing else does."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
        self._published: dict[str, str] = {}
        self._away = False

    async def publish(self, numbers: Mapping[str, str]) -> None:
        """Publish what `live_numbers` gave, as far as it changed; a Redis that is away is asked once."""
        for town, text in numbers.items():
            if self._published.get(town) != text and not await self._publish(town, text):
                return

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()

    async def _publish(self, town: str, numbers: str) -> bool:
        """Whether Redis took them."""
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.set(f"live:{town}", numbers)
                pipeline.publish(f"live:{town}", numbers)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            metrics.LIVE_FAILURES.inc()
            if not self._away:
                logger.warning("Redis does not answer, the live numbers stop until it does: %s", error)
            self._away = True
            return False
        if self._away:
            logger.info("Redis answers again, the live numbers go on")
        self._away = False
        self._published[town] = numbers
        return True


def live_numbers(days: Iterable[Day]) -> dict[str, str]:
    """The live numbers of each town's newest running day, as JSON; a day that is over has none."""
    newest: dict[str, Day] = {}
    for day in days:
        before = newest.get(day.rules.town)
        is_running = day.rules.start_ms <= day.town_time_ms < day.rules.end_ms
        if is_running and (before is None or before.rules.key_day < day.rules.key_day):
            newest[day.rules.town] = day
    return {town: _numbers(day) for town, day in newest.items()}


def _numbers(day: Day) -> str:
    return json.dumps(
        {
            "town_time_ms": day.town_time_ms,
            "key_day": day.rules.key_day,
            "active": day.active(),
            "sensors": day.last_heard_ms(),
        },
        sort_keys=True,
    )
