"""Ingest on real Kafka and Redis: what is answered is there, and no token asks too often."""

import asyncio
import base64
import hmac

import pytest
from fakes.ingest_world import KEY_DAY, MINUTE, NOON, IngestWorld
from kafka import KafkaConsumer, TopicPartition
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.records import read_counts, read_sales
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition
from redis import Redis

PARTITION = detections_partition("village", KEY_DAY, 4)


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture
def log(kafka):
    log = LogProducer(kafka)
    yield log
    log.close()


@pytest.fixture
def appended(kafka):
    """Everything that was appended to a partition since the test began."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, group_id=None)
    here = {
        name: TopicPartition(*name)
        for name in [
            *(("dead-letters", 0), ("sales", 0), ("counts", 0)),
            *(("detections", number) for number in range(4)),
        ]
    }
    starts = consumer.end_offsets(list(here.values()))

    def read(topic, partition):
        mine = here[topic, partition]
        end = consumer.end_offsets([mine])[mine]
        consumer.assign([mine])
        consumer.seek(mine, starts[mine])
        found = []
        while consumer.position(mine) < end:
            for records in consumer.poll(timeout_ms=200).values():
                found += records
        return found

    yield read
    consumer.close()


async def test_what_is_answered_is_in_kafka_in_its_partition_after_its_rules(tmp_path, log, appended):
    ingest = IngestWorld(tmp_path, log=log)
    answer = await ingest.post([ingest.batch([0, 1, 2]), ingest.batch([9_999_999], sequence=1)])
    assert answer.json()["accepted"] == 3
    records = [Record.FromString(each.value) for each in appended("detections", PARTITION)]
    assert [record.WhichOneof("body") for record in records] == ["rules", "detections", "refused"]
    assert [(s.sensor, s.count) for s in records[1].detections.segments] == [("gate", 3)]
    (letter,) = appended("dead-letters", 0)
    assert dict(letter.headers)["reason"] == b"clock_ahead"
    assert letter.key == b"village"
    await ingest.close()


async def test_sales_and_counts_that_are_answered_are_in_kafka_one_message_a_request(tmp_path, log, appended):
    ingest = IngestWorld(tmp_path, log=log)
    sale = {"at": "2024-03-15T11:00:00", "amount_yen": 300, "method": "cash"}
    await ingest.post_sales([{**sale, "external_id": "r-1"}, {**sale, "external_id": "r-2"}])
    await ingest.post_counts([{"from_ms": NOON - MINUTE, "to_ms": NOON, "count": 4}])
    (sales,) = appended("sales", 0)
    assert [each.external_id for each in read_sales(sales.value)] == ["r-1", "r-2"]
    (counts,) = appended("counts", 0)
    assert [each.count for each in read_counts(counts.value).counts] == [4]
    assert (sales.key, counts.key) == (b"village", b"village")
    await ingest.close()


async def test_detections_stand_between_the_ticks_around_them(tmp_path, log, appended):
    ingest = IngestWorld(tmp_path, log=log)
    for turn in range(20):
        assert (await ingest.tick(NOON + turn * MINUTE)).status_code == 200
        answer = await ingest.post(
            [ingest.batch([turn * MINUTE], base_ms=NOON, sequence=turn)], recording=True
        )
        assert answer.status_code == 200
    bodies = [Record.FromString(each.value).WhichOneof("body") for each in appended("detections", PARTITION)]
    assert bodies == ["rules", *["tick", "detections"] * 20]
    await ingest.close()


async def test_many_small_deliveries_become_few_messages_and_none_is_lost(tmp_path, log, appended):
    ingest = IngestWorld(tmp_path, log=log, clock="live", coalesce_ms=100)
    posts = (ingest.post([ingest.batch([0, 1], sequence=n)]) for n in range(100))
    assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
    messages = [Record.FromString(each.value).detections for each in appended("detections", PARTITION)][1:]
    sequences = [segment.sequence for message in messages for segment in message.segments]
    assert sorted(sequences) == list(range(100))
    assert len(messages) < 50
    await ingest.close()


async def test_a_token_that_asks_too_often_waits_for_the_next_minute(tmp_path, redis_url):
    ingest = IngestWorld(tmp_path, redis_url=redis_url, clock="live", sensor_requests_per_minute=2)
    ingest.now_ms = NOON + 12_345
    statuses = [(await ingest.post([])).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = await ingest.keys()
    assert refused.headers["Retry-After"] == "48"
    assert refused.json() == {"error": "Too many requests of this sensor within a minute."}
    assert (await ingest.metrics())['meguri_ingest_refused_total{cause="rate"}'] == 2
    assert (await ingest.post([], sensor="door")).status_code == 200, "another sensor is not held up"
    ingest.now_ms += 48_000
    assert (await ingest.post([])).status_code == 200
    await ingest.close()


async def test_replicas_count_together_and_no_token_is_in_redis(tmp_path, redis_url):
    folders = [tmp_path / "registry"] * 2
    folders[0].mkdir()
    replicas = [IngestWorld(folder, redis_url=redis_url, sensor_requests_per_minute=3) for folder in folders]
    for replica in replicas:
        replica.now_ms = NOON + 5 * MINUTE
    statuses = [(await replicas[n % 2].post([])).status_code for n in range(4)]
    assert statuses == [200, 200, 200, 429]
    with Redis.from_url(redis_url) as client:
        kept = b"".join(client.scan_iter())
        assert b"rate:ingest:village:gate:sensor:" in kept
        assert all(client.ttl(name) > 0 for name in client.scan_iter())
    for replica in replicas:
        assert replica.token().encode() not in kept
        await replica.close()


async def test_a_replayer_has_a_limit_of_its_own(tmp_path, redis_url):
    ingest = IngestWorld(tmp_path, redis_url=redis_url, sensor_requests_per_minute=1)
    ingest.now_ms = NOON + 9 * MINUTE
    statuses = [(await ingest.tick(NOON + n)).status_code for n in range(5)]
    assert statuses == [200] * 5
    await ingest.close()


async def test_bad_signatures_beyond_a_limit_are_only_counted_and_hold_up_no_good_one(tmp_path, redis_url):
    ingest = IngestWorld(tmp_path, redis_url=redis_url, bad_signatures_per_minute=2)
    ingest.now_ms = NOON + 13 * MINUTE
    ingest.registry.connect_webhook("village", "cafe", "square", "key")
    path = "/v1/webhooks/square/village/cafe"

    async def deliver(key):
        signature = base64.b64encode(hmac.digest(key, f"http://ingest{path}{{}}".encode(), "sha256"))
        headers = {"x-square-hmacsha256-signature": signature.decode()}
        return (await ingest.client.post(path, content=b"{}", headers=headers)).status_code

    assert [await deliver(b"another") for _ in range(4)] == [403, 403, 429, 429]
    assert len(ingest.dead_letters()) == 2
    assert (await ingest.metrics())['meguri_ingest_refused_total{cause="signature"}'] == 4
    assert [await deliver(b"key") for _ in range(4)] == [200] * 4
    await ingest.close()


async def test_it_is_ready_with_kafka(tmp_path, log):
    ingest = IngestWorld(tmp_path, log=log)
    assert (await ingest.client.get("/readyz")).status_code == 200
    await ingest.close()
