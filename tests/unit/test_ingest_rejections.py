"""One case for each reason for which ingest rejects, at the edge where it begins."""

import numpy as np
import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, IngestWorld
from meguri_proto.reasons import RejectReason

LEAD = 30_000
ELSEWHERE = {
    RejectReason.DAY_NOT_OPENED,
    RejectReason.UNKNOWN_SHOP,
    RejectReason.UNKNOWN_COUNTER,
    RejectReason.UNKNOWN_SIGHT,
    RejectReason.TOO_OLD,
    RejectReason.BAD_SIGNATURE,
}
"""Reasons for which the fold, the guide or what takes sales and counts rejects."""


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path, max_detections=100)
    yield world
    await world.close()


def reasons(answer):
    """(item, reason) of everything rejected, and what was accepted."""
    body = answer.json()
    return [(each["item"], each["reason"]) for each in body["rejected"]], body["accepted"]


async def test_a_sensor_that_the_towns_file_does_not_name_is_rejected(ingest):
    answer = await ingest.post([ingest.batch()], sensor="removed")
    assert reasons(answer) == ([("batches[0]", "unknown_sensor")], 0)
    assert answer.json()["rejected"][0]["message"] == "The file of village names no sensor removed."


async def test_a_batch_of_a_sensor_that_names_another_is_rejected(ingest):
    answer = await ingest.post([ingest.batch(sensor="door")])
    assert reasons(answer) == ([("batches[0]", "bad_field")], 0)
    assert reasons(await ingest.post([ingest.batch(sensor="gate")])) == ([], 2), "its own name is none"


async def test_a_name_that_only_the_request_knows_goes_no_further(ingest):
    answer = await ingest.post([ingest.batch(sensor="3c:22:fb:01:02:03")], role="replayer")
    assert reasons(answer) == ([("batches[0]", "unknown_sensor")], 0)
    assert "3c:22" not in answer.text
    (letter,) = ingest.dead_letters()
    assert letter.headers["sensor"] == b"gate"


async def test_a_recording_posted_to_a_live_town_is_rejected(tmp_path):
    live = IngestWorld(tmp_path, clock="live")
    found = reasons(await live.post([live.batch()], recording=True))
    assert found == ([("batches[0]", "recording_in_live_town")], 0)
    assert reasons(await live.post([live.batch()])) == ([], 2)
    await live.close()


async def test_a_batch_without_detections_is_rejected(ingest):
    assert reasons(await ingest.post([ingest.batch([])])) == ([("batches[0]", "empty")], 0)


async def test_a_batch_with_more_detections_than_a_batch_may_have_is_rejected(ingest):
    full, over = ingest.batch(np.arange(100)), ingest.batch(np.arange(101), sequence=1)
    assert reasons(await ingest.post([full, over])) == ([("batches[1]", "too_large")], 100)


@pytest.mark.parametrize(
    "fields", [{"device": b"\x00" * 15}, {"rssi": b""}, {"count": 3}, {"sequence_number": b"\x00" * 5}]
)
async def test_a_column_that_disagrees_with_the_count_is_rejected(ingest, fields):
    answer = await ingest.post([ingest.batch([0, 1], **fields)])
    assert reasons(answer) == ([("batches[0]", "columns_disagree")], 0)


async def test_a_day_whose_key_was_never_handed_out_is_rejected(ingest):
    batch = ingest.batch()
    batch.key_day = KEY_DAY + 1
    assert reasons(await ingest.post([batch])) == ([("batches[0]", "unknown_key")], 0)


@pytest.mark.parametrize("key_day", [2**31 - 1, -(2**31)])
async def test_a_day_that_no_calendar_has_is_rejected(ingest, key_day):
    batch = ingest.batch()
    batch.key_day = key_day
    assert reasons(await ingest.post([batch])) == ([("batches[0]", "unknown_key")], 0)


async def test_a_batch_made_with_another_key_is_rejected(ingest):
    batch = ingest.batch()
    batch.key_check ^= 1
    assert reasons(await ingest.post([batch])) == ([("batches[0]", "key_out_of_step")], 0)


async def test_a_batch_of_a_sealed_day_is_rejected_with_the_reason(ingest):
    batch = ingest.batch([0])
    await ingest.tick(START + 2 * DAY - 1)
    assert reasons(await ingest.post([batch])) == ([], 1)
    await ingest.tick(START + 2 * DAY)
    assert reasons(await ingest.post([batch])) == ([("batches[0]", "day_sealed")], 0)


async def test_a_detection_outside_of_its_key_day_is_rejected(ingest):
    await ingest.tick(START + DAY + HOUR)
    offsets = [0, 1, DAY, DAY + 1]
    answer = await ingest.post([ingest.batch(offsets, base_ms=START - 1)])
    assert reasons(answer) == (
        [("batches[0].detections[0-0]", "wrong_key_day"), ("batches[0].detections[3-3]", "wrong_key_day")],
        2,
    )


@pytest.mark.parametrize("base_ms", [2**63 - 1, -(2**63), 0])
async def test_a_base_time_at_the_end_of_its_type_is_outside_of_the_day(ingest, base_ms):
    answer = await ingest.post([ingest.batch([0, 2**32 - 1], base_ms=base_ms)])
    assert reasons(answer) == ([("batches[0]", "wrong_key_day")], 0)


async def test_a_detection_further_ahead_than_a_clock_may_lead_is_rejected(ingest):
    answer = await ingest.post([ingest.batch([0, LEAD, LEAD + 1], base_ms=NOON)])
    assert reasons(answer) == ([("batches[0].detections[2-2]", "clock_ahead")], 2)


async def test_a_live_towns_clock_is_the_wall_clock(tmp_path):
    live = IngestWorld(tmp_path, clock="live")
    batch = live.batch([0], base_ms=NOON + MINUTE)
    assert reasons(await live.post([batch])) == ([("batches[0]", "clock_ahead")], 0)
    live.now_ms = NOON + MINUTE - LEAD
    assert reasons(await live.post([batch])) == ([], 1)
    await live.close()


async def test_everything_is_ahead_of_a_recording_town_that_was_not_ticked_yet(tmp_path):
    world = IngestWorld(tmp_path)
    with world.registry.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM town_times")
    answer = await world.post([world.batch()])
    assert reasons(answer) == ([("batches[0]", "clock_ahead")], 0)
    assert "the replayer ticks before it delivers" in answer.json()["rejected"][0]["message"]
    await world.close()


async def test_a_kind_that_the_contract_does_not_name_is_rejected(ingest):
    answer = await ingest.post([ingest.batch([0, 1, 2], kinds=[1, 0, 255])])
    assert reasons(answer) == ([("batches[0].detections[1-2]", "unknown_kind")], 1)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xff\xff", {}),
        (b"{}", {}),
        (b"not gzip", {"Content-Encoding": "gzip"}),
    ],
)
async def test_a_body_that_cannot_be_read_leaves_its_length_and_no_body(ingest, body, headers):
    answer = await ingest.post_body(body, headers=headers)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    (letter,) = ingest.dead_letters()
    assert letter.value == b""
    assert letter.headers == {
        "reason": b"unreadable",
        "source": b"ingest/detections",
        "town": b"village",
        "sensor": b"gate",
        "length": str(len(body)).encode(),
    }
    assert (await ingest.metrics())['meguri_ingest_rejected_total{reason="unreadable"}'] == 1


async def test_a_detection_is_rejected_for_one_reason(ingest):
    offsets, kinds = [0, DAY, HOUR + LEAD + 1, 1], [1, 9, 9, 9]
    answer = await ingest.post([ingest.batch(offsets, kinds=kinds)])
    assert reasons(answer) == (
        [
            ("batches[0].detections[1-1]", "wrong_key_day"),
            ("batches[0].detections[2-2]", "clock_ahead"),
            ("batches[0].detections[3-3]", "unknown_kind"),
        ],
        1,
    )


def test_every_reason_of_the_contract_has_its_case_here(request):
    text = request.path.read_text("utf-8")
    here = {reason for reason in RejectReason if f'"{reason}"' in text}
    assert here == set(RejectReason) - ELSEWHERE
