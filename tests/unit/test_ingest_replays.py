"""Dead letters judged again: accepted now, appended once, however often and in whichever letters."""

import numpy as np
import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, IngestWorld
from meguri_ingest.replays import ReplayError
from meguri_proto.columns import read_columns
from meguri_proto.schema.counts_pb2 import CountBatch
from meguri_proto.schema.sales_pb2 import Sales
from meguri_proto.topics import detections_partition

PARTITION = detections_partition("village", KEY_DAY, 4)


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


def replay(ingest, letter):
    headers = {name: value.decode() for name, value in letter.headers.items()}
    return ingest.app.state.replays.replay(headers, letter.value)


def folded(log):
    """(sensor, time, device) of every detection that is no duplicate of an earlier delivery."""
    names, found = set(), []
    for record in log.records(PARTITION):
        detections, at = record.detections, 0
        columns = read_columns(detections, sum(segment.count for segment in detections.segments))
        for segment in detections.segments:
            mine = slice(at, at + segment.count)
            at += segment.count
            name = (segment.sensor, segment.boot, segment.sequence)
            if name not in names:
                names.add(name)
                times = columns["time_offset_ms"][mine].astype(np.int64) + segment.base_time_ms
                found += [
                    (segment.sensor, *each)
                    for each in zip(times.tolist(), columns["device"][mine].tolist(), strict=True)
                ]
    return sorted(found)


async def test_detections_that_were_ahead_are_accepted_once_town_time_has_come(ingest):
    offsets = [0, HOUR, 2 * HOUR, HOUR]
    await ingest.post([ingest.batch(offsets, base_ms=NOON, devices=[1, 2, 3, 4], sequence=9)], sensor="door")
    (letter,) = ingest.dead_letters()
    early = await replay(ingest, letter)
    assert (early.accepted, dict(early.rejected)) == (0, {"clock_ahead": 3})
    await ingest.tick(NOON + HOUR)
    some = await replay(ingest, letter)
    assert (some.accepted, dict(some.rejected)) == (2, {"clock_ahead": 1})
    await ingest.tick(NOON + 2 * HOUR)
    whole = await replay(ingest, letter)
    assert (whole.accepted, dict(whole.rejected)) == (3, {})
    for _ in range(2):
        await replay(ingest, letter)
    assert folded(ingest.log) == [
        ("door", NOON, 1),
        ("door", NOON + HOUR, 2),
        ("door", NOON + HOUR, 4),
        ("door", NOON + 2 * HOUR, 3),
    ]


async def test_a_batch_that_was_posted_twice_leaves_letters_of_which_each_detection_counts_once(ingest):
    batch = ingest.batch([HOUR, 2 * HOUR], base_ms=NOON, devices=[1, 2])
    await ingest.post([batch])
    await ingest.tick(NOON + HOUR)
    first, *_ = ingest.dead_letters()
    rest = ingest.batch([HOUR, 2 * HOUR], base_ms=NOON, devices=[1, 2])
    await ingest.post([rest])
    letters = ingest.dead_letters()
    assert len(letters) == 2
    await ingest.tick(NOON + 2 * HOUR)
    for letter in [*letters, first]:
        await replay(ingest, letter)
    replayed = [each for each in folded(ingest.log) if each[2] == 2]
    assert replayed == [("gate", NOON + 2 * HOUR, 2)]


async def test_the_same_detection_twice_in_a_batch_stays_two(ingest):
    batch = ingest.batch([HOUR, HOUR], base_ms=NOON, devices=[5, 5])
    batch.sequence_number = bytes(4)
    await ingest.post([batch])
    (letter,) = ingest.dead_letters()
    await ingest.tick(NOON + HOUR)
    for _ in range(2):
        assert (await replay(ingest, letter)).accepted == 2
    assert folded(ingest.log) == [("gate", NOON + HOUR, 5)] * 2


async def test_what_no_time_makes_right_stays_rejected(ingest):
    await ingest.post([ingest.batch([0, 1], kinds=[1, 99])])
    (letter,) = ingest.dead_letters()
    again = await replay(ingest, letter)
    assert (again.accepted, dict(again.rejected)) == (0, {"unknown_kind": 1})


async def test_a_sealed_days_letter_is_rejected(ingest):
    await ingest.post([ingest.batch([HOUR], base_ms=NOON)])
    (letter,) = ingest.dead_letters()
    await ingest.tick(START + 2 * DAY + 1)
    assert dict((await replay(ingest, letter)).rejected) == {"day_sealed": 1}


async def test_sales_and_counts_are_accepted_when_their_time_has_come(ingest):
    sale = {"external_id": "r-1", "at": "2024-03-15T13:00:00", "amount_yen": 5, "method": "cash"}
    await ingest.post_sales([sale], source="register-2")
    await ingest.post_counts([{"from_ms": NOON, "to_ms": NOON + HOUR, "count": 3}])
    early = [await replay(ingest, letter) for letter in ingest.dead_letters()]
    assert [(each.accepted, dict(each.rejected)) for each in early] == [(0, {"clock_ahead": 1})] * 2
    await ingest.tick(NOON + HOUR)
    late = [await replay(ingest, letter) for letter in ingest.dead_letters()]
    assert [(each.accepted, dict(each.rejected)) for each in late] == [(1, {})] * 2
    (record,) = ingest.log.read_all("sales")
    (found,) = Sales.FromString(record.value).sales
    assert (found.shop, found.source, found.external_id) == ("cafe", "register-2", "r-1")
    (record,) = ingest.log.read_all("counts")
    batch = CountBatch.FromString(record.value)
    assert (batch.counter, [each.count for each in batch.counts]) == ("gate-camera", [3])


async def test_a_sensors_counts_are_judged_as_a_sensors(ingest):
    item = {"from_ms": NOON, "to_ms": NOON + MINUTE, "count": 3, "quantity": "devices"}
    await ingest.tick(NOON + HOUR)
    await ingest.post_counts([item], counter="gate", role="sensor")
    (letter,) = ingest.dead_letters()
    assert dict((await replay(ingest, letter)).rejected) == {"bad_field": 1}
    await ingest.tick(START + DAY)
    assert (await replay(ingest, letter)).accepted == 1


async def test_a_letter_writes_no_further_letter(ingest):
    await ingest.post([ingest.batch([HOUR], base_ms=NOON)])
    (letter,) = ingest.dead_letters()
    await replay(ingest, letter)
    assert len(ingest.dead_letters()) == 1


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({"source": "ingest/detections", "town": "village"}, b"", "It has no body"),
        ({"source": "guide/events", "town": "village"}, b"\x0a", "It has no body"),
        ({}, b"\x0a", "It has no body"),
        ({"source": "ingest/sales", "town": "elsewhere"}, b"\x0a", "Its town has no file here"),
        ({"source": "ingest/sales", "town": "village"}, b"\xff", "Its body is not what its source writes"),
        ({"source": "ingest/detections", "town": "village"}, b"\x30\x02", "Its body is not what its source"),
    ],
)
async def test_a_letter_that_cannot_be_judged_again_says_why(ingest, headers, body, message):
    with pytest.raises(ReplayError, match=message):
        await ingest.app.state.replays.replay(headers, body)
