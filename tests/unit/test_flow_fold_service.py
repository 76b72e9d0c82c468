"""How the fold's service treats the offsets that it reads: a fake consumer hands them out."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from meguri_flow.stream.fold_service import FoldService, LogReplacedError
from meguri_flow.stream.owned import OwnedPartition
from meguri_flow.stream.snapshots import Loaded
from meguri_kit.clickhouse.store import StoreError
from reference.fold import Message
from reference.log import START, as_record, rules_record

WHERE = TopicPartition("detections", 0)
LOG = [rules_record(), *(as_record(Message(tick_ms=START + i)) for i in range(20))]


class FakeConsumer:
    def __init__(self, start=0):
        self.start = start
        self.end = 0
        self.sought = []
        self.reads = []

    async def getmany(self, **_):
        return {WHERE: records(*self.reads.pop(0))} if self.reads else {}

    def highwater(self, _):
        return self.end

    async def beginning_offsets(self, partitions):
        return dict.fromkeys(partitions, self.start)

    def seek(self, where, offset):
        self.sought.append((where, offset))


@pytest.fixture
def service():
    service = FoldService("127.0.0.1:1", store=None, log=None, redis_url="redis://127.0.0.1:1")
    service._consumer = FakeConsumer()
    return service


@pytest.fixture
def owned():
    return OwnedPartition(0, None, store=None, snapshots=None)


def records(*offsets):
    return [SimpleNamespace(offset=offset, value=LOG[offset]) for offset in offsets]


async def test_messages_below_the_next_offset_are_replays_and_are_skipped(service, owned):
    await service._take(WHERE, owned, records(0, 1, 2))
    await service._take(WHERE, owned, records(0, 1, 2, 3))
    assert owned.state.next_offset == 4


async def test_a_read_above_the_next_offset_is_taken_back_and_nothing_is_jumped_over(service, owned):
    await service._take(WHERE, owned, records(0, 1))
    await service._take(WHERE, owned, records(5, 6))
    assert owned.state.next_offset == 2
    assert service._consumer.sought == [(WHERE, 2)]
    await service._take(WHERE, owned, records(2, 3))
    assert owned.state.next_offset == 4


async def test_a_hole_inside_a_read_is_noticed_too(service, owned):
    await service._take(WHERE, owned, records(0, 1, 5, 6))
    assert owned.state.next_offset == 2
    assert service._consumer.sought == [(WHERE, 2)]


async def test_offsets_that_kafka_used_itself_are_passed_when_the_same_hole_comes_again(service, owned):
    for _ in range(2):
        await service._take(WHERE, owned, records(0, 1, 5, 6))
    assert owned.state.next_offset == 7


async def test_messages_gone_from_the_topic_are_passed_over(service, owned):
    service._consumer.start = 5
    await service._take(WHERE, owned, records(5, 6))
    assert owned.state.next_offset == 7


def test_findings_ahead_of_the_log_are_refused_with_what_to_do(service):
    loaded = Loaded(OwnedPartition(0, None, None, None).state, 0, 0)
    loaded.partition.next_offset = 9
    with pytest.raises(LogReplacedError, match="offset 9, but Kafka's log ends at 3"):
        service._take_over(WHERE, loaded, 0, 3)


@pytest.fixture
def reading(service, monkeypatch):
    """Lets the service take the reads given, one a turn, and tells after which turns it wrote."""
    written = []

    class WrittenPartition(OwnedPartition):
        def write(self, checkpoint):
            written.append(checkpoint.next_offset)

    async def commit(_):
        pass

    # Time stands still: nothing is due because it has waited.
    monkeypatch.setattr("meguri_flow.stream.fold_service.time", SimpleNamespace(monotonic=lambda: 100.0))
    service._owned[WHERE] = WrittenPartition(0, None, store=None, snapshots=None)
    service._consumer.commit = commit

    async def turns(*reads, end):
        service._consumer.end = end
        service._consumer.reads = list(reads)
        found = []
        for _ in range(len(reads) + 1):
            await service._fold(await service._consumer.getmany())
            await service._writing.ended()
            found.append(list(written))
            written.clear()
        return found

    return turns


async def test_what_is_folded_is_written_when_the_log_holds_nothing_more(reading):
    assert await reading(range(3), range(3, 6), end=6) == [[], [6], []]


async def test_while_the_log_holds_more_an_empty_read_is_no_reason_to_write(reading):
    assert await reading(range(3), range(3, 6), end=7) == [[], [], []]


async def test_nothing_new_is_nothing_to_write(reading):
    assert await reading(range(3), end=3) == [[3], []]
    assert await reading(end=3) == [[]]


async def test_much_is_written_while_the_log_holds_more(reading, monkeypatch):
    monkeypatch.setattr("meguri_flow.stream.pace.MOST_BYTES", sum(len(LOG[offset]) for offset in range(6)))
    assert await reading(range(3), range(3, 6), end=7) == [[], [6], []]


async def test_what_ended_a_write_ends_the_worker_also_when_nothing_more_comes(reading, service):
    class RefusedPartition(OwnedPartition):
        def write(self, _):
            raise StoreError("refused")

    service._owned[WHERE] = RefusedPartition(0, None, store=None, snapshots=None)
    with pytest.raises(StoreError, match="refused"):
        await reading(range(3), end=3)


async def test_a_commit_that_kafka_does_not_answer_holds_up_no_other_partitions_rows(
    reading, service, monkeypatch
):
    async def never_answered(_):
        await asyncio.Event().wait()

    monkeypatch.setattr("meguri_flow.stream.writing.COMMIT_SECONDS", 0.01)
    service._consumer.commit = never_answered
    other = OwnedPartition(1, None, store=None, snapshots=None)
    other.observe(list(enumerate(LOG[:3])))
    written = []
    monkeypatch.setattr(other, "write", written.append)
    service._owned[TopicPartition("detections", 1)] = other
    async with asyncio.timeout(30):
        assert await reading(range(3), end=3) == [[3], []]
    assert [checkpoint.next_offset for checkpoint in written] == [3]


async def test_a_task_that_a_library_cancels_ends_the_worker_instead_of_leaving_it_without_the_task(service):
    async def cancelled():
        raise asyncio.CancelledError

    await service._execute_task(cancelled())
    assert service.crashed
    assert "was cancelled" in str(service.crash_reason)
