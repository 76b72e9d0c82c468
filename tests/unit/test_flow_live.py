"""Live numbers without Redis: they stop, and nothing waits for them longer than once."""

from meguri_flow.metrics import LIVE_FAILURES
from meguri_flow.stream.live import LiveNumbers


async def test_a_redis_that_is_away_is_asked_once_for_all_towns():
    live = LiveNumbers("redis://127.0.0.1:1/0")
    before = LIVE_FAILURES._value.get()
    await live.publish({"one": "{}", "two": "{}", "three": "{}"})
    assert LIVE_FAILURES._value.get() == before + 1
    await live.close()
