"""The sweep: by the wall clock, what has a pseudonym and is past its limit goes, though no worker runs."""

import os
import subprocess
import sys
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_flow.domain.snapshot import image_of
from meguri_flow.stream.sealing import DROPPED, Mark, mark
from meguri_flow.stream.snapshots import Snapshots
from meguri_flow.sweep import record_limits, sweep_store
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.log import create_topics
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition
from meguri_proto.towns import Clock, parse_town

HOUR = 3_600_000
LIVING = """
town: living
name: {ja: 村, en: Village}
time_zone: Asia/Tokyo
places:
  hall: {ja: 広間, en: Hall}
sensors:
  a: {place: hall, minimum_rssi: -90}
"""
LIVE = parse_town(LIVING, "living.yaml")
RECORDING = replace(LIVE, town="recorded", clock=Clock.RECORDING)
TOWNS = {town.town: town for town in (LIVE, RECORDING)}
KEY_DAY = 20_000
LIMIT_MS = LIVE.day_bounds_ms(KEY_DAY)[1] + 25 * HOUR
"""A day after the key day's end, and the hour in which a worker that runs would have sealed it."""


@pytest.fixture(params=["embedded", "server"])
def store(request, empty_store):
    store = empty_store(request.param)
    migrate(store)
    yield store
    store.close()


def hear(store, town, key_day=KEY_DAY, *, slice_=0, complete=None):
    """Rows of a day as a worker leaves them; without `complete` it was killed before the row in `days`."""
    row = {"town": [town], "key_day": [key_day], "slice": [slice_]}
    for table in ("visits", "moves"):
        store.insert(table, {**row, "place": ["hall"], "device": [7]})
    store.insert("marked_devices", {**row, "device": [7], "mark": [1]})
    if complete is not None:
        store.insert("days", {**row, "generation": [4], "complete": [complete], "version": [9]})


def left(store):
    """Town and key day of what is there with a pseudonym, table by table."""
    found = set()
    for table in ("visits", "moves", "marked_devices"):
        for row in store.select(f"SELECT DISTINCT town, toUInt16(key_day) AS day FROM {table}"):
            found.add((table, row["town"], row["day"]))
    return found


def marks(store):
    names = "town, slice, generation, dropped, lost"
    return [
        tuple(row.values())
        for row in store.select(f"SELECT {names} FROM sealed_days FINAL ORDER BY town, key_day, slice")
    ]


def test_a_live_towns_day_goes_when_its_limit_is_reached_and_not_before(store):
    hear(store, "living", complete=1)
    hear(store, "living", KEY_DAY + 1)
    assert sweep_store(store, TOWNS, LIMIT_MS - 1).days == []
    assert len(left(store)) == 6
    assert sweep_store(store, TOWNS, LIMIT_MS).days == [("living", KEY_DAY)]
    assert left(store) == {(table, "living", KEY_DAY + 1) for table in ("visits", "moves", "marked_devices")}
    assert sweep_store(store, TOWNS, LIMIT_MS).days == []


def test_a_day_that_was_not_complete_is_marked_as_lost_slice_by_slice(store):
    hear(store, "living", complete=1)
    hear(store, "living", slice_=1, complete=0)
    sweep_store(store, TOWNS, LIMIT_MS)
    assert marks(store) == [("living", 0, 4, 1, 0), ("living", 1, 4, 1, 1)]


def test_a_day_of_which_no_row_says_how_far_it_came_is_lost(store):
    hear(store, "living")
    sweep_store(store, TOWNS, LIMIT_MS)
    assert marks(store) == [("living", 0, 0, 1, 1)]


def test_that_a_day_was_lost_stays_whatever_a_worker_says_of_it_later(store):
    hear(store, "living", complete=0)
    sweep_store(store, TOWNS, LIMIT_MS)
    late = [Mark(DayKey("living", KEY_DAY), 4, LIMIT_MS)]
    mark(store, late)
    mark(store, late, DROPPED)
    assert marks(store) == [("living", 0, 4, 1, 1)]


def test_a_recording_town_has_no_limit_by_the_wall_clock_nor_a_town_without_a_file(store):
    hear(store, "recorded", complete=1)
    hear(store, "nobodys", complete=1)
    assert sweep_store(store, TOWNS, LIMIT_MS * 2).days == []
    assert marks(store) == []


def test_what_a_worker_that_slept_wrote_again_of_a_sealed_day_goes(store):
    mark(store, [Mark(DayKey("recorded", KEY_DAY), 4, 0)], DROPPED)
    hear(store, "recorded", complete=1)
    assert sweep_store(store, TOWNS, 0).days == [("recorded", KEY_DAY)]
    assert left(store) == set()
    assert marks(store) == [("recorded", 0, 4, 1, 0)]


def holding(town):
    """A state that holds the key day of a town."""
    partition = Partition()
    partition.observe([(0, Record(rules=TOWNS[town].rules(KEY_DAY)).SerializeToString())])
    assert len(partition.days) == 1
    return image_of(partition)


@pytest.mark.parametrize(("town", "swept"), [("living", [2]), ("recorded", [])])
def test_snapshots_that_hold_a_day_past_its_limit_go_and_their_partition_begins_anew(store, town, swept):
    snapshots = Snapshots(store, "detections")
    snapshots.save(2, 1, holding(town), (0, 1))
    assert sweep_store(store, TOWNS, LIMIT_MS - 1).snapshots == []
    assert sweep_store(store, TOWNS, LIMIT_MS).snapshots == swept
    assert (snapshots.load(2) is None) == bool(swept)


def test_a_snapshot_of_before_a_sealing_that_a_worker_that_slept_wrote_goes(store):
    snapshots = Snapshots(store, "detections")
    snapshots.save(2, 5, image_of(Partition(next_offset=5)), (4, 5))
    snapshots.save(2, 1, holding("recorded"), (1,))
    sweep_store(store, TOWNS, 0)
    found = store.select("SELECT slot FROM snapshots FINAL ORDER BY slot")
    assert [row["slot"] for row in found] == [4, 5]


def test_records_are_deleted_to_the_end_of_each_partitions_last_day_that_is_past_its_limit():
    limits = record_limits([LIVE, RECORDING], 4, LIMIT_MS)
    days = {day: LIVE.day_bounds_ms(day)[1] + 24 * HOUR for day in range(KEY_DAY - 3, KEY_DAY + 1)}
    assert limits == {detections_partition("living", day, 4): until for day, until in days.items()}
    just_before = record_limits([LIVE], 4, LIMIT_MS - 1)
    assert just_before[detections_partition("living", KEY_DAY, 4)] == days[KEY_DAY] - 4 * 24 * HOUR


def test_of_towns_that_share_a_partition_the_last_to_reach_its_limit_counts():
    western = replace(LIVE, town="western", zone=ZoneInfo("America/Los_Angeles"))
    partition = detections_partition("living", KEY_DAY, 4)
    both = record_limits([LIVE, western], 4, LIMIT_MS)
    assert both[partition] == western.day_bounds_ms(KEY_DAY - 4)[1] + 24 * HOUR


def test_a_sweep_as_a_process_drops_rows_and_records_of_a_live_town(
    clickhouse_server, kafka_bootstrap, tmp_path
):
    clickhouse_server.execute("CREATE DATABASE swept")
    url = f"{clickhouse_server.url}/swept"
    store = ServerStore(url)
    migrate(store)
    hear(store, "living", complete=1)
    create_topics(kafka_bootstrap)
    partition = detections_partition("living", KEY_DAY, 4)
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    producer.send("detections", b"x", partition=partition, timestamp_ms=LIMIT_MS - 2 * HOUR)
    producer.close()
    (tmp_path / "living.yaml").write_text(LIVING, "utf-8")
    where = {"KAFKA": kafka_bootstrap, "CLICKHOUSE_URL": url, "TOWNS": str(tmp_path)}
    sweep = [sys.executable, "-m", "meguri_flow.sweep"]
    told = {**os.environ, **{f"MEGURI_{name}": value for name, value in where.items()}}
    assert subprocess.run(sweep, env=told, check=False, timeout=90).returncode == 0
    assert left(store) == set()
    store.close()
    here = TopicPartition("detections", partition)
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None)
    assert consumer.beginning_offsets([here])[here] == 1
    consumer.close()
    nowhere = {**told, "MEGURI_CLICKHOUSE_URL": "clickhouse://127.0.0.1:1/swept"}
    failed = subprocess.run(sweep, env=nowhere, check=False, timeout=90, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "not everything was swept" in failed.stderr
    assert "127.0.0.1" not in failed.stderr
