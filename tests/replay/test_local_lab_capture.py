"""The lab's capture through the real way: the command line, HTTP, Kafka, the flow, ClickHouse."""

import json

import pytest
from command_line.processes import Meguri, rows, run
from meguri_kit.registry import Registry
from meguri_proto.pseudonyms import pseudonym
from meguri_proto.towns import parse_town
from reference.captures import receptions
from reference.fold import BIN_MS, DayRules, Delivery, Detection, Message, Visit, fold

TOWN = """
town: lab
name: {ja: 研究室, en: Laboratory}
time_zone: Europe/Prague
gap: 30m
lateness: 10m
clock: recording
places:
  room: {ja: 部屋, en: Room}
sensors:
  sensor2: {place: room, minimum_rssi: -88}
"""
VISITS = (
    "SELECT place, first_ms, device, last_ms, receptions, arrival FROM visits FINAL "
    "WHERE closed = 1 ORDER BY place, first_ms, device"
)
EVERY_VISIT = "SELECT * FROM visits FINAL ORDER BY ALL"
PRESENCE = "SELECT place, bin_ms, visits FROM presence FINAL ORDER BY ALL"
COUNTS = "SELECT detections, late, duplicates FROM days FINAL WHERE town = 'lab'"


@pytest.fixture(scope="module")
def capture(shared_data):
    return shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"


@pytest.fixture(scope="module")
def replayed(capture, tmp_path_factory):
    """The data folder; what was reported and found after one replay and after the same again; refusals."""
    folder = tmp_path_factory.mktemp("lab")
    recording, live, data = folder / "lab.yaml", folder / "live.yaml", folder / "data"
    recording.write_text(TOWN)
    live.write_text(TOWN.replace("town: lab", "town: live-lab").replace("clock: recording", "clock: live"))
    found, refused = [], []
    for _ in range(2):
        with Meguri("up", data, "--town", recording, "--town", live) as meguri:
            meguri.until_answering()
            report = run("replay", capture, *sensor("lab", "sensor2", data), "--json")
            assert report.returncode == 0, report.stderr
            if not refused:
                refused = [
                    run("replay", capture, *sensor("live-lab", "sensor2", data)),
                    run("enrol", *sensor("lab", "sensor3", data)),
                    run("enrol", *sensor("live-lab", "sensor2", data)),
                ]
            assert meguri.end() == 0
        found.append((json.loads(report.stdout), rows(data, VISITS, PRESENCE, COUNTS, EVERY_VISIT)))
    return data, found, refused


def sensor(town, name, data):
    return ("--town", town, "--sensor", name, "--data", data)


@pytest.fixture(scope="module")
def expected(capture, replayed):
    """What the reference folds of the same file, under the key that the run drew."""
    data, *_ = replayed
    lab = parse_town(TOWN, "lab.yaml")
    heard = receptions(capture.read_bytes())
    (day,) = {lab.key_day_at(each.time_ms) for each in heard}
    registry = Registry(f"sqlite:///{data}/registry.sqlite")
    key = registry.day_key("lab", day)
    registry.close()
    detections = tuple(Detection(each.time_ms, pseudonym(key, each.address), each.rssi) for each in heard)
    start_ms, end_ms = lab.day_bounds_ms(day)
    rules = DayRules(start_ms, end_ms, lab.gap_ms, lab.lateness_ms, {"sensor2": ("room", -88)})
    return fold([Message((Delivery("sensor2", 1, 0, detections),))], rules)


def test_its_visits_are_the_references_to_the_row(replayed, expected):
    _, ((report, (visits, presence, counts, _)), _), _ = replayed
    assert report["accepted"] == 20_594
    assert len(expected.visits) > 2_000
    assert expected.weak > 1_000
    assert [Visit(*row[:5], bool(row[5])) for row in visits] == expected.visits
    # The replay's last tick closes every visit; the bin that it stands in is not over.
    over_ms = max(visit.last_ms for visit in expected.visits)
    final = {key: count for key, count in expected.presence.items() if key[1] + BIN_MS <= over_ms}
    assert {(place, bin_ms): count for place, bin_ms, count in presence} == final
    assert counts == [[20_594, 0, 0]]


def test_the_same_file_again_changes_no_visit(replayed):
    _, ((first, before), (second, after)), _ = replayed
    assert second["accepted"] == first["accepted"]
    assert after[3] == before[3]
    assert after[1] == before[1]
    assert after[2] == [[20_594, 0, 20_594]]


def test_a_live_town_refuses_a_recording_and_a_town_a_sensor_that_it_has_not(replayed):
    *_, (recording, unknown, enrolled) = replayed
    assert recording.returncode == 1
    assert "live-lab is a live town" in recording.stderr
    assert unknown.returncode == 1
    assert "lab has no sensor sensor3; it has: sensor2." in unknown.stderr
    assert enrolled.returncode == 0
    assert len(enrolled.stdout.strip()) > 40
