"""What the spool holds reaches the real ingest: once, after any crash; a day that is over as counts."""

import os
import shutil

import pytest
from fakes.live_ingest import TOWN, live_ingest
from meguri_proto.columns import DTYPES
from meguri_proto.pseudonyms import key_check
from meguri_sensors.delivering import REFRESH_EVERY_MS, Delivering
from meguri_sensors.spool import Spool
from meguri_sensors.spool_segments import SegmentDay
from meguri_sensors.uplink import Uplink
from reference.batches import batch

HOUR = 3_600_000
KEY_DAY = 20_000
START, END = TOWN.day_bounds_ms(KEY_DAY)
DAY = SegmentDay(KEY_DAY, START, END)


@pytest.fixture
def ingest(tmp_path):
    with live_ingest(tmp_path, START + 12 * HOUR) as ingest:
        yield ingest


@pytest.fixture
def uplink(ingest):
    waits = []
    with Uplink(ingest.url, ingest.token, patience_s=3, sleep=waits.append) as uplink:
        uplink.waits = waits
        yield uplink


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool", 10**9)
    yield spool
    spool.close()


def heard(ingest, sequence, times_ms=(0,), devices=None, of=DAY):
    made = batch(sequence, times_ms, devices, of=of)
    made.key_check = key_check(ingest.key(of.key_day))
    return made


@pytest.fixture(autouse=True)
def keys_are_drawn(ingest, uplink):
    uplink.keys(START, END + 24 * HOUR)


def deliver(spool, uplink, now_ms):
    delivering = Delivering(uplink, spool, lambda: now_ms)
    while delivering.step():
        pass
    assert delivering.trouble is None
    return delivering


def test_after_an_outage_everything_arrives_once_in_order(ingest, uplink, spool):
    sent = [heard(ingest, number, range(0, 2_000, 100)) for number in range(50)]
    for each in sent:
        spool.append(each, DAY)
    ingest.log.available = False
    delivering = Delivering(uplink, spool, lambda: ingest.now_ms)
    assert delivering.step() is False
    assert "503" in delivering.trouble
    assert all(wait > 1 for wait in uplink.waits)
    ingest.log.available = True
    while delivering.step():
        pass
    assert (delivering.trouble, delivering.accepted) == (None, 1_000)
    assert ingest.segments() == [(7, number, KEY_DAY, 20) for number in range(50)]
    assert spool.figures.waiting == 0


def test_a_spool_cut_at_every_byte_of_its_last_record_delivers_everything_else_once(
    ingest, uplink, spool, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the power does not go here
    folder = tmp_path / "spool"
    for number in range(2):
        spool.append(heard(ingest, number, range(3)), DAY)
    [segment] = folder.glob("*.batches")
    begins = segment.stat().st_size
    spool.append(heard(ingest, 2, range(3)), DAY)
    ends = segment.stat().st_size
    for cut in range(begins, ends):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        os.truncate(copy / segment.name, cut)
        before = len(ingest.segments())
        for _ in range(2):
            after_the_crash = Spool(copy, 10**9)
            while delivery := after_the_crash.next_delivery():
                assert uplink.upload(delivery.batches, recording=False).accepted == 6
                after_the_crash.acknowledge(delivery)
            after_the_crash.close()
        assert ingest.segments()[before:] == [(7, 0, KEY_DAY, 3), (7, 1, KEY_DAY, 3)]
        shutil.rmtree(copy)
    assert ends - begins > 100


def test_an_acknowledgement_lost_in_a_crash_makes_duplicates_of_the_same_name(
    ingest, uplink, spool, tmp_path
):
    spool.append(heard(ingest, 0, range(9)), DAY)
    shutil.copytree(tmp_path / "spool", tmp_path / "before")
    deliver(spool, uplink, ingest.now_ms)
    again = Spool(tmp_path / "before", 10**9)
    deliver(again, uplink, ingest.now_ms)
    again.close()
    assert ingest.segments() == [(7, 0, KEY_DAY, 9)] * 2


def test_a_day_that_ended_24_hours_ago_arrives_as_counts_and_its_pseudonyms_never(
    ingest, uplink, spool, tmp_path
):
    for number in range(100):
        time = number * 20 * 60_000 % (24 * HOUR - 10)
        spool.append(heard(ingest, number, [time, time + 1, time + 2], [1, 1, 2]), DAY)
    ingest.now_ms = END + 24 * HOUR + 1
    delivering = deliver(spool, uplink, ingest.now_ms)
    assert ingest.segments() == []
    counts = ingest.counts()
    assert sum(count for _, quantity, _, _, count in counts if quantity == "detections") == 300
    assert sum(count for _, quantity, _, _, count in counts if quantity == "devices") == 2 * 72
    assert {counter for counter, *_ in counts} == {"door"}
    assert {to - start for _, _, start, to, _ in counts} == {300_000}
    assert not delivering.rejected
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["lock", "position.json"]


def test_a_sensor_whose_clock_is_behind_tells_as_counts_what_ingest_calls_sealed(ingest, uplink, spool):
    following = SegmentDay(KEY_DAY + 1, END, TOWN.day_bounds_ms(KEY_DAY + 1)[1])
    spool.append(heard(ingest, 0, [5, 6], [1, 1]), DAY)
    spool.append(heard(ingest, 0, [7], of=following), following)
    spool.append(heard(ingest, 1, [8]), DAY)
    ingest.now_ms = END + 24 * HOUR + 1
    delivering = deliver(spool, uplink, ingest.now_ms - HOUR)
    assert ingest.segments() == [(7, 0, KEY_DAY + 1, 1)]
    assert ingest.counts() == [
        ("door", "detections", START, START + 300_000, 3),
        ("door", "devices", START, START + 300_000, 2),
    ]
    assert (delivering.accepted, dict(delivering.rejected)) == (1, {})
    assert (spool.figures.counted, spool.figures.dropped) == (3, 0)


def test_what_ingest_will_never_take_is_counted_and_does_not_stop_the_rest(ingest, uplink, spool):
    wrong = heard(ingest, 0, range(4))
    wrong.key_check ^= 1
    spool.append(wrong, DAY)
    spool.append(heard(ingest, 1, [0, 13 * HOUR]), DAY)
    delivering = deliver(spool, uplink, ingest.now_ms)
    assert dict(delivering.rejected) == {"key_out_of_step": 4, "clock_ahead": 1}
    assert delivering.accepted == 1
    assert spool.figures.waiting == 0


def test_keys_and_opt_outs_come_in_advance_and_are_asked_for_again_every_hour(ingest, uplink, spool):
    now = [ingest.now_ms]
    delivering = Delivering(uplink, spool, lambda: now[0])
    assert delivering.opt_outs is None
    delivering.step()
    assert delivering.keys.until_ms >= now[0] + 8 * 24 * HOUR
    assert not delivering.opt_outs.holds(b"\0" * 6)
    ingest.opt_out(b"\0" * 6)
    now[0] += REFRESH_EVERY_MS - 1
    delivering.step()
    assert not delivering.opt_outs.holds(b"\0" * 6)
    now[0] += 1
    delivering.step()
    assert delivering.opt_outs.holds(b"\0" * 6)


def test_keys_go_15_minutes_after_their_day_though_ingest_is_away(ingest, uplink, spool):
    now = [ingest.now_ms]
    delivering = Delivering(uplink, spool, lambda: now[0])
    delivering.step()
    ingest.log.available = False
    now[0] = END + 15 * 60_000 - 1
    delivering.step()
    assert delivering.keys.at(END - 1).key_day == KEY_DAY
    now[0] += 1
    delivering.step()
    assert delivering.keys.at(END - 1).reason == "not_handed_out"
    assert delivering.keys.at(END).key_day == KEY_DAY + 1


def test_a_batch_with_all_columns_arrives_bit_for_bit(ingest, uplink, spool):
    sent = heard(ingest, 3, range(0, 3_000, 3))
    spool.append(sent, DAY)
    deliver(spool, uplink, ingest.now_ms)
    [record] = [each for each in ingest.log.records() if each.detections.segments]
    for name in DTYPES:
        assert getattr(record.detections, name) == getattr(sent, name)
