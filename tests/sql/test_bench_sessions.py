"""The query that the flow is measured beside: a golden result and an empty case."""

import numpy as np
import pytest
from bench.clickhouse_sql import by_name, by_number
from bench.packed_day import PackedDay
from meguri_proto.schema.log_pb2 import Rules, SensorRule

MINUTE = 60_000
START = 1_000 * 60 * MINUTE
HEARD = [
    # place, device, minutes after the start, signal: in the log's order
    ("hall", 1, 30, -50),
    ("hall", 1, 0, -80),
    ("shop", 1, 5, -50),
    ("hall", 1, 10, -81),
    ("hall", 1, 61, -50),
    ("hall", 2, 61, -50),
]
VISITS = {
    # place, device, first and last (minutes after the start), receptions
    ("hall", 1, 0, 30, 2),
    ("hall", 1, 61, 61, 1),
    ("hall", 2, 61, 61, 1),
    ("shop", 1, 5, 5, 1),
}


def day_of(heard):
    """A day with a gap of 30 minutes and the same least signal at both of its places."""
    places = ["hall", "shop"]
    sensors = [SensorRule(sensor=place, place=place, minimum_rssi=-80) for place in places]
    place, device, minute, rssi = zip(*heard, strict=True) if heard else ((), (), (), ())
    return PackedDay(
        Rules(gap_ms=30 * MINUTE, sensors=sensors),
        places,
        time_ms=START + MINUTE * np.array(minute, np.int64),
        device=np.array(device, np.uint64),
        place=np.array([places.index(each) for each in place], np.uint8),
        rssi=np.array(rssi, np.int8),
        message=np.arange(len(heard)),
    )


@pytest.mark.parametrize("way", [by_name, by_number])
def test_a_pause_longer_than_the_gap_cuts_what_is_loud_enough(clickhouse_path, way):
    expected = {
        (place, device, START + first * MINUTE, START + last * MINUTE, receptions)
        for place, device, first, last, receptions in VISITS
    }
    assert way(clickhouse_path, day_of(HEARD)).visits == expected


def test_a_day_without_detections_has_no_visits(clickhouse_path):
    assert by_name(clickhouse_path, day_of([])).visits == set()
