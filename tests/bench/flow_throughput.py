"""Kafka -> visits in ClickHouse by one worker, beside only reading and decoding the same topic.

    python tests/bench/flow_throughput.py [--messages 50000] [--detections 200]

Prints a table and writes the figures to tests/bench/results/flow_throughput.json. Both are measured in the
same run on the same topic; the ratio is what can be compared between machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaProducer
from meguri.engines import Children, Kafka, Redis
from meguri_flow import metrics
from meguri_flow.app import Flow
from meguri_flow.stream import findings
from meguri_flow.stream.owned import TABLES
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.columns import DTYPES, write_columns
from meguri_proto.schema.log_pb2 import Record, Rules, Segment, SensorRule, Tick
from meguri_proto.topics import detections_partition
from rich.console import Console
from rich.table import Table

TOWN, KEY_DAY, START_MS, DAY_MS = "bench", 20_000, 1_728_000_000_000, 86_400_000
SENSORS, PLACES, DEVICES = 100, 10, 20_000
ROUNDS = 3
RESULTS = Path(__file__).parent / "results"


def produce(bootstrap: str, messages: int, detections: int) -> None:
    """A town's day: every message is one delivery of one sensor; devices stay at a place for a while."""
    rng = np.random.default_rng(20_241_004)
    devices = rng.integers(1, 2**63, DEVICES, dtype=np.uint64)
    partition = detections_partition(TOWN, KEY_DAY, 4)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks=1, linger_ms=20, batch_size=1 << 20)

    def send(record: Record) -> None:
        producer.send("detections", record.SerializeToString(), partition=partition)

    sensors = [SensorRule(sensor=f"s{i}", place=f"p{i % PLACES}", minimum_rssi=-80) for i in range(SENSORS)]
    rules = Rules(
        town=TOWN,
        key_day=KEY_DAY,
        version=1,
        day_start_ms=START_MS,
        day_end_ms=START_MS + DAY_MS,
        gap_ms=30 * 60_000,
        lateness_ms=10 * 60_000,
        sensors=sensors,
    )
    send(Record(rules=rules))
    step_ms = (DAY_MS - 3_600_000) // messages
    for number in range(messages):
        sensor = number % SENSORS
        # A tenth of the devices is around at a time, each near one place.
        around = (rng.integers(0, DEVICES // 10, detections) + number * DEVICES // messages) % DEVICES
        around += (sensor % PLACES - around) % PLACES
        columns = {
            "time_offset_ms": np.sort(rng.integers(0, 60_000, detections)),
            "device": devices[around % DEVICES],
            "rssi": rng.integers(-85, -40, detections),
            "kind": np.ones(detections),
            "fingerprint": rng.integers(1, 2**32, detections),
            "sequence_number": rng.integers(0, 4096, detections),
        }
        record = Record()
        record.detections.segments.append(
            Segment(
                town=TOWN,
                sensor=f"s{sensor}",
                boot=1,
                sequence=number,
                key_day=KEY_DAY,
                base_time_ms=START_MS + number * step_ms,
                count=detections,
            )
        )
        write_columns(record.detections, columns)
        send(record)
    send(Record(tick=Tick(town=TOWN, town_time_ms=START_MS + DAY_MS + 3_600_000)))
    producer.flush()
    producer.close()


async def decode_only(bootstrap: str, messages: int) -> float:
    """Detections a second that aiokafka and np.frombuffer read, with nothing done to them."""
    where = TopicPartition("detections", detections_partition(TOWN, KEY_DAY, 4))
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    consumer.assign([where])
    await consumer.seek_to_beginning(where)
    seen = read = 0
    began = time.perf_counter()
    while read < messages + 2:
        for records in (await consumer.getmany(timeout_ms=200, max_records=4_000)).values():
            read += len(records)
            for record in records:
                detections = Record.FromString(record.value).detections
                for name, dtype in DTYPES.items():
                    column = np.frombuffer(getattr(detections, name), dtype)
                seen += len(column)
    seconds = time.perf_counter() - began
    await consumer.stop()
    return seen / seconds


def through_the_flow(bootstrap: str, redis_url: str, store: EmbeddedStore, folder: Path, total: int) -> dict:
    """Detections a second from the first message folded to the last row readable, snapshots on."""
    for table in (*TABLES, *findings.TABLES, "days", "snapshots"):
        store.execute(f"TRUNCATE TABLE {table}")
    log = LogProducer(bootstrap)
    flow = Flow(bootstrap, store, log, redis_url, folder)
    folded = metrics.FOLDED_MESSAGES.labels(detections_partition(TOWN, KEY_DAY, 4))._value
    before = folded.get()
    flow.start()
    while folded.get() == before and flow.failed is None:
        time.sleep(0.002)
    began, at_start = time.perf_counter(), folded.get() - before
    while not complete(store) and flow.failed is None:
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    flow.stop()
    log.close()
    if flow.failed:
        raise flow.failed
    (row,) = store.select("SELECT count() AS visits FROM visits FINAL WHERE closed = 1")
    share = 1 - at_start / (folded.get() - before)
    return {"rate": total * share / seconds, "seconds": seconds, "visits": row["visits"]}


def complete(store: EmbeddedStore) -> bool:
    """Whether the day's last row is readable."""
    return bool(store.select("SELECT 1 AS one FROM days FINAL WHERE complete = 1"))


def main() -> None:
    """Measure, print, write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=50_000)
    arguments.add_argument("--detections", type=int, default=200)
    options = arguments.parse_args()
    total = options.messages * options.detections
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        children = Children(folder)
        kafka, redis = Kafka(folder / "kafka", children), Redis(children)
        kafka.start()
        redis.start()
        kafka.wait_ready()
        redis.wait_ready()
        create_topics(kafka.bootstrap)
        console.print(f"appending {total:,} detections in {options.messages:,} messages")
        produce(kafka.bootstrap, options.messages, options.detections)
        store = EmbeddedStore(folder / "clickhouse")
        migrate(store)
        decode, flow = [], []
        for number in range(ROUNDS):
            decode.append(asyncio.run(decode_only(kafka.bootstrap, options.messages)))
            flow.append(through_the_flow(kafka.bootstrap, redis.url, store, folder, total))
            console.print(f"round {number + 1}: decode {decode[-1]:,.0f}/s, flow {flow[-1]['rate']:,.0f}/s")
        store.close()
        kafka.stop()
        redis.stop()
    report(console, options, decode, flow)


def report(console: Console, options: argparse.Namespace, decode: list[float], flow: list[dict]) -> None:
    """A table for people, a file for comparisons."""
    decode_rate = statistics.median(decode)
    flow_rate = statistics.median(each["rate"] for each in flow)
    table = Table(title=f"Messages of {options.detections} detections, median of {ROUNDS} rounds")
    for column in ("work", "detections/s", "of decode-only"):
        table.add_column(column, justify="left" if column == "work" else "right")
    table.add_row("read and decode only (aiokafka, np.frombuffer)", f"{decode_rate:,.0f}", "100 %")
    share = f"{flow_rate / decode_rate:.0%}"
    table.add_row("Kafka to visits in ClickHouse, snapshots on", f"{flow_rate:,.0f}", share)
    console.print(table)
    packages = ("aiokafka", "chdb", "faust-streaming", "numba", "numpy", "protobuf")
    RESULTS.mkdir(exist_ok=True)
    figures = {
        "command": f"flow_throughput.py --messages {options.messages} --detections {options.detections}",
        "machine": {"cpus": os.cpu_count(), "architecture": platform.machine()},
        "python": sys.version.split()[0],
        "versions": {package: version(package) for package in packages},
        "decode_only_per_second": [round(rate) for rate in decode],
        "flow_per_second": [round(each["rate"]) for each in flow],
        "ratio": round(flow_rate / decode_rate, 3),
        "visits": flow[-1]["visits"],
    }
    (RESULTS / "flow_throughput.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
