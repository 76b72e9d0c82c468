"""However deliveries are grouped into messages, each stands in the log once, and a sensor's in its order."""

import asyncio
from collections import defaultdict

import numpy as np
from fakes.log import MemoryLog
from hypothesis import given
from hypothesis import strategies as st
from meguri_ingest.coalescing import MAX_MESSAGE_BYTES, Coalescer, Waits
from meguri_ingest.judging import Delivery
from meguri_ingest.metrics import Metrics
from meguri_ingest.opening import OpenDays
from meguri_kit.log import LogUnavailableError
from meguri_proto.columns import DTYPES, read_columns
from meguri_proto.schema.log_pb2 import Rules, Segment
from meguri_proto.topics import detections_partition

PARTITIONS = 4


def delivery(town, sensor, key_day, number, count):
    """A delivery whose every value tells whose it is."""
    columns = {name: np.full(count, number).astype(dtype).tobytes() for name, dtype in DTYPES.items()}
    segment = Segment(town=town, sensor=sensor, key_day=key_day, sequence=number, count=count)
    return Delivery(segment, columns)


class OneSlice:
    """The rules of towns that are not divided."""

    def of(self, town, key_day):
        return Rules(town=town, key_day=key_day, slices=1)


def coalescer(log, coalesce_s=0.0, coalesce_detections=50):
    days = OpenDays(log, OneSlice(), PARTITIONS)
    return Coalescer(log, days, PARTITIONS, Waits(coalesce_s, coalesce_detections, 10**6), Metrics())


def found_in(log, partition):
    """Every segment of a partition with its detections' own number, message by message."""
    messages = []
    for record in log.records(partition):
        if record.WhichOneof("body") == "detections":
            total = sum(segment.count for segment in record.detections.segments)
            columns = read_columns(record.detections, total)
            start, segments = 0, []
            for segment in record.detections.segments:
                end = start + segment.count
                for name, column in columns.items():
                    expected = np.full(segment.count, segment.sequence).astype(DTYPES[name])
                    assert np.array_equal(column[start:end], expected), name
                segments.append(segment)
                start = end
            messages.append(segments)
    return messages


posts = st.lists(
    st.tuples(
        st.sampled_from(["north", "south"]),
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), min_size=1, max_size=4),
        st.booleans(),  # at once
        st.integers(0, 3),  # turns of the loop before the next post
        st.sampled_from(["", "", "", "hold", "release", "fail", "recover"]),
    ),
    max_size=25,
)


async def run(log, posts, **waits):
    """Post everything without waiting for answers; (deliveries, whether they were acknowledged) of each."""
    subject = coalescer(log, **waits)
    number, posted = 0, []
    for town, sensor, batches, at_once, turns, event in posts:
        deliveries = []
        for key_day, count in batches:
            deliveries.append(delivery(town, sensor, key_day, number % 128, count))
            number += 1
        posted.append((deliveries, asyncio.create_task(subject.add(deliveries, at_once=at_once))))
        match event:
            case "hold":
                log.acknowledging.clear()
            case "release":
                log.acknowledging.set()
            case "fail":
                log.available = False
            case "recover":
                log.available = True
        for _ in range(turns):
            await asyncio.sleep(0)
    log.acknowledging.set()
    outcomes = await asyncio.gather(*(task for _, task in posted), return_exceptions=True)
    await subject.close()
    for outcome in outcomes:
        assert outcome is None or isinstance(outcome, LogUnavailableError)
    return [(deliveries, outcome is None) for (deliveries, _), outcome in zip(posted, outcomes, strict=True)]


def name_of(segment):
    return (segment.town, segment.sensor, segment.key_day, segment.sequence, segment.count)


@given(posts)
def test_every_acknowledged_delivery_stands_once_and_in_the_order_of_its_sensor(posts):
    log = MemoryLog()
    outcomes = asyncio.run(run(log, posts))
    acknowledged, refused = defaultdict(list), defaultdict(list)
    for deliveries, ok in outcomes:
        for each in deliveries:
            partition = detections_partition(each.segment.town, each.segment.key_day, PARTITIONS)
            (acknowledged if ok else refused)[partition].append(name_of(each.segment))
    for partition in range(PARTITIONS):
        found = [name_of(segment) for message in found_in(log, partition) for segment in message]
        assert len(found) == len(set(found))
        certain = [name for name in found if name not in refused[partition]]
        assert certain == [name for name in acknowledged[partition] if name not in refused[partition]]


@given(posts)
def test_the_rules_of_a_day_stand_before_its_detections(posts):
    log = MemoryLog()
    asyncio.run(run(log, posts))
    for partition in range(PARTITIONS):
        opened = set()
        for record in log.records(partition):
            if record.WhichOneof("body") == "rules":
                day = (record.rules.town, record.rules.key_day)
                assert day not in opened, "once in a process"
                opened.add(day)
            for segment in record.detections.segments:
                assert (segment.town, segment.key_day) in opened


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=30), st.booleans())
def test_no_message_is_larger_than_a_message_may_be(counts, at_once):
    log = MemoryLog()
    names = "n" * 64

    async def post():
        subject = coalescer(log, coalesce_detections=2_000)
        deliveries = [delivery(names, names, 1, n, count) for n, count in enumerate(counts)]
        await subject.add(deliveries, at_once=at_once)
        await subject.close()

    asyncio.run(post())
    (partition,) = {detections_partition(names, 1, PARTITIONS)}
    assert all(len(each.value) <= MAX_MESSAGE_BYTES for each in log.read("detections", partition))
    found = [segment.count for message in found_in(log, partition) for segment in message]
    assert found == counts


def test_deliveries_wait_for_each_other_until_there_are_enough():
    log = MemoryLog()

    async def post():
        subject = coalescer(log, coalesce_s=3600, coalesce_detections=30)
        await asyncio.gather(*(subject.add([delivery("t", "s", 0, n, 10)], at_once=False) for n in range(3)))
        await subject.close()

    asyncio.run(post())
    assert [[s.sequence for s in message] for message in found_in(log, detections_partition("t", 0, 4))] == [
        [0, 1, 2]
    ]


def test_what_goes_at_once_takes_along_what_waits():
    log = MemoryLog()

    async def post():
        subject = coalescer(log, coalesce_s=3600, coalesce_detections=1_000)
        waiting = asyncio.create_task(subject.add([delivery("t", "s", 0, 0, 1)], at_once=False))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        async with asyncio.timeout(10):
            await subject.add([delivery("t", "s", 0, 1, 1)], at_once=True)
            await waiting
        await subject.close()

    asyncio.run(post())
    assert [[s.sequence for s in message] for message in found_in(log, detections_partition("t", 0, 4))] == [
        [0, 1]
    ]


def test_what_waits_behind_a_refused_message_is_refused_with_it():
    log = MemoryLog()

    async def post():
        subject = coalescer(log, coalesce_s=3600)
        log.acknowledging.clear()
        first = asyncio.create_task(subject.add([delivery("t", "s", 0, 0, 1)], at_once=True))
        await asyncio.sleep(0.01)
        behind = asyncio.create_task(subject.add([delivery("t", "s", 0, 1, 1)], at_once=False))
        await asyncio.sleep(0.01)
        log.available = False
        log.acknowledging.set()
        async with asyncio.timeout(10):
            outcomes = await asyncio.gather(first, behind, return_exceptions=True)
        await subject.close()
        return outcomes

    assert [type(outcome) for outcome in asyncio.run(post())] == [LogUnavailableError] * 2
    assert len(log.calls) == 1, "Kafka was asked once"


def test_what_waits_when_it_closes_is_refused():
    async def post():
        subject = coalescer(MemoryLog(), coalesce_s=3600, coalesce_detections=1_000)
        waiting = asyncio.create_task(subject.add([delivery("t", "s", 0, 0, 1)], at_once=False))
        await asyncio.sleep(0.05)
        await subject.close()
        return (await asyncio.gather(waiting, return_exceptions=True))[0]

    assert isinstance(asyncio.run(post()), LogUnavailableError)


def test_a_caller_that_goes_away_takes_nobody_along():
    log = MemoryLog()

    async def post():
        subject = coalescer(log, coalesce_s=0.05)
        gone = asyncio.create_task(subject.add([delivery("t", "s", 0, 0, 1)], at_once=False))
        stays = asyncio.create_task(subject.add([delivery("t", "s", 0, 1, 1)], at_once=False))
        await asyncio.sleep(0.01)
        gone.cancel()
        await stays
        await subject.close()

    asyncio.run(post())
    found = [s.sequence for message in found_in(log, detections_partition("t", 0, 4)) for s in message]
    assert found == [0, 1]
