"""`python -m meguri_ingest`: processes of their own on one Kafka, one Redis and one registry."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
from kafka import KafkaConsumer, TopicPartition
from meguri.engines.ports import free_ports
from meguri_kit.registry import Registry
from meguri_proto.columns import Kind, write_columns
from meguri_proto.pseudonyms import key_check
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.topics import detections_partition, town_partitions
from meguri_proto.towns import parse_town

TEXT = """
town: village
name: {ja: 村, en: Village}
time_zone: Asia/Tokyo
clock: live
slices: 2
places: {hall: {ja: 館, en: Hall}}
sensors: {gate: {place: hall, minimum_rssi: -75}}
"""
TOWN = parse_town(TEXT, "village.yaml")
PARTITIONS = 8


@pytest.fixture(scope="module")
def environment(tmp_path_factory, kafka_bootstrap, redis_url):
    """Of every process of this module."""
    folder = tmp_path_factory.mktemp("ingest")
    (folder / "towns").mkdir()
    (folder / "towns" / "village.yaml").write_text(TEXT, "utf-8")
    return {
        "MEGURI_KAFKA": kafka_bootstrap,
        "MEGURI_REDIS_URL": redis_url,
        "MEGURI_TOWNS": str(folder / "towns"),
        "MEGURI_REGISTRY_URL": f"sqlite:///{folder}/registry.db",
        "MEGURI_SHARDS": "2",
    }


@contextmanager
def running(environment):
    """A process that is ready; killed at the end. Yields its client and the process."""
    (port,) = free_ports(1)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEGURI_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "meguri_ingest"], env={**clean, **environment, "MEGURI_PORT": str(port)}
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            deadline = time.monotonic() + 120
            while not is_ready(client):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield client, process
    finally:
        process.kill()
        process.wait()


def is_ready(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def registry(environment):
    registry = Registry(environment["MEGURI_REGISTRY_URL"])
    yield registry
    registry.close()


def upload(registry, sequence):
    """A batch of four devices that were heard just now, and its key day."""
    now_ms = time.time_ns() // 1_000_000
    key_day = TOWN.key_day_at(now_ms)
    batch = Batch(boot=1, sequence=sequence, key_day=key_day, base_time_ms=now_ms, count=4)
    batch.key_check = key_check(registry.day_key("village", key_day))
    numbers = np.arange(4)
    kinds = np.full(4, Kind.PROBE_REQUEST)
    columns = {"time_offset_ms": numbers, "device": numbers, "kind": kinds, "rssi": numbers - 60}
    write_columns(batch, {**columns, "fingerprint": numbers, "sequence_number": numbers})
    return Upload(batches=[batch]).SerializeToString(), key_day


def records(bootstrap, partition):
    """Everything in a partition of detections."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    here = TopicPartition("detections", partition)
    end = consumer.end_offsets([here])[here]
    consumer.assign([here])
    consumer.seek_to_beginning(here)
    found = []
    while consumer.position(here) < end:
        for polled in consumer.poll(timeout_ms=200).values():
            found += [Record.FromString(each.value) for each in polled]
    consumer.close()
    return found


def test_processes_share_a_town_in_slices_and_one_that_was_killed_goes_on(environment, registry):
    kafka = environment["MEGURI_KAFKA"]
    headers = {"Authorization": f"Bearer {registry.enrol('village', 'gate', 'sensor')}"}
    with running(environment) as (one, killed), running(environment) as (other, _):
        for sequence, client in enumerate((one, other)):
            body, key_day = upload(registry, sequence)
            assert client.post("/v1/detections", content=body, headers=headers).json()["accepted"] == 4
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    with running(environment) as (again, _):
        body, _ = upload(registry, 0)
        assert again.post("/v1/detections", content=body, headers=headers).json()["accepted"] == 4
    ticked = {
        number
        for number in range(PARTITIONS)
        if any(each.HasField("tick") for each in records(kafka, number))
    }
    assert ticked == set(town_partitions("village", PARTITIONS, 2))
    for slice_ in range(2):
        found = records(kafka, detections_partition("village", key_day, PARTITIONS, slice_))
        assert found[0].rules.slice == slice_
        assert {each.rules.version for each in found if each.HasField("rules")} == {
            TOWN.rules(key_day).version
        }
        segments = [each for record in found for each in record.detections.segments]
        assert [(each.sequence, each.slice, each.count) for each in segments] == [
            (sequence, slice_, 2) for sequence in (0, 1, 0)
        ]


def test_a_process_with_another_number_of_shards_than_kafka_has_does_not_start(environment, registry):
    with running(environment):
        pass
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEGURI_")}
    for shards, said in (
        ("3", "set MEGURI_SHARDS to 2, or start with an empty Kafka"),
        ("0", "MEGURI_SHARDS"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "meguri_ingest"],
            env={**clean, **environment, "MEGURI_SHARDS": shards},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (ended.returncode, said in ended.stderr) == (1, True), ended.stderr
