"""Who is told of changes, and how changes of days are noticed."""

import asyncio

import pytest
from meguri_dashboard.changes import DayWatch, Subscribers
from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_proto.key_days import day_date, day_number

DAY = 20_000


class Days:
    """A store that knows days alone, and how often and since when it was asked."""

    def __init__(self):
        self.versions = {}
        self.is_away = False
        self.asked = []

    def query(self, name, params):
        assert name == "meguri_dashboard/day_versions"
        self.asked.append(day_number(params["since"]))
        if self.is_away:
            raise StoreUnavailableError("away")
        return [
            {"key_day": day_date(day), "version": version}
            for day, version in self.versions.items()
            if day >= self.asked[-1]
        ]


@pytest.fixture
def days():
    return Days()


@pytest.fixture
def subscribers():
    return Subscribers(["a", "b"])


@pytest.fixture
async def watch(days, subscribers):
    watch = DayWatch(days, ["a"], subscribers, every_s=0.005)
    running = asyncio.create_task(watch.run())
    yield watch
    running.cancel()


async def looked(days, times=2):
    seen = len(days.asked)
    while len(days.asked) < seen + times:  # noqa: ASYNC110  # the store is asked in another thread
        await asyncio.sleep(0.001)


async def test_a_new_version_of_a_day_is_told_and_the_same_one_is_not(days, subscribers, watch):
    with subscribers.subscription("a") as page:
        days.versions = {DAY: 7}
        assert await page.take(5) == ["day"]
        await looked(days)
        assert await page.take(0.001) == []
        days.versions = {DAY: 8}
        assert await page.take(5) == ["day"]


async def test_only_days_that_may_still_change_are_looked_at_again(days, subscribers, watch):
    days.versions = {DAY - 400: 1, DAY: 7}
    await looked(days, 3)
    assert days.asked[0] == 0
    assert days.asked[-1] == DAY - 3


async def test_many_pages_ask_clickhouse_no_oftener_than_one(days, subscribers, watch):
    with subscribers.subscription("a") as one, subscribers.subscription("a") as other:
        days.versions = {DAY: 7}
        assert await one.take(5) == await other.take(5) == ["day"]
        asked = len(days.asked)
        await looked(days, 1)
        assert len(days.asked) <= asked + 2


async def test_that_clickhouse_goes_away_and_comes_back_is_told(days, subscribers, watch):
    with subscribers.subscription("a") as page:
        await looked(days)
        days.is_away = True
        assert await page.take(5) == ["day"]
        assert not watch.is_store_up
        days.is_away = False
        assert await page.take(5) == ["day"]
        assert watch.is_store_up


async def test_changes_while_a_page_is_busy_are_told_once(subscribers):
    with subscribers.subscription("a") as page:
        for _ in range(3):
            subscribers.tell("a", "day")
            subscribers.tell("a", "live")
            subscribers.tell("b", "live")
        assert await page.take(1) == ["day", "live"]
        assert await page.take(0.001) == []
        subscribers.tell("a", "live")
        assert await page.take(1) == ["live"]


async def test_a_closed_page_is_forgotten(subscribers):
    with subscribers.subscription("a"):
        assert subscribers.count == 1
    assert subscribers.count == 0
    subscribers.tell("a", "live")
