"""The flow on real Kafka, Redis and ClickHouse: rows are the reference's, whatever interrupts it."""

import asyncio
import json
from functools import partial

import pytest
import redis
from engines.flow_world import (
    PATIENCE,
    append,
    dead_letters,
    eventually,
    is_complete,
    log_end,
    rows,
    values_of,
    visits_in,
    walk,
)
from kafka import KafkaAdminClient, TopicPartition
from meguri_flow.app import Flow
from meguri_flow.metrics import LIVE_FAILURES, LOST_MESSAGES
from meguri_flow.stream.topic_rows import ONE_TO_ONE
from meguri_kit.log.producer import LogProducer
from meguri_kit.log.topics import create_topics
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.topics import detections_partition
from reference.examples import examples, rejects
from reference.fold import Delivery, Detection, Message, fold
from reference.log import DAY, KEY_DAY, START


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture
def start_flow_on(kafka, redis_url, tmp_path):
    """Starts workers as a service would; what still runs at the end is stopped."""
    running = []
    log = LogProducer(kafka)

    def start(store, redis_url=redis_url):
        flow = Flow(kafka, store, log, redis_url, tmp_path)
        flow.start()
        assert flow.wait_started(PATIENCE)
        running.append(flow)
        return flow

    yield start
    for flow in running:
        flow.stop()
        assert flow.failed is None
    log.close()


@pytest.fixture
def start_flow(start_flow_on, store):
    """As `start_flow_on`, with the module's store."""
    return partial(start_flow_on, store)


def holds(store, select, expected):
    return set(rows(store, select, "village")) >= expected


def test_a_day_in_clickhouse_is_the_references_and_is_found_when_it_is_complete(
    kafka, each_store, start_flow_on, request
):
    town = f"walk-{request.node.callspec.id}"
    flow = start_flow_on(each_store)
    messages = walk(40)
    append(kafka, values_of(messages, town), town)
    eventually(lambda: is_complete(each_store, town), True, lambda: flow.failed)
    expected = fold(messages, DAY)
    assert visits_in(each_store, town) == expected.visits
    presence = rows(each_store, "SELECT place, bin_ms, visits FROM presence FINAL", town)
    assert {(place, bin_ms): visits for place, bin_ms, visits in presence} == expected.presence
    moves = rows(
        each_store,
        "SELECT device, first_ms, place, from_first_ms, from_place, ordinal, random FROM moves FINAL",
        town,
    )
    assert sorted(moves) == [tuple(vars(move).values()) for move in expected.moves]
    arrivals = rows(each_store, "SELECT sum(arrivals) FROM day_arrivals FINAL", town)
    assert arrivals == [(sum(visit.arrival for visit in expected.visits),)]
    moved = rows(each_store, "SELECT sum(moves) FROM day_moves FINAL", town)
    assert moved == [(len(expected.moves),)]


def test_a_worker_that_goes_on_from_a_snapshot_writes_the_same_rows(kafka, store, start_flow):
    messages = walk(25)
    values = values_of(messages, "resume")
    first = start_flow()
    append(kafka, values[:90], "resume")
    eventually(lambda: visits_in(store, "resume") != [], True, lambda: first.failed)
    first.stop()
    start_flow()
    append(kafka, values[90:], "resume")
    eventually(lambda: is_complete(store, "resume"), True)
    assert visits_in(store, "resume") == fold(messages, DAY).visits


def test_the_same_log_folded_again_from_its_start_changes_no_row(kafka, store, start_flow):
    messages = walk(10)
    append(kafka, values_of(messages, "again"), "again")
    flow = start_flow()
    expected = fold(messages, DAY).visits
    eventually(lambda: visits_in(store, "again"), expected)
    flow.stop()
    store.execute("TRUNCATE TABLE snapshots")
    end = log_end(kafka, detections_partition("again", KEY_DAY, 4))
    flow = start_flow()
    eventually(lambda: max(p["snapshot_offset"] for p in flow.partitions()), end)
    assert visits_in(store, "again") == expected


def test_a_damaged_snapshot_is_passed_over_for_the_one_before_it(kafka, store, start_flow):
    messages = walk(15)
    values = values_of(messages, "damage")
    flow = start_flow()
    append(kafka, values[:60], "damage")
    eventually(lambda: visits_in(store, "damage") != [], True)
    append(kafka, values[60:120], "damage")
    partition = detections_partition("damage", KEY_DAY, 4)
    eventually(lambda: snapshot_offset(flow, partition), log_end(kafka, partition))
    flow.stop()
    (newest, *_) = store.query("meguri_flow/snapshots", {"log": "detections", "partition": partition})
    damaged = {
        **newest,
        "log": "detections",
        "partition": partition,
        "body": newest["body"][:-8] + "AAAAAAA=",
    }
    damaged["next_offset"] += 1
    store.insert("snapshots", {name: [value] for name, value in damaged.items()})
    start_flow()
    append(kafka, values[120:], "damage")
    eventually(lambda: visits_in(store, "damage"), fold(messages, DAY).visits)


def snapshot_offset(flow, partition):
    return next((p["snapshot_offset"] for p in flow.partitions() if p["partition"] == partition), None)


def test_messages_that_kafka_no_longer_holds_are_counted_as_lost_and_the_rest_is_folded(
    kafka, store, start_flow
):
    partition = detections_partition("gone", KEY_DAY, 4)
    flow = start_flow()
    values = values_of(walk(5), "gone")
    append(kafka, values[:1], "gone")
    eventually(lambda: snapshot_offset(flow, partition), log_end(kafka, partition))
    flow.stop()
    append(kafka, values[1:4], "gone")
    lost = LOST_MESSAGES.labels(partition)._value.get()
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition("detections", partition): log_end(kafka, partition)})
    admin.close()
    start_flow()
    append(kafka, values[4:], "gone")
    eventually(lambda: visits_in(store, "gone"), fold(walk(5)[3:], DAY).visits)
    assert LOST_MESSAGES.labels(partition)._value.get() == lost + 3


def test_two_workers_share_the_partitions_and_one_takes_over_when_the_other_leaves(kafka, store, start_flow):
    one, two = start_flow(), start_flow()
    eventually(lambda: sorted(len(flow.partitions()) for flow in (one, two)), [2, 2])
    messages = walk(20)
    values = values_of(messages, "shared")
    append(kafka, values[:100], "shared")
    one.stop()
    append(kafka, values[100:], "shared")
    eventually(lambda: visits_in(store, "shared"), fold(messages, DAY).visits)


def test_live_numbers_of_the_running_day_stand_in_redis_and_are_published(kafka, redis_url, start_flow):
    start_flow()
    client = redis.Redis.from_url(redis_url)
    with client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("live:now")
        messages = [Message((Delivery("a", 1, 1, tuple(Detection(START, d) for d in (1, 2, 3))),))]
        append(kafka, values_of(messages, "now")[:-1], "now")
        eventually(lambda: client.get("live:now") is not None, True)
        numbers = json.loads(client.get("live:now"))
        assert numbers["active"] == {"hall": 3, "shop": 0}
        assert numbers["town_time_ms"] == START
        assert numbers["sensors"] == {"a": START}
        eventually(lambda: json.loads((listener.get_message(timeout=1) or {"data": "0"})["data"]), numbers)


def test_without_redis_the_live_numbers_stop_and_nothing_else_does(kafka, store, start_flow):
    failures = LIVE_FAILURES._value.get()
    start_flow(redis_url="redis://127.0.0.1:1/0")
    messages = walk(8)
    append(kafka, values_of(messages, "deaf")[:-1], "deaf")
    eventually(lambda: LIVE_FAILURES._value.get() > failures, True)
    append(kafka, values_of(messages, "deaf")[-1:], "deaf")
    eventually(lambda: visits_in(store, "deaf"), fold(messages, DAY).visits)


def test_what_cannot_be_folded_becomes_a_dead_letter_with_its_reason(kafka, store, start_flow):
    start_flow()
    append(kafka, [b"\xff\xff no message", *values_of(walk(3), "dead")], "dead")
    eventually(lambda: visits_in(store, "dead") != [], True)
    assert (b"unreadable", b"") in dead_letters(kafka)


def test_what_maps_one_to_one_becomes_rows_once_and_in_its_highest_version(
    kafka, each_store, start_flow_on, request
):
    """Every frozen example of each topic, and what is refused between them."""
    start_flow_on(each_store)
    letters_before = len(dead_letters(kafka))
    shop = f"shop-{request.node.callspec.id}"
    sale = Sale(town="village", shop=shop, source="till", external_id="1", key_day=19797, method="cash")

    async def send():
        log = LogProducer(kafka)
        for one_to_one in ONE_TO_ONE:
            of_topic = [each.body for each in (*examples(one_to_one.topic), *rejects(one_to_one.topic))]
            for body in [*of_topic, *of_topic]:
                await log.append(one_to_one.topic, body)
        for version, amount_yen in ((2, 0), (1, 550), (2, 0)):
            sale.version, sale.amount_yen, sale.cancelled = version, amount_yen, version == 2
            await log.append("sales", Sales(sales=[sale]).SerializeToString())
        log.close()

    asyncio.run(send())
    for one_to_one in ONE_TO_ONE:
        bodies = [each.body for each in (*examples(one_to_one.topic), *rejects(one_to_one.topic))]
        columns, _ = one_to_one.rows(bodies)
        names = set(zip(*(columns[name] for name in one_to_one.name), strict=True))
        select = f"SELECT DISTINCT {', '.join(one_to_one.name)} FROM {one_to_one.table} FINAL"
        eventually(partial(holds, each_store, select, names), True)
    of_shop = f"SELECT version, amount_yen, cancelled FROM sales FINAL WHERE shop = '{shop}'"
    eventually(lambda: each_store.select(of_shop), [{"version": 2, "amount_yen": 0, "cancelled": 1}])
    refused = sum(len(rejects(one_to_one.topic)) for one_to_one in ONE_TO_ONE)
    eventually(lambda: len(dead_letters(kafka)) - letters_before, 2 * refused)
