"""Towns and slices in several shards, folded by several workers: as if one had folded each alone."""

from dataclasses import replace

import pytest
from engines.flow_world import PATIENCE, append, eventually, rows, visits_in, walk
from meguri_flow.app import Flow
from meguri_kit.log.producer import LogProducer
from meguri_kit.log.topics import create_topics
from meguri_proto.topics import detections_partition
from reference.fold import Message, fold
from reference.log import DAY, KEY_DAY, as_record, rules_record

PARTITIONS = 8
SLICES = 2
MESSAGES = walk(24)
EXPECTED = fold(MESSAGES, DAY).visits
TOWNS = ("mine", "minamiyamashiro", "obasute")


@pytest.fixture
def start_flow(kafka_bootstrap, store, redis_url, tmp_path):
    """Starts workers on a log of two shards; what still runs at the end is stopped."""
    create_topics(kafka_bootstrap, shards=PARTITIONS // 4)
    log = LogProducer(kafka_bootstrap)
    running = []

    def start():
        flow = Flow(kafka_bootstrap, store, log, redis_url, tmp_path)
        flow.start()
        assert flow.wait_started(PATIENCE)
        running.append(flow)
        return flow

    yield start
    for flow in running:
        flow.stop()
        assert flow.failed is None
    log.close()


def values_of_slice(town, slice_):
    """Rules, what the slice hears of the messages, and a tick that closes the day."""
    of_slice = (heard_by(message, slice_) for message in MESSAGES)
    closing = Message(tick_ms=DAY.end_ms + DAY.lateness_ms)
    return [
        rules_record(town=town, slice_=slice_),
        *(as_record(message, town, slice_=slice_) for message in of_slice if message.deliveries),
        as_record(closing, town),
    ]


def heard_by(message, slice_):
    """The message with the detections of the slice's devices alone."""
    (delivery,) = message.deliveries
    heard = tuple(each for each in delivery.detections if each.device % SLICES == slice_)
    return Message((replace(delivery, detections=heard),) if heard else ())


def test_slices_of_several_towns_are_whole_towns_though_a_worker_leaves_on_the_way(
    kafka_bootstrap, store, start_flow
):
    one, two = start_flow(), start_flow()
    eventually(lambda: sorted(len(flow.partitions()) for flow in (one, two)), [4, 4])
    of_slices = {(town, slice_): values_of_slice(town, slice_) for town in TOWNS for slice_ in range(SLICES)}
    assert {detections_partition(town, KEY_DAY, PARTITIONS, slice_) for town, slice_ in of_slices} == {3, 7}
    for (town, slice_), values in of_slices.items():
        append(kafka_bootstrap, values[:70], town, partitions=PARTITIONS, slice_=slice_)
    eventually(lambda: all(visits_in(store, town) for town in TOWNS), True, lambda: one.failed or two.failed)
    one.stop()
    for (town, slice_), values in of_slices.items():
        append(kafka_bootstrap, values[70:], town, partitions=PARTITIONS, slice_=slice_)
    complete = "SELECT slice, complete FROM days FINAL"
    for town in TOWNS:
        eventually(
            lambda town=town: sorted(rows(store, complete, town)), [(0, 1), (1, 1)], lambda: two.failed
        )
        assert visits_in(store, town) == EXPECTED
