"""What every log promises: Kafka, and the one in memory that stands for it in other tests."""

import asyncio
import contextlib
import signal
import time
from pathlib import Path

import psutil
import pytest
from fakes.log import Appended, MemoryLog
from kafka import KafkaConsumer, TopicPartition
from meguri_kit.log import MAX_RECORD_BYTES, LogProducer, LogUnavailableError, create_topics

TOPIC = "detections"


def stopped(task):
    """Whether a thread (its folder below /proc) is stopped or gone."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] in "TtXZ"
    except OSError:
        return True


class InMemory:
    def __init__(self):
        self.log = MemoryLog()

    def read(self, topic, partition):
        return self.log.read(topic, partition)

    @contextlib.contextmanager
    def outage(self):
        self.log.available = False
        yield
        self.log.available = True


class OnKafka:
    def __init__(self, bootstrap):
        self._bootstrap = bootstrap
        create_topics(bootstrap)
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
        self._starts = {}
        for partition in range(4):
            self._starts[TOPIC, partition] = self._end(TOPIC, partition)
        self.log = LogProducer(bootstrap, timeout_s=2)

    def read(self, topic, partition):
        here, end = TopicPartition(topic, partition), self._end(topic, partition)
        self._consumer.assign([here])
        self._consumer.seek(here, self._starts[topic, partition])
        found = []
        while self._consumer.position(here) < end:
            for records in self._consumer.poll(timeout_ms=200).values():
                found += [Appended(r.value, r.key, dict(r.headers)) for r in records]
        return found

    def _end(self, topic, partition):
        here = TopicPartition(topic, partition)
        return self._consumer.end_offsets([here])[here]

    @contextlib.contextmanager
    def outage(self):
        """The broker hangs: it takes connections and answers nothing."""
        port = int(self._bootstrap.rpartition(":")[2])
        (broker,) = (
            child
            for child in psutil.Process().children(recursive=True)
            if any(c.laddr.port == port and c.status == "LISTEN" for c in child.net_connections())
        )
        broker.send_signal(signal.SIGSTOP)
        # The signal stops its threads one by one; until the last has stopped, it still answers.
        tasks = Path(f"/proc/{broker.pid}/task")
        while tasks.is_dir() and not all(stopped(task) for task in tasks.iterdir()):
            time.sleep(0.001)
        try:
            yield
        finally:
            broker.send_signal(signal.SIGCONT)

    def close(self):
        self._consumer.close()
        self.log.close()


@pytest.fixture(params=["memory", "kafka"])
def world(request):
    if request.param == "memory":
        yield InMemory()
        return
    world = OnKafka(request.getfixturevalue("kafka_bootstrap"))
    yield world
    world.close()


async def test_an_acknowledged_record_is_in_its_partition_as_it_was(world):
    await world.log.append(TOPIC, b"\x00value", partition=2, key=b"k", headers=[("reason", b"r"), ("n", b"")])
    assert world.read(TOPIC, 2) == [Appended(b"\x00value", b"k", {"reason": b"r", "n": b""})]
    assert world.read(TOPIC, 1) == []


async def test_an_empty_record_is_a_record(world):
    await world.log.append(TOPIC, b"", partition=0)
    assert world.read(TOPIC, 0) == [Appended(b"", None, {})]


async def test_a_partition_keeps_the_order_of_the_calls(world):
    values = [b"%d" % n for n in range(500)]
    await asyncio.gather(*(world.log.append(TOPIC, value, partition=n % 2) for n, value in enumerate(values)))
    for partition in (0, 1):
        assert [each.value for each in world.read(TOPIC, partition)] == values[partition::2]


async def test_records_of_one_key_share_a_partition(world):
    for n in range(10):
        await world.log.append(TOPIC, b"%d" % n, key=b"village")
    full = [world.read(TOPIC, partition) for partition in range(4)]
    assert sorted(len(found) for found in full) == [0, 0, 0, 10]


async def test_a_record_may_be_as_large_as_the_log_says_and_no_larger(world):
    await world.log.append(TOPIC, bytes(MAX_RECORD_BYTES), partition=0)
    with pytest.raises(ValueError, match=f"a record of {MAX_RECORD_BYTES + 1} bytes for detections"):
        await world.log.append(TOPIC, bytes(MAX_RECORD_BYTES), partition=0, key=b"k")
    assert [len(each.value) for each in world.read(TOPIC, 0)] == [MAX_RECORD_BYTES]


async def test_a_partition_that_does_not_exist_is_refused(world):
    with pytest.raises(ValueError, match="Unrecognized partition 9"):
        await world.log.append(TOPIC, b"x", partition=9)


async def test_an_append_in_an_outage_is_refused_and_one_after_it_is_taken(world):
    await world.log.append(TOPIC, b"before", partition=0)
    assert await world.log.reachable()
    with world.outage():
        appends = [world.log.append(TOPIC, b"during", partition=0) for _ in range(3)]
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LogUnavailableError] * 3
        assert not await world.log.reachable()
    await world.log.append(TOPIC, b"after", partition=0)
    assert await world.log.reachable()
    values = [each.value for each in world.read(TOPIC, 0)]
    # What was refused may be there all the same: nobody knows what a broker that hangs has taken.
    assert [value for value in values if value != b"during"] == [b"before", b"after"]


async def test_what_a_caller_appended_stays_though_it_went_away(world):
    task = asyncio.create_task(world.log.append(TOPIC, b"abandoned", partition=0))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await world.log.append(TOPIC, b"next", partition=0)
    assert [each.value for each in world.read(TOPIC, 0)] == [b"abandoned", b"next"]


async def test_a_closed_log_takes_nothing(world):
    world.log.close()
    with pytest.raises(LogUnavailableError):
        await world.log.append(TOPIC, b"x", partition=0)
