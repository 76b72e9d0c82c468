"""What a replayer may in a recording town: whole days of all sensors in one upload, and the town's clock."""

import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, IngestWorld
from meguri_proto.columns import Kind, read_columns
from meguri_proto.schema.counts_pb2 import CountBatch
from meguri_proto.schema.log_pb2 import Refused, Tick
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


def bodies(log, partition=PARTITION):
    return [record.WhichOneof("body") for record in log.records(partition)]


async def test_one_upload_carries_a_day_of_all_sensors_in_its_order_and_the_tick_behind_it(ingest):
    turns = [("gate", 0), ("door", 0), ("gate", 1), ("door", 1)]
    batches = [
        ingest.batch([0, MINUTE], base_ms=NOON + turn * 10 * MINUTE, sequence=turn, sensor=sensor)
        for sensor, turn in turns
    ]
    answer = await ingest.post(batches, role="replayer", town_time_ms=NOON + HOUR)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 8, "rejected": []})
    records = ingest.log.records(PARTITION)
    assert bodies(ingest.log) == ["rules", "detections", "tick"]
    assert [(s.sensor, s.sequence) for s in records[1].detections.segments] == turns
    for partition in range(4):
        assert ingest.log.records(partition)[-1].tick == Tick(town="village", town_time_ms=NOON + HOUR)


async def test_the_clock_moves_before_the_batches_are_judged(ingest):
    ahead = ingest.batch([0], base_ms=NOON + HOUR)
    assert (await ingest.post([ahead], role="replayer")).json()["rejected"][0]["reason"] == "clock_ahead"
    answer = await ingest.post([ahead], role="replayer", town_time_ms=NOON + HOUR)
    assert answer.json() == {"accepted": 1, "rejected": []}


async def test_an_upload_may_move_the_clock_alone_and_never_backwards(ingest):
    assert (await ingest.post([], role="replayer", town_time_ms=NOON + HOUR)).status_code == 200
    assert (await ingest.post([], role="replayer", town_time_ms=NOON)).status_code == 200
    assert ingest.registry.town_time("village") == NOON + HOUR
    ticks = [r.tick.town_time_ms for r in ingest.log.records(PARTITION) if r.WhichOneof("body") == "tick"]
    assert ticks == [NOON + HOUR] * 2


async def test_an_upload_that_ends_a_day_destroys_its_key(ingest):
    batch = ingest.batch([0], base_ms=START + DAY - MINUTE)
    answer = await ingest.post([batch], role="replayer", town_time_ms=START + DAY + HOUR)
    assert answer.json()["accepted"] == 1
    assert ingest.registry.destroy_keys("village", KEY_DAY + 1) == 0, "it is gone already"


async def test_an_upload_that_kafka_did_not_take_leaves_no_tick_and_can_be_posted_again(ingest):
    batch = ingest.batch([0], base_ms=NOON + HOUR)
    ingest.log.available = False
    assert (await ingest.post([batch], role="replayer", town_time_ms=NOON + HOUR)).status_code == 503
    ingest.log.available = True
    assert bodies(ingest.log) == []
    assert (await ingest.post([batch], role="replayer", town_time_ms=NOON + HOUR)).status_code == 200
    assert bodies(ingest.log) == ["rules", "detections", "tick"]


async def test_without_a_name_the_batches_are_of_the_tokens_own_sensor(ingest):
    await ingest.post([ingest.batch([0])], role="replayer")
    (segment,) = ingest.log.records(PARTITION)[1].detections.segments
    assert segment.sensor == "gate"


async def test_a_replayer_that_is_no_sensor_names_one_in_each_batch(ingest):
    unnamed, named = ingest.batch([0]), ingest.batch([0], sequence=1, sensor="door")
    answer = (await ingest.post([unnamed, named], sensor="filling", role="replayer")).json()
    assert answer["accepted"] == 1
    assert [(each["item"], each["reason"]) for each in answer["rejected"]] == [
        ("batches[0]", "unknown_sensor")
    ]


@pytest.mark.parametrize("town_time_ms", [NOON, 1])
async def test_a_sensor_does_not_move_the_clock(ingest, town_time_ms):
    answer = await ingest.post([ingest.batch([0])], town_time_ms=town_time_ms)
    assert answer.status_code == 403
    assert answer.json() == {"error": "Only a replayer in a recording town says what time it is there."}
    assert ingest.log.records() == []


async def test_nobody_moves_the_clock_of_a_live_town_or_names_sensors_there(live):
    answer = await live.post([], role="replayer", town_time_ms=NOON)
    assert answer.status_code == 403
    answer = await live.post([live.batch([0], sensor="door")], role="replayer")
    assert [each["reason"] for each in answer.json()["rejected"]] == ["bad_field"]


@pytest.mark.parametrize("town_time_ms", [-1, 2**62])
async def test_a_time_that_no_calendar_has_is_none(ingest, town_time_ms):
    answer = await ingest.post([], role="replayer", town_time_ms=town_time_ms)
    assert answer.status_code == 400
    assert ingest.registry.town_time("village") == NOON


async def test_an_upload_of_many_small_batches_is_taken(ingest):
    batches = [ingest.batch([0], base_ms=NOON + turn, sequence=turn, sensor="door") for turn in range(2_000)]
    answer = await ingest.post(batches, role="replayer", town_time_ms=NOON + HOUR)
    assert answer.json() == {"accepted": 2_000, "rejected": []}


async def test_an_address_that_the_device_made_up_is_a_kind_of_its_own(ingest):
    kinds = [Kind.PROBE_REQUEST, Kind.PROBE_REQUEST_RANDOM]
    assert (await ingest.post([ingest.batch([0, 1], kinds=kinds)])).json()["accepted"] == 2
    detections = ingest.log.records(PARTITION)[1].detections
    assert read_columns(detections, 2)["kind"].tolist() == kinds


async def test_the_log_says_once_a_sensor_what_was_refused_as_ahead(ingest):
    await ingest.post(
        [
            ingest.batch([0, 3 * HOUR, HOUR], base_ms=NOON, sensor="gate"),
            ingest.batch([2 * HOUR], base_ms=NOON, sequence=1, sensor="gate"),
            ingest.batch([MINUTE], base_ms=NOON, sequence=2, sensor="door"),
            ingest.batch([0], base_ms=NOON, sequence=3, sensor="door"),
        ],
        role="replayer",
    )
    records = ingest.log.records(PARTITION)
    assert bodies(ingest.log) == ["rules", "detections", "refused", "refused"]
    assert [record.refused for record in records[2:]] == [
        Refused(
            town="village",
            sensor=sensor,
            key_day=KEY_DAY,
            town_time_ms=NOON,
            detections=detections,
            lead_ms=lead_ms,
        )
        for sensor, detections, lead_ms in (("gate", 3, 3 * HOUR), ("door", 1, MINUTE))
    ]


async def test_what_was_refused_stands_in_the_key_day_of_the_refusal(ingest):
    tomorrow = ingest.batch([0], key_day=KEY_DAY + 1, base_ms=START + DAY + HOUR)
    await ingest.post([tomorrow])
    assert bodies(ingest.log) == ["rules", "refused"]
    (refused,) = [record.refused for record in ingest.log.records(PARTITION)[1:]]
    assert (refused.key_day, refused.lead_ms) == (KEY_DAY, START + DAY + HOUR - NOON)


async def test_what_is_refused_for_another_reason_is_no_clock_ahead(ingest):
    await ingest.post([ingest.batch([0], kinds=[77]), ingest.batch([], sequence=1)])
    assert ingest.log.records() == []


async def test_a_town_without_a_time_has_no_day_in_which_to_say_it(tmp_path):
    world = IngestWorld(tmp_path)
    with world.registry.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM town_times")
    assert (await world.post([world.batch()])).status_code == 422
    assert world.log.records() == []
    await world.close()


def counted(log):
    """(counter, from, to, count) of every detection count that was told."""
    batches = [CountBatch.FromString(each.value) for each in log.read_all("counts")]
    assert {each.quantity for batch in batches for each in batch.counts} <= {"detections"}
    return [
        (batch.counter, each.from_ms, each.to_ms, each.count) for batch in batches for each in batch.counts
    ]


async def test_of_a_sealed_day_a_replayed_batch_leaves_counts_under_its_name_and_nothing_else(ingest):
    offsets = [0, 1, 5 * MINUTE - 1, 5 * MINUTE, HOUR]
    batch = ingest.batch(offsets, base_ms=NOON, sequence=3, devices=[77] * 5)
    await ingest.tick(START + 2 * DAY)
    for _ in range(2):
        answer = await ingest.post([batch], role="replayer")
        (rejected,) = answer.json()["rejected"]
        assert (rejected["reason"], rejected["detections"], rejected["counted"]) == ("day_sealed", 5, 5)
        assert answer.json()["accepted"] == 0
    spans = [(NOON, 3), (NOON + 5 * MINUTE, 1), (NOON + HOUR, 1)]
    told = [(f"gate/{7:016x}/3", from_ms, from_ms + 5 * MINUTE, number) for from_ms, number in spans]
    assert counted(ingest.log) == told * 2, "the same counts again, of which a table keeps one"
    assert [letter.value for letter in ingest.dead_letters()] == [b"", b""]
    assert "detections" not in bodies(ingest.log)


async def test_counts_of_a_sealed_day_end_where_it_ends_and_leave_out_what_lies_outside(ingest):
    end = START + DAY
    batch = ingest.batch([0, 1, 2, 3], base_ms=end - 2)
    await ingest.tick(end + DAY)
    (rejected,) = (await ingest.post([batch], role="replayer")).json()["rejected"]
    assert (rejected["detections"], rejected["counted"]) == (4, 2)
    assert counted(ingest.log) == [(f"gate/{7:016x}/0", end - 5 * MINUTE, end, 2)]


async def test_a_sensors_own_batch_of_a_sealed_day_is_left_to_it_to_count(ingest):
    batch = ingest.batch([0])
    await ingest.tick(START + 2 * DAY)
    (rejected,) = (await ingest.post([batch])).json()["rejected"]
    assert (rejected["reason"], rejected["counted"]) == ("day_sealed", 0)
    assert counted(ingest.log) == []
