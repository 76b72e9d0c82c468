"""How much one address may post, without any address being kept: a bucket that fills by itself.

A bucket stands under a keyed hash of the visitor's address (of IPv6 the network of 64 bits, which one
connection has). The key is drawn at random and lives for an hour, so that what stands in Redis leads to
nobody; a bucket itself is gone as soon as it would be full again. Decision 0033.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from meguri_kit.impatient_redis import impatient_redis
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import Counter
    from redis.asyncio import Redis

BYTES_A_UNIT = 8 * 1024
_KEY_LIVES_S = 3_600
_KEY = "limit:qrguide:key"
_PAUSE_MS = 5_000
"""Redis is left alone so long after it did not answer, so that posts do not wait for it each time."""
_MOST_BUCKETS = 50_000
"""In memory; beyond them those that are nearly full again are forgotten first."""
# The bucket is kept as the time at which it is full again (the generic cell rate algorithm). Returns how many
# milliseconds the caller has to wait, 0 if the units were taken.
_TAKE = """
local now, cost, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + cost
if full - now > burst then
    return full - now - burst
end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', full - now))
return 0
"""

_logger = logging.getLogger(__name__)


class FloodError(Exception):
    """The address has posted more than its bucket holds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"Too much was posted from this network within a short time; post the same again in "
            f"{retry_after_s} s."
        )
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Limit:
    """Of one address. A post is one unit and one more for every `BYTES_A_UNIT` of its body."""

    burst: int = 1_000
    """What a full bucket holds: a bus of 45 phones behind one Wi-Fi, each with a day's log in a few posts,
    takes less than a third."""
    per_second: int = 10
    """What flows in."""

    @property
    def unit_ms(self) -> int:
        """In which one unit flows in."""
        return 1_000 // self.per_second


class Limits:
    """The buckets: in Redis, so of all replicas together, and in memory while Redis does not answer.

    Args:
        redis_url: None for memory alone.
        now_ms: the wall clock, epoch milliseconds.
        redis_failures: counts what Redis could not.
        limit: of one address.
    """

    def __init__(
        self,
        redis_url: str | None,
        now_ms: Callable[[], int],
        redis_failures: Counter,
        limit: Limit | None = None,
    ) -> None:
        self._redis = impatient_redis(redis_url) if redis_url else None
        self._now_ms = now_ms
        self._redis_failures = redis_failures
        self._limit = limit or Limit()
        self._memory = _Memory(self._limit)
        self._key = b""
        self._key_until_ms = 0
        self._paused_until_ms = 0

    async def take(self, host: str | None, body_bytes: int) -> None:
        """Take a post from the bucket of its address.

        What comes from this machine itself or from no address is no visitor's and is not limited.

        Args:
            host: the visitor's address as text, as the proxy says it where there is one.
            body_bytes: of the post.

        Raises:
            FloodError: there is not so much in it.
        """
        address = _network(host)
        if address is None:
            return
        cost_ms = (1 + body_bytes // BYTES_A_UNIT) * self._limit.unit_ms
        wait_ms = await self._take(address, cost_ms)
        if wait_ms:
            raise FloodError(-(-wait_ms // 1_000))

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _take(self, address: bytes, cost_ms: int) -> int:
        now_ms = self._now_ms()
        if self._redis is None:
            return self._memory.take(address, cost_ms, now_ms)
        if now_ms < self._paused_until_ms:
            self._redis_failures.inc()
            return self._memory.take(address, cost_ms, now_ms)
        try:
            name = f"limit:qrguide:{_hashed(address, await self._key_of_hour(self._redis, now_ms))}"
            burst_ms = self._limit.burst * self._limit.unit_ms
            return int(await self._redis.eval(_TAKE, 1, name, now_ms, cost_ms, burst_ms))
        except (RedisError, OSError) as error:
            self._paused_until_ms = now_ms + _PAUSE_MS
            self._redis_failures.inc()
            _logger.warning("Redis does not limit posts (%s); memory does", type(error).__name__)
            return self._memory.take(address, cost_ms, now_ms)

    async def _key_of_hour(self, redis: Redis, now_ms: int) -> bytes:
        """The key that all replicas share; Redis forgets it after an hour."""
        if now_ms >= self._key_until_ms:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.set(_KEY, secrets.token_hex(32), nx=True, ex=_KEY_LIVES_S)
                pipeline.get(_KEY)
                pipeline.pttl(_KEY)
                _, self._key, lives_ms = await pipeline.execute()
            self._key_until_ms = now_ms + max(0, lives_ms)
        return self._key


class _Memory:
    """Buckets of this process, under a key of its own."""

    def __init__(self, limit: Limit) -> None:
        self._burst_ms = limit.burst * limit.unit_ms
        self._full_ms: dict[str, int] = {}
        self._key = b""
        self._key_until_ms = 0

    def take(self, address: bytes, cost_ms: int, now_ms: int) -> int:
        if now_ms >= self._key_until_ms:
            self._key, self._key_until_ms = secrets.token_bytes(32), now_ms + _KEY_LIVES_S * 1_000
            self._full_ms.clear()
        name = _hashed(address, self._key)
        full_ms = max(self._full_ms.get(name, 0), now_ms) + cost_ms
        if full_ms - now_ms > self._burst_ms:
            return full_ms - now_ms - self._burst_ms
        self._full_ms[name] = full_ms
        if len(self._full_ms) > _MOST_BUCKETS:
            emptiest = sorted(self._full_ms.items(), key=lambda bucket: bucket[1])[_MOST_BUCKETS // 2 :]
            self._full_ms = dict(emptiest)
        return 0


def _network(host: str | None) -> bytes | None:
    """Of the address: itself, of IPv6 its first 64 bits; None of one that is no visitor's."""
    try:
        address: IPv4Address | IPv6Address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return None
    return address.packed[:8]


def _hashed(address: bytes, key: bytes) -> str:
    return blake2b(address, key=key, digest_size=16).hexdigest()
