"""A history at full speed: Kafka -> visits, moves and findings in ClickHouse, as a demo's past is folded.

    python tests/bench/history_fill.py [--days 60] [--towns 2] [--detections 33000] [--visits 10000]

The log holds each town's days as a replayer delivers them: some large messages a day, a tick behind each.
The whole time stands beside that of the checkpoints; the details say what each insert and query took of it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from bench_engines import bench_engines
from bench_flow import folded_messages, running_flow, wait_until
from figures import Figure, bench_options, keep, say
from kafka import KafkaProducer
from meguri_flow import metrics
from meguri_flow.domain.kernels import compile_kernels
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_proto.columns import write_columns
from meguri_proto.schema.log_pb2 import Record, Rules, Segment, SensorRule, Tick
from meguri_proto.topics import detections_partition, town_partitions

if TYPE_CHECKING:
    from bench_engines import Engines

FIRST_DAY, FIRST_START_MS, DAY_MS = 20_000, 1_728_000_000_000, 86_400_000
PLACES, SENSORS, PARTITIONS = 8, 16, 4
MESSAGE_DETECTIONS = 20_000
MAKER_ASSIGNED = 0.15
"""Of the devices; the others' addresses are made up, one a visit."""


def produce(bootstrap: str, towns: int, days: int, detections: int, visits: int) -> None:
    """Every town's days in order; a visit is a few detections of one device at one place."""
    rng = np.random.default_rng(20_241_004)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks=1, linger_ms=20, max_request_size=1 << 20)

    def send(record: Record, partition: int) -> None:
        producer.send("detections", record.SerializeToString(), partition=partition)

    for day in range(FIRST_DAY, FIRST_DAY + days):
        start_ms = FIRST_START_MS + (day - FIRST_DAY) * DAY_MS
        for number in range(towns):
            town = f"town{number}"
            partition = detections_partition(town, day, PARTITIONS)
            send(Record(rules=rules(town, day, start_ms)), partition)
            for columns in messages(rng, detections, visits):
                send(as_record(town, day, start_ms, columns), partition)
            tick = Record(tick=Tick(town=town, town_time_ms=start_ms + DAY_MS))
            for each in town_partitions(town, PARTITIONS):
                send(tick, each)
    for number in range(towns):
        last = Record(tick=Tick(town=f"town{number}", town_time_ms=start_ms + DAY_MS + 3_600_000))
        for each in town_partitions(f"town{number}", PARTITIONS):
            send(last, each)
    producer.flush()
    producer.close()


def rules(town: str, day: int, start_ms: int) -> Rules:
    """Of one key day."""
    sensors = [SensorRule(sensor=f"s{i}", place=f"p{i % PLACES}", minimum_rssi=-90) for i in range(SENSORS)]
    return Rules(
        town=town,
        key_day=day,
        version=1,
        day_start_ms=start_ms,
        day_end_ms=start_ms + DAY_MS,
        gap_ms=30 * 60_000,
        lateness_ms=10 * 60_000,
        sensors=sensors,
    )


def messages(rng: np.random.Generator, detections: int, visits: int) -> list[dict[str, np.ndarray]]:
    """A day's detections in order of time, cut into messages: columns, with the sensor of each."""
    stable = rng.random(visits) < MAKER_ASSIGNED
    device = rng.integers(1, 2**63, visits, dtype=np.uint64)
    panel = rng.integers(1, 2**63, max(1, int(stable.sum()) // 3), dtype=np.uint64)
    device[stable] = panel[rng.integers(0, len(panel), int(stable.sum()))]
    begin = rng.integers(0, DAY_MS - 4 * 3_600_000, visits)
    visit = rng.integers(0, visits, detections)
    time_ms = begin[visit] + rng.integers(0, 40 * 60_000, detections)
    order = np.argsort(time_ms)
    columns = {
        "time_ms": time_ms[order],
        "device": device[visit][order],
        "sensor": (visit % SENSORS)[order],
        "kind": (2 - stable[visit])[order],
    }
    cuts = range(0, detections, MESSAGE_DETECTIONS)
    return [{n: c[cut : cut + MESSAGE_DETECTIONS] for n, c in columns.items()} for cut in cuts]


def as_record(town: str, day: int, start_ms: int, columns: dict[str, np.ndarray]) -> Record:
    """One message with a segment a sensor."""
    record = Record()
    order = np.argsort(columns["sensor"], kind="stable")
    sensor, time_ms = columns["sensor"][order], columns["time_ms"][order]
    names, firsts, counts = np.unique(sensor, return_index=True, return_counts=True)
    base = np.minimum.reduceat(time_ms, firsts)
    for name, count, base_ms in zip(names, counts, base, strict=True):
        record.detections.segments.append(
            Segment(
                town=town,
                sensor=f"s{name}",
                boot=day,
                sequence=int(base_ms),
                key_day=day,
                base_time_ms=start_ms + int(base_ms),
                count=int(count),
            )
        )
    length = len(order)
    write_columns(
        record.detections,
        {
            "time_offset_ms": time_ms - np.repeat(base, counts),
            "device": columns["device"][order],
            "rssi": np.full(length, -60),
            "kind": columns["kind"][order],
            "fingerprint": np.zeros(length),
            "sequence_number": np.zeros(length),
        },
    )
    return record


class TimedStore:
    """Passes on, and keeps how long each insert and query took."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self.calls: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def insert(self, table: str, columns: dict) -> None:
        began = time.perf_counter()
        self._store.insert(table, columns)
        rows = len(next(iter(columns.values())))
        self.calls[f"insert {table}"].append((time.perf_counter() - began, rows))

    def query(self, name: str, params: dict | None = None) -> list[dict]:
        began = time.perf_counter()
        rows = self._store.query(name, params)
        self.calls[f"query {name}"].append((time.perf_counter() - began, len(rows)))
        return rows

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def totals(self) -> dict[str, dict[str, float]]:
        """Of each kind of call: how many there were, their seconds and their rows."""
        return {
            call: {
                "times": len(each),
                "seconds": round(sum(seconds for seconds, _ in each), 3),
                "rows": sum(rows for _, rows in each),
            }
            for call, each in sorted(self.calls.items())
        }


def fold(engines: Engines, store: TimedStore, town_days: int) -> float:
    """Seconds from the worker's start of reading to the last day's completion."""
    with running_flow(engines, store) as flow:
        wait_until(flow, lambda: any(map(folded_messages, range(PARTITIONS))), every=0.002)
        began = time.perf_counter()
        wait_until(flow, lambda: complete(store, town_days), every=0.05)
        return time.perf_counter() - began


def complete(store: TimedStore, town_days: int) -> bool:
    """Whether the last row of every day is readable."""
    (row,) = store._store.select("SELECT count() AS days FROM days FINAL WHERE complete = 1")
    return int(row["days"]) == town_days


def written(store: EmbeddedStore) -> dict[str, object]:
    """How much there is in the end."""
    (row,) = store.select(
        "SELECT (SELECT count() FROM visits FINAL) AS visits, (SELECT count() FROM moves FINAL) AS moves, "
        "(SELECT sum(paths) FROM day_paths FINAL) AS paths, "
        "(SELECT count() FROM system.parts WHERE active AND database = currentDatabase()) AS parts"
    )
    return row


def main() -> None:
    """Measure and keep."""
    parser = bench_options(__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--towns", type=int, default=2)
    parser.add_argument("--detections", type=int, default=33_000, help="of a town's day")
    parser.add_argument("--visits", type=int, default=10_000, help="of a town's day")
    options = parser.parse_args()
    days = max(1, int(options.days * options.scale))
    town_days = days * options.towns
    with bench_engines() as engines:
        say(f"appending {town_days * options.detections:,} detections of {town_days} town-days")
        produce(engines.bootstrap, options.towns, days, options.detections, options.visits)
        compile_kernels()
        store = EmbeddedStore(engines.folder / "clickhouse")
        migrate(store)
        timed = TimedStore(store)
        seconds = fold(engines, timed, town_days)
        found = written(store)
        store.close()
    checkpoints = metrics.CHECKPOINT_SECONDS._sum.get()
    work = f"{town_days} town-days filled"
    figures = [Figure(work, "s", [seconds], "of it in checkpoints", [checkpoints])]
    keep("history_fill", options, figures, details={**found, "calls": timed.totals()})


if __name__ == "__main__":
    main()
