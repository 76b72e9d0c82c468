"""Counts: what counters counted, and what sensors count of days that are over."""

import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, TOWN, IngestWorld
from meguri_ingest.counts import CounterStanding, judge_counts
from meguri_proto.schema.counts_pb2 import Count, CountBatch
from meguri_proto.towns import parse_town

VILLAGE = parse_town(TOWN.format(clock="recording"), "village.yaml")
CAMERA = CounterStanding(VILLAGE, "gate-camera", is_sensor=False, town_time_ms=NOON)
GATE = CounterStanding(VILLAGE, "gate", is_sensor=True, town_time_ms=NOON)


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


def count(**fields):
    whole = {"from_ms": NOON - HOUR, "to_ms": NOON - HOUR + 5 * MINUTE, "count": 7, **fields}
    return {name: value for name, value in whole.items() if value is not ...}


def yesterday(quantity="detections"):
    return count(from_ms=START - HOUR, to_ms=START - HOUR + 5 * MINUTE, quantity=quantity)


def messages(log):
    return [CountBatch.FromString(each.value) for each in log.read_all("counts")]


def reasons(answer):
    body = answer.json()
    return [(each["item"], each["reason"]) for each in body["rejected"]], body["accepted"]


async def test_an_accepted_count_is_in_the_log_when_the_answer_comes(ingest):
    answer = await ingest.post_counts([count(version=2), count(from_ms=NOON - MINUTE, to_ms=NOON)])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "rejected": [], "ignored": 0})
    first = Count(
        quantity="people",
        from_ms=NOON - HOUR,
        to_ms=NOON - HOUR + 5 * MINUTE,
        count=7,
        key_day=KEY_DAY,
        version=2,
    )
    second = Count(quantity="people", from_ms=NOON - MINUTE, to_ms=NOON, count=7, key_day=KEY_DAY, version=1)
    assert messages(ingest.log) == [CountBatch(town="village", counter="gate-camera", counts=[first, second])]
    (record,) = ingest.log.read_all("counts")
    assert record.key == b"village"


async def test_what_a_counter_counts_stands_in_the_towns_file(ingest):
    await ingest.post_counts([count(), count(quantity="wifi_devices", from_ms=NOON - MINUTE)], counter="pax")
    (batch,) = messages(ingest.log)
    assert {each.quantity for each in batch.counts} == {"wifi_devices"}
    assert reasons(await ingest.post_counts([count(quantity="people")], counter="pax")) == (
        [("counts[0]", "bad_field")],
        0,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"from_ms": ...},
        {"from_ms": "noon"},
        {"from_ms": 10**11},
        {"to_ms": ...},
        {"to_ms": NOON - HOUR},
        {"to_ms": NOON - 2 * HOUR},
        {"to_ms": NOON - HOUR + DAY + 1},
        {"count": ...},
        {"count": -1},
        {"count": 2**32},
        {"count": 1.5},
        {"version": -1},
    ],
    ids=str,
)
def test_a_count_with_a_field_that_cannot_be_is_rejected_and_the_message_names_it(fields):
    verdicts = judge_counts([count(), count(**fields)], CAMERA)
    assert len(verdicts.accepted) == 1
    (refusal,), (name,) = verdicts.rejected, fields
    assert (refusal.item, refusal.reason, refusal.kept) == ("counts[1]", "bad_field", None)
    assert refusal.message.startswith(f"{name} is to be ")


@pytest.mark.parametrize("item", [None, 1, []])
def test_what_is_no_object_is_no_count(item):
    (refusal,) = judge_counts([item], CAMERA).rejected
    assert (refusal.item, refusal.reason) == ("counts[0]", "bad_field")


async def test_a_count_whose_end_is_ahead_of_town_time_is_rejected(ingest):
    fits, over = count(to_ms=NOON + 30_000), count(to_ms=NOON + 30_001)
    assert reasons(await ingest.post_counts([fits, over])) == ([("counts[1]", "clock_ahead")], 1)


async def test_everything_is_ahead_of_a_town_that_has_no_time_yet(ingest):
    with ingest.registry.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM town_times")
    assert reasons(await ingest.post_counts([count()])) == ([("counts[0]", "clock_ahead")], 0)


async def test_a_counter_that_the_towns_file_does_not_name_is_rejected_and_its_counts_are_kept(ingest):
    answer = await ingest.post_counts([count()], counter="removed")
    assert (answer.status_code, reasons(answer)) == (422, ([("counts[0]", "unknown_counter")], 0))
    (letter,) = ingest.dead_letters()
    assert letter.headers == {
        "reason": b"unknown_counter",
        "source": b"ingest/counts",
        "town": b"village",
        "counter": b"removed",
        "counts": b"1",
    }
    batch = CountBatch.FromString(letter.value)
    assert (batch.counter, [each.count for each in batch.counts]) == ("removed", [7])


@pytest.mark.parametrize("quantity", ["detections", "devices"])
async def test_a_sensor_counts_what_came_too_late_of_a_day_that_is_over(ingest, quantity):
    answer = await ingest.post_counts([yesterday(quantity)], counter="gate", role="sensor")
    assert reasons(answer) == ([], 1)
    (batch,) = messages(ingest.log)
    assert (batch.counter, batch.counts[0].quantity, batch.counts[0].key_day) == (
        "gate",
        quantity,
        KEY_DAY - 1,
    )


@pytest.mark.parametrize("quantity", [..., "people", "wifi_devices", 5])
def test_a_sensor_says_which_of_its_two_quantities_it_counted(quantity):
    verdicts = judge_counts([yesterday(), yesterday(quantity=quantity)], GATE)
    assert len(verdicts.accepted) == 1
    (refusal,) = verdicts.rejected
    assert refusal.message == "quantity is to be one of detections, devices."


async def test_a_sensor_delivers_the_detections_of_a_day_that_is_not_over(ingest):
    today = count(quantity="detections")
    answer = await ingest.post_counts([today], counter="gate", role="sensor")
    assert reasons(answer) == ([("counts[0]", "bad_field")], 0)
    await ingest.tick(START + DAY)
    assert reasons(await ingest.post_counts([today], counter="gate", role="sensor")) == ([], 1)


async def test_a_sensor_that_the_towns_file_does_not_name_is_rejected(ingest):
    answer = await ingest.post_counts([yesterday()], counter="removed", role="sensor")
    assert reasons(answer) == ([("counts[0]", "unknown_sensor")], 0)


async def test_a_replayer_names_a_counter_or_a_sensor_in_a_recording_town_alone(ingest, live):
    for counter, item in (("pax", count()), ("gate", yesterday())):
        answer = await ingest.post_counts([item], counter=counter, role="replayer")
        assert reasons(answer) == ([], 1)
    assert [batch.counter for batch in messages(ingest.log)] == ["pax", "gate"]
    unnamed = await ingest.client.post(
        "/v1/counts", json={"counts": []}, headers=ingest.authorization("replayer", "replayer")
    )
    assert unnamed.status_code == 400
    assert (await live.post_counts([count()], role="replayer")).status_code == 403


async def test_a_counter_tells_its_own_counts_alone(ingest):
    assert (await ingest.post_counts([count()])).status_code == 200
    refused = await ingest.client.post(
        "/v1/counts?counter=pax",
        json={"counts": [count()]},
        headers=ingest.authorization("gate-camera", "counter"),
    )
    assert refused.status_code == 403


async def test_counts_are_counted_as_they_are_judged(ingest):
    await ingest.post_counts([count(), count(count=-1)])
    metrics = await ingest.metrics()
    assert metrics["meguri_ingest_counts_accepted_total"] == 1
    assert metrics['meguri_ingest_rejected_total{reason="bad_field"}'] == 1
