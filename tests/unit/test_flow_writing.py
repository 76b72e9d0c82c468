"""How checkpoints are written: one set after the other, and none over one that is not written."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from meguri_flow.stream.pace import CheckpointPace
from meguri_flow.stream.writing import Taken, Writing
from meguri_kit.clickhouse.store import StoreUnavailableError

WHERE = TopicPartition("detections", 0)


class Owned:
    """A partition whose store is away as often as it is told."""

    def __init__(self, times_away=0):
        self.number = 0
        self.times_away = times_away
        self.was_away = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.written = []

    def write(self, checkpoint):
        if self.times_away:
            self.times_away -= 1
            self._loop.call_soon_threadsafe(self.was_away.set)
            raise StoreUnavailableError("away")
        self.written.append(checkpoint.next_offset)


@pytest.fixture
def writing(monkeypatch):
    monkeypatch.setattr("meguri_flow.stream.writing.RETRY_SECONDS", (0,))
    committed = []

    async def commit(offsets):
        committed.append(offsets[WHERE])

    made = Writing(None, {}, CheckpointPace(), commit)
    made.committed = committed
    return made


def taken(writing, owned, offset):
    writing._owned[WHERE] = owned
    return Taken(WHERE, owned, SimpleNamespace(next_offset=offset, rejected=[]))


async def test_a_checkpoint_is_acknowledged_once_it_is_written(writing):
    owned = Owned(times_away=2)
    writing.begin([taken(writing, owned, 7)])
    await writing.ended()
    assert (owned.written, writing.committed) == ([7], [7])
    assert writing.is_idle


async def test_what_another_worker_took_over_is_left_to_it(writing):
    owned = Owned()
    checkpoint = taken(writing, owned, 7)
    writing._owned[WHERE] = Owned()
    writing.begin([checkpoint])
    await writing.ended()
    assert owned.written == []


async def test_a_worker_that_stops_while_the_store_is_away_writes_nothing_over_what_is_not_written(writing):
    owned = Owned(times_away=10**9)
    writing.begin([taken(writing, owned, 7)])
    await owned.was_away.wait()
    assert not await writing.close()
    assert owned.written == []


async def test_a_worker_that_stops_waits_for_what_is_being_written(writing):
    owned = Owned()
    writing.begin([taken(writing, owned, 7)])
    await asyncio.sleep(0)
    assert await writing.close()
    assert owned.written == [7]
