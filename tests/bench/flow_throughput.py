"""Kafka -> visits in ClickHouse by one worker, beside only reading and decoding the same topic.

    python tests/bench/flow_throughput.py [--detections 200 2000] [--rounds 3]

Snapshots on, messages of 200 detections and of 2,000, each in a topic of its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from bench_engines import append, bench_engines
from bench_flow import folded_messages, running_flow, wait_until
from figures import Figure, at_least, bench_options, keep, ratio_at_least, say
from made_town import DAY_MS, KEY_DAY, MadeTown
from meguri_flow.stream import findings
from meguri_flow.stream.owned import TABLES
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_proto.columns import DTYPES
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench_engines import Engines
    from figures import Bound

TOWN = MadeTown()
PARTITION = detections_partition(TOWN.name, KEY_DAY, 4)
DETECTIONS = 40_000_000
"""Seconds of work: a worker waits up to a second for its last checkpoint."""
BOUNDS: dict[int, Sequence[Bound]] = {
    200: (at_least(5e6), ratio_at_least(0.35)),
    2_000: (at_least(7e6),),
}
"""By the detections of a message."""


class Run(NamedTuple):
    """One folding of the topic."""

    rate: float
    """Detections a second."""
    visits: int

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s to {self.visits:,} visits"


def produce(bootstrap: str, messages: int, detections: int) -> None:
    """A town's day: every message is one delivery of one sensor; devices stay at a place for a while."""
    append(bootstrap, PARTITION, [TOWN.rules()])
    append(bootstrap, PARTITION, TOWN.deliveries(messages, detections))
    append(bootstrap, PARTITION, [TOWN.tick(DAY_MS + 3_600_000)])


async def decode_only(bootstrap: str, messages: int) -> float:
    """Detections a second that aiokafka and np.frombuffer read, with nothing done to them."""
    where = TopicPartition("detections", PARTITION)
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


def through_the_flow(engines: Engines, store: EmbeddedStore, total: int) -> Run:
    """Fold the topic with nothing in the store, from the first message folded to the last row readable."""
    for table in (*TABLES, *findings.TABLES, "days", "snapshots"):
        store.execute(f"TRUNCATE TABLE {table}")
    before = folded_messages(PARTITION)
    with running_flow(engines, store) as flow:
        wait_until(flow, lambda: folded_messages(PARTITION) > before, every=0.002)
        began, at_start = time.perf_counter(), folded_messages(PARTITION) - before
        wait_until(flow, lambda: complete(store))
        seconds = time.perf_counter() - began
    (row,) = store.select("SELECT count() AS visits FROM visits FINAL WHERE closed = 1")
    share = 1 - at_start / (folded_messages(PARTITION) - before)
    return Run(total * share / seconds, int(row["visits"]))


def complete(store: EmbeddedStore) -> bool:
    """Whether the day's last row is readable."""
    return bool(store.select("SELECT 1 AS one FROM days FINAL WHERE complete = 1"))


def measure(detections: int, total: int, rounds: int) -> Figure:
    """Messages of so many detections, both ways in each round."""
    messages = total // detections
    decoded, folded = [], []
    with bench_engines() as engines:
        say(f"appending {messages:,} messages of {detections:,} detections")
        produce(engines.bootstrap, messages, detections)
        store = EmbeddedStore(engines.folder / "clickhouse")
        migrate(store)
        for number in range(rounds):
            decoded.append(asyncio.run(decode_only(engines.bootstrap, messages)))
            run = through_the_flow(engines, store, messages * detections)
            folded.append(run.rate)
            say(f"round {number + 1}: decoded {decoded[-1]:,.0f}/s, folded {run}")
        store.close()
    return Figure(
        f"Kafka to visits in ClickHouse, messages of {detections:,}",
        "detections/s",
        folded,
        "read and decoded only (aiokafka)",
        decoded,
        BOUNDS.get(detections, ()),
    )


def main() -> None:
    """Measure each size of messages."""
    parser = bench_options(__doc__)
    parser.add_argument("--detections", type=int, nargs="+", default=list(BOUNDS), help="of a message")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    total = int(DETECTIONS * options.scale)
    keep("flow_throughput", options, [measure(each, total, options.rounds) for each in options.detections])


if __name__ == "__main__":
    main()
