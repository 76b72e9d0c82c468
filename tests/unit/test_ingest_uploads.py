"""Uploads: what is accepted stands in the log when the answer comes, and the answer says what is not."""

import asyncio
import base64

import numpy as np
import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, NOON, START, IngestWorld
from meguri_proto.columns import read_columns
from meguri_proto.schema.log_pb2 import Segment
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.topics import detections_partition

PARTITION = detections_partition("village", KEY_DAY, 4)


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


@pytest.fixture
async def live(tmp_path):
    world = IngestWorld(tmp_path, clock="live")
    yield world
    await world.close()


def segments(log):
    return [segment for record in log.records() for segment in record.detections.segments]


async def test_accepted_detections_are_in_the_log_when_the_answer_comes(ingest):
    answer = await ingest.post([ingest.batch([0, 500, 900], devices=[5, 2**64 - 1, 5])])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 3, "rejected": []})
    rules, record = ingest.log.records(PARTITION)
    assert rules.rules == ingest.town.rules(KEY_DAY)
    assert list(record.detections.segments) == [
        Segment(
            town="village",
            sensor="gate",
            boot=7,
            sequence=0,
            key_day=KEY_DAY,
            base_time_ms=NOON - HOUR,
            count=3,
        )
    ]
    columns = read_columns(record.detections, 3)
    assert columns["time_offset_ms"].tolist() == [0, 500, 900]
    assert columns["device"].tolist() == [5, 2**64 - 1, 5]
    assert columns["rssi"].tolist() == [-60] * 3
    assert columns["sequence_number"].tolist() == [0, 1, 2]


async def test_the_sensor_and_the_town_are_the_tokens(ingest):
    await ingest.post([ingest.batch()], sensor="door")
    assert {(s.town, s.sensor) for s in segments(ingest.log)} == {("village", "door")}


async def test_an_upload_need_not_be_compressed(ingest):
    answer = await ingest.post_body(Upload(batches=[ingest.batch([0])]).SerializeToString())
    assert answer.json() == {"accepted": 1, "rejected": []}


async def test_an_upload_without_batches_is_accepted(ingest):
    answer = await ingest.post([])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "rejected": []})
    assert (await ingest.post_body(b"")).status_code == 200
    assert ingest.log.records() == []


async def test_a_part_of_a_batch_is_accepted_under_the_batchs_name(ingest):
    offsets = [0, 1_000, 2 * HOUR, 2 * HOUR, 2_000, 3 * HOUR]
    answer = await ingest.post([ingest.batch([0]), ingest.batch(offsets, sequence=1)])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 4
    message = "Their times are ahead of town time by more than the sensor's clock may lead."
    assert answer.json()["rejected"] == [
        {
            "item": "batches[1].detections[2-3]",
            "reason": "clock_ahead",
            "message": message,
            "detections": 2,
            "counted": 0,
        },
        {
            "item": "batches[1].detections[5-5]",
            "reason": "clock_ahead",
            "message": message,
            "detections": 1,
            "counted": 0,
        },
    ]
    kept = ingest.log.records(PARTITION)[1].detections
    assert [(s.sequence, s.count) for s in kept.segments] == [(0, 1), (1, 3)]
    assert read_columns(kept, 4)["device"].tolist() == [1, 1, 2, 5]


async def test_the_same_upload_leaves_the_same_segments(ingest):
    batches = [ingest.batch([0, 5 * HOUR, 7], sequence=3)]
    answers = [(await ingest.post(batches)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    first, second = segments(ingest.log)
    assert first == second


async def test_many_separate_faults_are_named_up_to_a_limit(ingest):
    offsets = np.tile([0, 5 * HOUR], 500)
    answer = (await ingest.post([ingest.batch(offsets)])).json()
    assert answer["accepted"] == 500
    assert len(answer["rejected"]) == 50
    assert answer["rejected"][0]["item"] == "batches[0].detections[1-1]"
    assert answer["rejected"][-1]["item"] == "batches[0].detections[99-999]"
    assert sum(each["detections"] for each in answer["rejected"]) == 500


async def test_if_nothing_is_accepted_the_answer_is_422_and_says_why(ingest):
    answer = await ingest.post([ingest.batch([5 * HOUR, 6 * HOUR]), ingest.batch([], sequence=1)])
    assert answer.status_code == 422
    body = answer.json()
    assert body["accepted"] == 0
    assert body["error"] == "Nothing of the upload was accepted; `rejected` says why."
    assert [(each["item"], each["reason"]) for each in body["rejected"]] == [
        ("batches[0]", "clock_ahead"),
        ("batches[1]", "empty"),
    ]
    assert [record.WhichOneof("body") for record in ingest.log.records()] == ["rules", "refused"]


async def test_rules_stand_once_before_the_first_detections_of_each_day(ingest):
    yesterday = {"key_day": KEY_DAY - 1, "base_ms": START - HOUR}
    await ingest.post([ingest.batch(sequence=0), ingest.batch(sequence=1, **yesterday)])
    await ingest.post([ingest.batch(sequence=2), ingest.batch(sequence=3, **yesterday)])
    for day in (KEY_DAY, KEY_DAY - 1):
        records = ingest.log.records(detections_partition("village", day, 4))
        assert [record.WhichOneof("body") for record in records] == ["rules", "detections", "detections"]
        assert records[0].rules.key_day == day


async def test_a_restarted_ingest_says_the_rules_again(tmp_path):
    for _ in range(2):
        world = IngestWorld(tmp_path)
        await world.post([world.batch()])
        assert [r.WhichOneof("body") for r in world.log.records(PARTITION)] == ["rules", "detections"]
        await world.close()


async def test_deliveries_of_a_live_town_that_wait_together_share_a_message(tmp_path):
    # They wait long enough for the slowest of them, and go when they are ten detections.
    live = IngestWorld(tmp_path, clock="live", coalesce_ms=10_000, coalesce_detections=10)
    answers = await asyncio.gather(*(live.post([live.batch(sequence=n)]) for n in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    _, message = live.log.records(PARTITION)
    assert sorted(s.sequence for s in message.detections.segments) == [0, 1, 2, 3, 4]
    await live.close()


async def test_a_recording_is_refused_by_a_live_town_and_taken_by_a_recording_one(live, tmp_path):
    assert (await live.post([live.batch()], recording=True)).status_code == 422
    other = tmp_path / "other"
    other.mkdir()
    recording = IngestWorld(other)
    assert (await recording.post([recording.batch()], recording=True)).status_code == 200
    await recording.close()


@pytest.mark.parametrize("late_ms", [HOUR, 20 * HOUR])
async def test_a_batch_of_a_day_that_is_over_but_not_sealed_is_accepted(ingest, late_ms):
    batch = ingest.batch()
    await ingest.tick(START + DAY + late_ms)
    assert (await ingest.post([batch])).json() == {"accepted": 2, "rejected": []}


async def test_if_kafka_does_not_acknowledge_the_sensor_is_asked_to_come_again(ingest):
    ingest.log.available = False
    answer = await ingest.post([ingest.batch()])
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json() == {"error": "Kafka did not acknowledge; post the same again in a few seconds."}
    ingest.log.available = True
    assert (await ingest.post([ingest.batch()])).json()["accepted"] == 2
    assert [r.WhichOneof("body") for r in ingest.log.records(PARTITION)] == ["rules", "detections"]


async def test_a_dead_letter_that_kafka_does_not_take_is_no_answer_either(ingest):
    ingest.log.available = False
    assert (await ingest.post([ingest.batch([])])).status_code == 503
    assert (await ingest.post_body(b"\xff")).status_code == 503


async def test_no_answer_comes_before_kafka_has_acknowledged(ingest):
    ingest.log.acknowledging.clear()
    posting = asyncio.create_task(ingest.post([ingest.batch()]))
    await asyncio.wait([posting], timeout=0.2)
    assert not posting.done()
    ingest.log.acknowledging.set()
    assert (await posting).status_code == 200


async def test_a_lost_redis_and_a_restart_change_no_pseudonym(tmp_path):
    seen = []
    for redis_url in ("redis://127.0.0.1:1/0", None):
        world = IngestWorld(tmp_path, redis_url=redis_url)
        (key,) = (await world.keys(from_ms=NOON, to_ms=NOON + 1)).json()["keys"]
        seen.append(base64.b64decode(key["key"]))
        await world.close()
    assert seen[0] == seen[1]


async def test_what_was_rejected_is_counted_by_reason(ingest):
    await ingest.post([ingest.batch([0, 5 * HOUR, 0, 6 * HOUR, 6 * HOUR]), ingest.batch([], sequence=1)])
    metrics = await ingest.metrics()
    assert metrics["meguri_ingest_detections_accepted_total"] == 2
    assert metrics['meguri_ingest_rejected_total{reason="clock_ahead"}'] == 2
    assert metrics['meguri_ingest_detections_rejected_total{reason="clock_ahead"}'] == 3
    assert metrics['meguri_ingest_rejected_total{reason="empty"}'] == 1


async def test_dead_letters_hold_the_rejected_detections_of_a_day_that_is_not_over(ingest):
    await ingest.post([ingest.batch([0, 5 * HOUR, 1, 6 * HOUR], devices=[11, 12, 13, 14], sequence=4)])
    (letter,) = ingest.dead_letters()
    assert letter.headers == {
        "reason": b"clock_ahead",
        "source": b"ingest/detections",
        "town": b"village",
        "sensor": b"gate",
        "detections": b"2",
    }
    batch = Batch.FromString(letter.value)
    assert (batch.boot, batch.sequence, batch.key_day, batch.count) == (7, 4, KEY_DAY, 2)
    assert read_columns(batch, 2)["device"].tolist() == [12, 14]


async def test_dead_letters_hold_no_pseudonym_of_a_day_that_is_over(ingest):
    batch = ingest.batch([0], kinds=[99])
    await ingest.tick(START + DAY)
    await ingest.post([batch])
    (letter,) = ingest.dead_letters()
    assert (letter.headers["reason"], letter.value) == (b"unknown_kind", b"")


@pytest.mark.parametrize(
    "fields",
    [
        {"key_check": 1},
        {"device": b"\xaa\xbb\xcc\xdd\xee\xff"},
        {"key_day": KEY_DAY - 400},
    ],
)
async def test_dead_letters_hold_no_body_that_may_not_be_pseudonymised(ingest, fields):
    await ingest.post([ingest.batch([0], **fields)])
    (letter,) = ingest.dead_letters()
    assert letter.value == b""
