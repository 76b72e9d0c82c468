"""How much one address may post: a bus does not notice, a flood is stopped, nothing of an address is kept."""

import asyncio
import logging
from functools import partial

import httpx
import pytest
from fakes.guide import PublishedGuides
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from meguri_qrguide import limits
from meguri_qrguide.app import create_app
from meguri_qrguide.limits import FloodError, Limit, Limits
from meguri_qrguide.metrics import Metrics
from redis import Redis
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

NOW_MS = 1_760_000_000_000
BUS, OTHER = "192.0.2.7", "198.51.100.9"
AWAY = "redis://127.0.0.1:9"
FEW = 20
"""What a bucket holds where requests go through the whole app."""


class World:
    """Limits on a clock of the test's own."""

    def __init__(self, redis_url, limit=None):
        self.now_ms = NOW_MS
        self.metrics = Metrics()
        self.limits = Limits(redis_url, lambda: self.now_ms, self.metrics.redis_failures, limit)

    async def taken(self, host, posts, body_bytes=1_000):
        """How many of so many posts are taken, one after the other."""
        for number in range(posts):
            try:
                await self.limits.take(host, body_bytes)
            except FloodError:
                return number
        return posts


@pytest.fixture(params=["memory", "redis", "redis away"])
async def world(request):
    url = {"memory": None, "redis away": AWAY}.get(request.param) or (
        request.getfixturevalue("redis_url") if request.param == "redis" else None
    )
    if request.param == "redis":
        with Redis.from_url(url) as redis:
            redis.flushall()
    made = World(url)
    yield made
    await made.limits.close()


async def test_forty_five_phones_of_a_bus_with_a_days_log_in_several_posts_are_taken_at_once(world):
    assert await world.taken(BUS, 45 * 5, body_bytes=30_000) == 45 * 5


async def test_a_flood_from_one_address_is_stopped_and_another_address_is_not(world):
    assert await world.taken(BUS, 2_000) == 1_000
    assert await world.taken(OTHER, 45) == 45


async def test_after_the_time_that_is_said_the_same_post_is_taken(world):
    await world.taken(BUS, 2_000)
    with pytest.raises(FloodError) as flood:
        await world.limits.take(BUS, 200_000)
    assert flood.value.retry_after_s == 3
    world.now_ms += 1_000 * flood.value.retry_after_s
    await world.limits.take(BUS, 200_000)


async def test_a_large_body_takes_more_than_a_small_one(world):
    assert await world.taken(BUS, 2_000, body_bytes=250_000) == 1_000 // 31


async def test_an_address_of_version_6_is_limited_with_its_network_whatever_it_calls_itself(world):
    assert await world.taken("2001:db8:1:1::1", 1_000) == 1_000
    assert await world.taken("2001:db8:1:1:ffff::2", 1) == 0
    assert await world.taken("2001:db8:1:2::1", 1) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", None, "", "testclient"])
async def test_what_is_no_visitors_address_is_not_limited(host):
    assert await World(None, Limit(burst=1, per_second=1)).taken(host, 9) == 9


async def test_memory_forgets_buckets_that_are_nearly_full_and_keeps_the_floods(monkeypatch):
    monkeypatch.setattr(limits, "_MOST_BUCKETS", 50)
    world = World(None)
    await world.taken(BUS, 1_000)
    for number in range(500):
        await world.taken(f"10.0.{number // 250}.{number % 250}", 1)
    assert len(world.limits._memory._full_ms) <= 51
    assert await world.taken(BUS, 1) == 0


async def test_one_bucket_stands_for_all_replicas(redis_url):
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    one, other = World(redis_url), World(redis_url)
    assert await one.taken(BUS, 600) == 600
    assert await other.taken(BUS, 600) == 400
    await asyncio.gather(one.limits.close(), other.limits.close())


async def test_what_stands_in_redis_leads_to_nobody_and_is_gone_within_the_hour(redis_url):
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        redis.flushall()
        world = World(redis_url)
        await world.taken(BUS, 300)
        first = {name: redis.get(name) for name in redis.scan_iter()}
        assert BUS not in str(first)
        assert all(0 < redis.pttl(name) <= 3_600_000 for name in first)
        redis.flushall()
        world.now_ms += 3_600_000
        await world.taken(BUS, 300)
        assert len(first.keys() & set(redis.scan_iter())) == 1, (
            "the key's own name alone; the bucket has another"
        )
        await world.limits.close()


async def test_while_redis_is_away_it_is_left_alone_for_seconds_and_counted(caplog):
    world = World(AWAY)
    with caplog.at_level(logging.WARNING):
        await world.taken(BUS, 10)
    assert len(caplog.records) == 1
    assert BUS not in caplog.text
    assert world.metrics.redis_failures._value.get() == 10


def client_at(app, host):
    transport = httpx.ASGITransport(app, client=(host, 4_711))
    return httpx.AsyncClient(transport=transport, base_url="http://guide")


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def app(log, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "Limit", partial(Limit, burst=FEW))
    guides = PublishedGuides(tmp_path)
    return create_app(towns={TOWN.town: TOWN}, log=log, guides=guides, now_ms=lambda: NOW_MS)


async def test_a_flood_is_answered_429_with_when_to_come_again_and_leaves_no_address(app, log, caplog):
    async with client_at(app, BUS) as flood, client_at(app, OTHER) as visitor:
        answers = [await flood.post("/v1/events", json={"events": [{}]}) for _ in range(FEW + 1)]
        assert {each.status_code for each in answers[:-1]} == {422}
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert answers[-1].json()["error"].endswith("s.")
        assert (await visitor.post("/v1/events", json={})).status_code == 200
        metrics = (await visitor.get("/metrics")).text
    assert "meguri_qrguide_limited_total 1.0" in metrics
    kept = f"{log.read_all('dead-letters')}{caplog.text}{metrics}{answers[-1].text}"
    assert BUS not in kept


@pytest.mark.parametrize("body", [b"[", b" " * 300_000], ids=["no JSON", "too long"])
async def test_a_flood_of_what_is_refused_anyhow_is_stopped_too(app, log, body):
    async with client_at(app, BUS) as flood:
        headers = {"Content-Type": "application/json"}
        answers = [await flood.post("/v1/events", content=body, headers=headers) for _ in range(FEW + 1)]
    assert answers[-1].status_code == 429
    assert len(log.read_all("dead-letters")) <= FEW


async def test_behind_a_proxy_each_visitor_has_a_bucket_and_who_is_no_proxy_cannot_say_an_address(app):
    behind = ProxyHeadersMiddleware(app, trusted_hosts="203.0.113.1")

    async def posted(client, said):
        answers = [
            await client.post("/v1/events", json={}, headers={"X-Forwarded-For": said})
            for _ in range(FEW + 1)
        ]
        return answers[-1].status_code

    async with client_at(behind, "203.0.113.1") as proxy, client_at(behind, BUS) as liar:
        assert await posted(proxy, OTHER) == 429
        one = await proxy.post("/v1/events", json={}, headers={"X-Forwarded-For": f"{OTHER}, 192.0.2.200"})
        assert one.status_code == 200, "what a visitor claims before the proxy is no address"
        for number in range(FEW + 1):
            said = {"X-Forwarded-For": f"10.0.0.{number}"}
            answer = await liar.post("/v1/events", json={}, headers=said)
        assert answer.status_code == 429
