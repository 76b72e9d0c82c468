"""Redis for what a request waits for: it answers at once or counts as away."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

_TIMEOUT_S = 0.2


def impatient_redis(url: str) -> Redis:
    """A client that connects when it is first asked, and asks once; the caller closes it."""
    return Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
