"""How a sensor speaks with ingest, and how patient it is."""

import email.utils
import json
import time

import numpy as np
import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from meguri_proto.columns import DTYPES, write_columns
from meguri_proto.quantities import Quantity
from meguri_proto.schema.upload_pb2 import Batch
from meguri_proto.towns import parse_town
from meguri_sensors.five_minute_counts import FiveMinuteCount
from meguri_sensors.service import UplinkError
from meguri_sensors.uplink import Uplink

TOWN = parse_town(
    """
town: village
name: {ja: 村, en: Village}
time_zone: Asia/Tokyo
clock: recording
places: {station: {ja: 駅, en: Station}}
sensors: {door: {place: station, minimum_rssi: -70}}
""",
    "village.yaml",
)
NOON = 1_700_017_200_000


@pytest.fixture
def ingest():
    with FakeIngest(TOWN) as ingest:
        yield ingest


@pytest.fixture
def waits():
    return []


@pytest.fixture
def uplink(ingest, waits):
    with Uplink(ingest.url, SENSOR_TOKEN + "door", REPLAYER_TOKEN, sleep=waits.append) as uplink:
        yield uplink


def batch(key_check=0):
    one = Batch(
        boot=1, sequence=0, key_day=TOWN.key_day_at(NOON), key_check=key_check, base_time_ms=NOON, count=1
    )
    write_columns(one, {name: np.ones(1) for name in DTYPES})
    return one


def test_keys_come_with_their_bounds_and_the_towns_rules(uplink, ingest):
    day = TOWN.key_day_at(NOON)
    answer = uplink.keys(NOON, NOON + 1)
    assert (answer.town, answer.gap_ms, answer.lateness_ms) == ("village", 1_800_000, 600_000)
    assert [(key.key_day, (key.start_ms, key.end_ms), key.key) for key in answer.keys] == [
        (day, TOWN.day_bounds_ms(day), ingest.key(day))
    ]
    assert answer.unavailable == ()


def test_a_key_that_was_destroyed_is_named_with_its_day(uplink):
    uplink.tick(NOON + 48 * 3_600_000)
    assert uplink.keys(NOON, NOON + 1).unavailable == ((TOWN.key_day_at(NOON), "destroyed"),)


def test_an_upload_arrives_as_it_was_sent(uplink, ingest):
    uplink.tick(NOON + 1)
    day = uplink.keys(NOON, NOON + 1).keys[0]
    sent = batch(day.check)
    answer = uplink.upload([sent], recording=True)
    assert (answer.accepted, answer.rejected) == (1, ())
    [(sensor, upload, town_time_ms)] = ingest.uploads
    assert (sensor, list(upload.batches), upload.recording, town_time_ms) == ("door", [sent], True, NOON + 1)


def test_what_is_rejected_is_answered_and_not_repeated(uplink, ingest, waits):
    uplink.tick(NOON + 1)
    answer = uplink.upload([batch(key_check=5)], recording=True)
    assert answer.accepted == 0
    assert [(each.item, each.reason, each.detections) for each in answer.rejected] == [
        ("batches[0]", "key_out_of_step", 1)
    ]
    assert len(ingest.uploads) == 1
    assert waits == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_request_that_cannot_be_answered_now_is_repeated_after_a_growing_delay(
    uplink, ingest, waits, status
):
    ingest.refusals.extend([(status, {})] * 4)
    uplink.tick(NOON)
    assert ingest.ticks == [NOON]
    for wait, longest in zip(waits, [0.2, 0.4, 0.8, 1.6], strict=True):
        assert longest / 2 <= wait <= longest


def test_a_delay_that_ingest_asks_for_is_kept_and_not_by_all_sensors_to_the_instant(uplink, ingest, waits):
    ingest.refusals.append((503, {"Retry-After": "7"}))
    uplink.tick(NOON)
    assert 7 < waits[0] <= 7.2


def test_a_date_that_ingest_asks_to_wait_for_is_kept(uplink, ingest, waits):
    ingest.refusals.append((503, {"Retry-After": email.utils.formatdate(time.time() + 30, usegmt=True)}))
    uplink.tick(NOON)
    assert 25 < waits[0] <= 31


@pytest.mark.parametrize("value", ["soon", "-1", ""])
def test_a_delay_that_cannot_be_read_is_none(uplink, ingest, waits, value):
    ingest.refusals.append((503, {"Retry-After": value}))
    uplink.tick(NOON)
    assert waits[0] <= 0.2


def test_patience_ends_with_a_sentence_that_names_what_failed(uplink, ingest, waits):
    ingest.refusals.extend([(503, {})] * 1_000)
    with pytest.raises(UplinkError) as failed:
        uplink.tick(NOON)
    assert f"Ingest at {ingest.url} did not take a tick: it answered 503 (Not now)" in str(failed.value)
    assert str(failed.value).endswith("Is ingest running there, and its Kafka?")
    assert 100 < sum(waits) <= 120


def test_nobody_there_is_waited_for_too(waits):
    nobody = Uplink("http://127.0.0.1:1", "token", patience_s=1, sleep=waits.append)
    with nobody as uplink, pytest.raises(UplinkError, match="did not take a tick: ConnectError"):
        uplink.tick(NOON)
    assert len(waits) >= 1


def test_a_refusal_is_not_repeated_and_says_what_ingest_said(ingest, waits):
    no_replayer = Uplink(ingest.url, SENSOR_TOKEN + "door", sleep=waits.append)
    says = r"did not take a tick: it answered 403 \(Only a replayer's"
    with no_replayer as uplink, pytest.raises(UplinkError, match=says):
        uplink.tick(NOON)
    assert waits == []


def test_no_token_stands_in_an_error(ingest):
    with Uplink(ingest.url, "very-secret") as uplink, pytest.raises(UplinkError) as failed:
        uplink.keys(NOON, NOON + 1)
    assert "401" in str(failed.value)
    assert "very-secret" not in repr(failed.value) + repr(failed.value.__cause__) + repr(vars(failed.value))


@pytest.mark.parametrize(
    "address", ["localhost:8601", "", "ftp://somewhere", "http://", "http://town:ingest"]
)
def test_an_address_that_is_none_of_ingest_is_refused_at_once(address):
    with pytest.raises(UplinkError, match="has to be like http://"):
        Uplink(address, "token")


def test_what_is_not_ingest_is_told_apart(uplink, ingest, monkeypatch):
    monkeypatch.setattr(ingest, "answer_keys", lambda *_: (200, {"hello": "world"}))
    with pytest.raises(UplinkError, match="is not Meguri's ingest"):
        uplink.keys(NOON, NOON + 1)
    monkeypatch.setattr(ingest, "answer_keys", lambda *_: (200, [1]))
    with pytest.raises(UplinkError, match="is not Meguri's ingest"):
        uplink.keys(NOON, NOON + 1)


def test_whoever_waits_can_be_stopped(ingest):
    def stop(_seconds):
        raise InterruptedError

    ingest.refusals.append((503, {}))
    with Uplink(ingest.url, SENSOR_TOKEN + "door", sleep=stop) as uplink, pytest.raises(InterruptedError):
        uplink.keys(NOON, NOON + 1)


def test_the_opt_out_list_comes_with_its_key(uplink, ingest):
    ingest.opted_out = [b"abcdef"]
    opt_outs = uplink.opt_outs()
    assert opt_outs.holds(b"abcdef")
    assert not opt_outs.holds(b"abcdeg")


def test_counts_are_told_as_json(uplink, ingest):
    told = uplink.counts([FiveMinuteCount(Quantity.DETECTIONS, 5, 300_005, 7)])
    assert (told.accepted, told.rejected) == (1, ())
    [(path, sensor, _, body)] = ingest.posts
    assert (path, sensor) == ("/v1/counts", "door")
    assert json.loads(body) == {
        "counts": [{"quantity": "detections", "from_ms": 5, "to_ms": 300_005, "count": 7}]
    }


@pytest.mark.parametrize("ask", [lambda uplink: uplink.opt_outs(), lambda uplink: uplink.counts([])])
def test_another_answer_than_ingests_to_these_is_told_apart_too(uplink, ingest, monkeypatch, ask):
    monkeypatch.setattr(ingest, "answer_opt_outs", lambda: (200, {"key": 5}))
    monkeypatch.setattr(ingest, "answer_post", lambda *_: (200, {}))
    with pytest.raises(UplinkError, match="is not Meguri's ingest"):
        ask(uplink)
