"""A capture replayed into a recording town: everything arrives, nothing is late, twice changes nothing."""

import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from meguri_proto.pseudonyms import pseudonym
from meguri_proto.towns import parse_town
from meguri_sensors.batches import LONGEST_SPAN_MS, last_ms
from meguri_sensors.replay import replay
from meguri_sensors.uplink import Uplink
from meguri_sensors.verdicts import CaptureVerdict, FrameReject
from reference.captures import (
    SIGNAL,
    capture,
    enhanced_packet,
    interface,
    pcapng,
    probe_request,
    radiotap,
    receptions,
    section,
    simple_packet,
)

MINUTE = 60
TOWN_FILE = """
town: village
name: {{ja: 村, en: Village}}
time_zone: Asia/Tokyo
clock: recording
lateness: {lateness}
places: {{station: {{ja: 駅, en: Station}}}}
sensors: {{door: {{place: station, minimum_rssi: -70}}}}
"""
NOON = 1_700_017_200


def town(lateness="10m"):
    return parse_town(TOWN_FILE.format(lateness=lateness), "village.yaml")


@pytest.fixture
def ingest():
    with FakeIngest(town()) as ingest:
        yield ingest


def uplink_of(ingest):
    return Uplink(ingest.url, SENSOR_TOKEN + "door", REPLAYER_TOKEN, patience_s=1)


def replayed(path, ingest, progress=None):
    with uplink_of(ingest) as uplink:
        return replay(path, uplink, progress)


def written(path, times, cut=None):
    """A capture of probe requests of one device at these epoch seconds."""
    packet = radiotap({SIGNAL: -50}) + probe_request(b"\0" * 6)
    path.write_bytes(capture([(int(time), round(time % 1 * 1e6), packet) for time in times])[:cut])
    return path


def never_late(ingest):
    """No batch arrived that the watermark had passed, nor one that was ahead of the town's clock."""
    greatest = 0
    for _, upload, town_time_ms in ingest.uploads:
        greatest = max(greatest, town_time_ms)
        for batch in upload.batches:
            assert batch.base_time_ms >= greatest - ingest.town.lateness_ms
            assert last_ms(batch) <= town_time_ms
            assert last_ms(batch) - batch.base_time_ms <= min(LONGEST_SPAN_MS, ingest.town.lateness_ms)
    return True


def test_the_lab_recording_arrives_whole_and_in_time(ingest, shared_data):
    path = shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"
    report = replayed(path, ingest)
    expected = receptions(path.read_bytes())
    days = [ingest.town.key_day_at(each.time_ms) for each in expected]
    assert len(set(days)) == 2
    assert sorted(ingest.detections()) == sorted(
        ("door", each.time_ms, pseudonym(ingest.key(day), each.address), each.rssi)
        for each, day in zip(expected, days, strict=True)
    )
    assert report.accepted == report.probe_requests == 20_594
    assert report.verdict is CaptureVerdict.WHOLE
    assert not report.rejected
    assert never_late(ingest)
    closing = expected[-1].time_ms + ingest.town.gap_ms + ingest.town.lateness_ms + 1
    assert report.town_time_ms == ingest.ticks[-1] == closing


def test_a_second_replay_delivers_only_what_was_delivered_and_says_what_has_no_key_any_more(
    ingest, shared_data
):
    path = shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"
    replayed(path, ingest)
    before = dict(ingest.batches)
    report = replayed(path, ingest)
    assert ingest.batches == before
    assert ingest.renamed == []
    # The recording goes over the day's start, 04:00 in Japan: its first day's key is destroyed by then.
    assert report.undeliverable == {"destroyed": 19_963}
    assert report.accepted == 20_594 - 19_963


def test_a_replay_goes_on_after_a_tick_that_failed_in_the_middle(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", range(NOON, NOON + 3_600, 60))
    ingest.refusals.extend([(503, {})] * 2)
    assert replayed(path, ingest).accepted == 60


def test_batches_go_together_as_long_as_the_lateness_lasts(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", [NOON, NOON + 9 * MINUTE, NOON + 10 * MINUTE, NOON + 21 * MINUTE])
    report = replayed(path, ingest)
    assert [[b.count for b in upload.batches] for _, upload, _ in ingest.uploads] == [[1, 2], [1]]
    assert (report.batches, report.uploads) == (3, 2)
    assert never_late(ingest)


@pytest.mark.parametrize("lateness", ["0s", "1m", "10m"])
def test_nothing_is_late_however_short_the_lateness(lateness, tmp_path):
    path = written(tmp_path / "some.pcap", [NOON + 7.5 * step for step in range(200)])
    with FakeIngest(town(lateness)) as ingest:
        assert replayed(path, ingest).accepted == 200
        assert never_late(ingest)


def test_a_capture_whose_times_go_back_arrives_whole(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", [NOON + 3_600, NOON, NOON + 60, NOON + 1])
    assert replayed(path, ingest).accepted == 4
    assert ingest.ticks == sorted(ingest.ticks)


def test_a_capture_of_days_far_apart_arrives_whole(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", [NOON, NOON + 40 * 86_400, NOON + 90 * 86_400])
    report = replayed(path, ingest)
    assert report.accepted == 3
    assert not report.undeliverable
    assert never_late(ingest)


def test_a_capture_cut_off_is_replayed_as_far_as_it_is_whole(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", [NOON, NOON + 1], cut=-1)
    report = replayed(path, ingest)
    assert (report.accepted, report.verdict) == (1, CaptureVerdict.TRUNCATED)


@pytest.mark.parametrize("content", [b"", b"no capture at all"])
def test_what_is_no_capture_sends_nothing(ingest, tmp_path, content):
    path = tmp_path / "some.txt"
    path.write_bytes(content)
    report = replayed(path, ingest)
    assert not report.verdict.is_readable
    assert (ingest.uploads, ingest.ticks, report.town_time_ms) == ([], [], None)


def test_what_ingest_rejects_is_counted_by_its_reason(ingest, tmp_path, monkeypatch):
    path = written(tmp_path / "some.pcap", range(NOON, NOON + 5))
    monkeypatch.setattr(ingest, "key", lambda _: bytes(32))
    with uplink_of(ingest) as uplink:
        keys = uplink.keys

        def keys_that_change(*span):
            answer = keys(*span)
            monkeypatch.setattr(ingest, "key", lambda _: b"x" * 32)
            return answer

        monkeypatch.setattr(uplink, "keys", keys_that_change)
        report = replay(path, uplink)
    assert (report.accepted, report.rejected) == (0, {"key_out_of_step": 5})


def test_progress_shows_bytes_frames_detections_and_town_time(ingest, tmp_path):
    steps = []
    path = written(tmp_path / "some.pcap", [NOON, NOON + 3_600])
    replayed(path, ingest, steps.append)
    assert [(step.frames, step.accepted, step.town_time_ms) for step in steps] == [
        (2, 1, NOON * 1_000),
        (2, 2, (NOON + 3_600) * 1_000),
    ]
    assert {step.bytes_total for step in steps} == {path.stat().st_size}


def test_the_report_reads_as_json_without_any_address(ingest, tmp_path):
    report = replayed(written(tmp_path / "some.pcap", [NOON]), ingest).as_dict()
    assert report["accepted"] == 1
    assert report["verdict"] == "whole"


def test_who_has_opted_out_is_not_replayed(ingest, tmp_path):
    path = written(tmp_path / "some.pcap", range(NOON, NOON + 5))
    ingest.opted_out = [b"\0" * 6]
    report = replayed(path, ingest)
    assert (report.frames, report.probe_requests, report.accepted) == (5, 0, 0)
    assert report.rejected_frames == {FrameReject.OPTED_OUT: 5}
    assert ingest.uploads == []


def test_a_pcapng_capture_is_replayed_and_what_has_no_time_is_counted(ingest, tmp_path):
    packet = radiotap({SIGNAL: -50}) + probe_request(b"\0" * 6)
    frames = [enhanced_packet("<", 0, (NOON + second) * 1_000_000, packet) for second in range(5)]
    path = tmp_path / "some.pcapng"
    path.write_bytes(pcapng([section(), interface(), *frames, simple_packet("<", packet)]))
    report = replayed(path, ingest)
    assert (report.accepted, report.frames) == (5, 6)
    assert report.rejected_frames == {FrameReject.WITHOUT_TIME: 1}
