"""Keys and ticks: what a sensor may know of which day, and what time it is in the town."""

import asyncio
import base64

import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, IngestWorld, until
from meguri_ingest import ticking
from meguri_proto.schema.log_pb2 import Tick
from meguri_proto.topics import town_partitions

END = START + DAY


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


@pytest.fixture
async def unticked(tmp_path):
    world = IngestWorld(tmp_path)
    with world.registry.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM town_times")
    yield world
    await world.close()


def days(answer):
    assert answer.status_code == 200, answer.text
    return [each["key_day"] for each in answer.json()["keys"]]


def unavailable(answer):
    return [(each["key_day"], each["reason"]) for each in answer.json()["unavailable"]]


async def test_by_default_a_sensor_gets_the_keys_of_eight_days(ingest):
    answer = await ingest.keys()
    assert days(answer) == list(range(KEY_DAY, KEY_DAY + 9)), "from noon to noon nine key days are touched"
    body = answer.json()
    assert (body["town"], body["gap_ms"], body["lateness_ms"]) == ("village", 30 * MINUTE, 10 * MINUTE)
    assert body["unavailable"] == []
    first = body["keys"][0]
    assert (first["start_ms"], first["end_ms"]) == (START, END)
    assert base64.b64decode(first["key"]) == ingest.registry.day_key("village", KEY_DAY)


async def test_no_cache_may_keep_keys(ingest):
    assert (await ingest.keys()).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "expected"),
    [
        (START, START + 1, [KEY_DAY]),
        (START, END, [KEY_DAY]),
        (START, END + 1, [KEY_DAY, KEY_DAY + 1]),
        (END - 1, END, [KEY_DAY]),
    ],
)
async def test_a_span_gives_the_days_that_it_touches(ingest, from_ms, to_ms, expected):
    assert days(await ingest.keys(from_ms=from_ms, to_ms=to_ms)) == expected


async def test_every_sensor_of_the_town_gets_the_same_key(ingest):
    answers = [
        await ingest.client.get("/v1/keys", headers=ingest.authorization(sensor))
        for sensor in ("gate", "door")
    ]
    assert answers[0].json()["keys"] == answers[1].json()["keys"]


async def test_no_key_is_handed_out_more_than_eight_days_ahead(ingest):
    answer = await ingest.keys(from_ms=NOON + 7 * DAY, to_ms=NOON + 10 * DAY)
    assert days(answer) == [KEY_DAY + 7, KEY_DAY + 8]
    assert unavailable(answer) == [(KEY_DAY + 9, "too_far_ahead"), (KEY_DAY + 10, "too_far_ahead")]
    assert ingest.registry.key_check("village", KEY_DAY + 9) is None, "none was drawn"


async def test_a_day_that_was_over_before_anybody_asked_gets_no_key(ingest):
    answer = await ingest.keys(from_ms=NOON - 2 * DAY, to_ms=NOON)
    assert days(answer) == [KEY_DAY]
    assert unavailable(answer) == [(KEY_DAY - 2, "destroyed"), (KEY_DAY - 1, "destroyed")]
    assert ingest.registry.key_check("village", KEY_DAY - 1) is None, "none was drawn"


async def test_a_recording_town_that_was_not_ticked_yet_gives_the_keys_of_any_day(unticked):
    assert days(await unticked.keys(from_ms=START - 400 * DAY, to_ms=START - 399 * DAY)) == [KEY_DAY - 400]
    answer = await unticked.keys()
    assert (answer.status_code, answer.json()) == (400, {"error": "The town has no time yet; say from_ms."})


@pytest.mark.parametrize(
    "span",
    [
        {"from_ms": NOON, "to_ms": NOON},
        {"from_ms": NOON, "to_ms": NOON - 1},
        {"from_ms": NOON, "to_ms": NOON + 40 * DAY + 1},
        {"from_ms": -1, "to_ms": 1},
        {"from_ms": 10**18, "to_ms": 10**18 + 1},
        {"from_ms": "noon"},
    ],
)
async def test_a_span_that_is_none_is_refused_with_a_sentence(ingest, span):
    answer = await ingest.keys(**span)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


async def test_a_key_is_destroyed_fifteen_minutes_after_its_day(ingest):
    key = ingest.registry.day_key("village", KEY_DAY)
    await ingest.tick(END + 15 * MINUTE - 1)
    assert ingest.registry.day_key("village", KEY_DAY) == key
    await ingest.tick(END + 15 * MINUTE)
    assert unavailable(await ingest.keys(from_ms=START, to_ms=END)) == [(KEY_DAY, "destroyed")]
    assert ingest.registry.destroy_keys("village", KEY_DAY + 1) == 0, "it is gone already"
    assert (await ingest.metrics())["meguri_ingest_keys_destroyed_total"] == 1


async def test_a_tick_goes_to_every_partition_of_the_town_and_is_there_when_it_is_answered(ingest):
    answer = await ingest.tick(NOON + HOUR)
    assert (answer.status_code, answer.json()) == (200, {"town_time_ms": NOON + HOUR})
    for partition in town_partitions("village", 4):
        last = ingest.log.records(partition)[-1]
        assert last.tick == Tick(town="village", town_time_ms=NOON + HOUR)


async def test_the_key_day_of_a_tick_is_opened_before_it_and_once(ingest):
    await ingest.tick(NOON)
    await ingest.tick(NOON + HOUR)
    kinds = [[r.WhichOneof("body") for r in ingest.log.records(partition)] for partition in range(4)]
    assert sorted(kinds) == [["rules", "tick", "tick"], *[["tick", "tick"]] * 3]
    (rules,) = [r.rules for r in ingest.log.records() if r.WhichOneof("body") == "rules"]
    assert (rules.town, rules.key_day) == ("village", KEY_DAY)


async def test_town_time_never_goes_backwards(ingest):
    await ingest.tick(NOON + HOUR)
    assert (await ingest.tick(NOON)).json() == {"town_time_ms": NOON + HOUR}
    assert {time for partition in range(4) for time in ticks(ingest.log, partition)} == {NOON + HOUR}


async def test_a_tick_stands_after_the_detections_that_were_answered_before_it(ingest):
    for turn in range(5):
        await ingest.post([ingest.batch([0], sequence=turn)])
        await ingest.tick(NOON + turn)
    (partition,) = {n for n in range(4) if len(ingest.log.records(n)) > 5}
    kinds = [record.WhichOneof("body") for record in ingest.log.records(partition)]
    assert kinds == ["rules", *["detections", "tick"] * 5]


async def test_a_tick_that_kafka_did_not_take_can_be_posted_again(ingest):
    ingest.log.available = False
    answer = await ingest.tick(NOON + HOUR)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    ingest.log.available = True
    assert (await ingest.tick(NOON + HOUR)).status_code == 200
    assert [ticks(ingest.log, partition) for partition in range(4)] == [[NOON + HOUR]] * 4


async def test_town_time_survives_a_restart(tmp_path):
    first = IngestWorld(tmp_path)
    await first.tick(NOON + HOUR)
    await first.close()
    second = IngestWorld(tmp_path)
    assert (await second.tick(NOON)).json() == {"town_time_ms": NOON + HOUR}
    await second.close()


async def test_only_a_replayer_ticks(ingest):
    answer = await ingest.tick(NOON, role="sensor")
    assert answer.status_code == 403
    assert answer.json() == {"error": "This takes the token of a replayer; yours is that of a sensor."}


async def test_a_live_town_is_not_ticked_from_outside(live):
    answer = await live.tick(NOON)
    assert answer.status_code == 409
    assert answer.json() == {"error": "village is live: its clock is the wall clock."}


@pytest.mark.parametrize(
    "body", [{}, {"town_time_ms": -1}, {"town_time_ms": 10**15}, {"town_time_ms": "x"}, []]
)
async def test_a_tick_that_says_no_time_is_refused(ingest, body):
    headers = ingest.authorization("gate", "replayer")
    answer = await ingest.client.post("/v1/ticks", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The request is not as its description says, at body")


def ticks(log, partition):
    """The town times of a partition's ticks."""
    records = log.records(partition)
    return [record.tick.town_time_ms for record in records if record.WhichOneof("body") == "tick"]


async def test_a_live_town_is_ticked_at_the_start(live):
    async with live.app.router.lifespan_context(live.app):
        await until(lambda: len(live.log.records()) == 5)
    assert [ticks(live.log, partition) for partition in range(4)] == [[NOON]] * 4


async def test_a_live_town_is_ticked_again_and_again_and_forgets_keys(live, monkeypatch):
    monkeypatch.setattr(ticking, "EVERY_S", 0.01)
    live.registry.day_key("village", KEY_DAY)
    async with live.app.router.lifespan_context(live.app):
        for _ in range(3):
            await until(lambda: live.now_ms in ticks(live.log, 3))
            live.now_ms += 12 * HOUR
    assert list(dict.fromkeys(ticks(live.log, 0)))[:3] == [NOON, NOON + 12 * HOUR, NOON + 24 * HOUR]
    assert unavailable(await live.keys(from_ms=START, to_ms=END)) == [(KEY_DAY, "destroyed")]


async def test_a_live_towns_tick_that_fails_is_tried_again(live, monkeypatch):
    monkeypatch.setattr(ticking, "EVERY_S", 0.01)
    live.log.available = False
    async with live.app.router.lifespan_context(live.app):
        await until(lambda: len(live.log.calls) >= 8)
        live.log.available = True
        await until(lambda: len(live.log.records()) >= 4)


async def test_a_recording_town_is_never_ticked_by_the_wall_clock(ingest):
    async with ingest.app.router.lifespan_context(ingest.app):
        await asyncio.sleep(0.1)
    assert ingest.log.records() == []
