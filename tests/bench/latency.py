"""How long after its append a message shows: as a live number in Redis, as closed visits in ClickHouse.

    python tests/bench/latency.py [--seconds 60] [--per-second 50000]

A process of its own appends deliveries of the last second to Kafka at an even pace; the flow works here, and
chDB and Redis are asked all the time. Town time goes as the clock does; visits are short, so that some end
all the time. The message that closes a visit is the first one whose watermark is beyond the visit's gap.
Beside both: the time until a plain reader in a process of its own has a message.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from bench_engines import append, bench_engines
from bench_flow import folded_messages, running_flow, wait_until
from figures import Figure, at_most, bench_options, keep, say
from kafka import KafkaProducer
from made_town import KEY_DAY, MadeTown
from meguri_flow import metrics
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition
from redis import Redis

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOWN = MadeTown(gap_ms=5_000, lateness_ms=2_000, delivery_ms=1_000)
PARTITION = detections_partition(TOWN.name, KEY_DAY, 4)
MESSAGE_DETECTIONS = 200
NOON_MS = 12 * 3_600_000
WARM_UP_SECONDS = 5
"""Of messages whose times do not count."""
SHORTEST_SECONDS = 15
"""Of a run: some visits have to end after the warm-up."""
ASK_SECONDS = 0.02


class Sent(NamedTuple):
    """The messages in their order, one entry each."""

    at: NDArray[np.float64]
    """Seconds of the machine's monotonic clock, before the append."""
    town_time_ms: NDArray[np.int64]
    """The greatest time that the log holds with this message."""

    @property
    def closed_ms(self) -> int:
        """Every visit that ended up to here is closed by one of the messages."""
        return int(self.town_time_ms[-1]) - TOWN.lateness_ms - TOWN.gap_ms - TOWN.delivery_ms


class Seen(NamedTuple):
    """What somebody who asked again and again was told, growing with time."""

    at: list[float]
    value: list[int]

    def first_at(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        """When each value was reached; infinite for what never was."""
        index = np.searchsorted(np.maximum.accumulate(self.value), values)
        return np.append(self.at, np.inf)[index]


def send(bootstrap: str, messages: int, seconds: float) -> Sent:
    """Append the messages evenly over so many seconds; runs in a process of its own."""
    last_ms = NOON_MS + int(seconds * 1000)
    records = list(TOWN.deliveries(messages, MESSAGE_DETECTIONS, NOON_MS, last_ms))
    greatest = [greatest_ms(record) for record in records]
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    producer.partitions_for("detections")
    at, began = [], time.monotonic()
    for number, record in enumerate(records):
        time.sleep(max(0.0, began + number * seconds / messages - time.monotonic()))
        at.append(time.monotonic())
        producer.send("detections", record, partition=PARTITION)
    producer.close()
    return Sent(np.array(at), np.maximum.accumulate(greatest))


def greatest_ms(record: bytes) -> int:
    """The greatest time of a message."""
    detections = Record.FromString(record).detections
    return detections.segments[0].base_time_ms + int(np.frombuffer(detections.time_offset_ms, "<u4").max())


def read(bootstrap: str, messages: int) -> list[float]:
    """When a reader that does nothing else had each message; runs in a process of its own."""

    async def reading() -> list[float]:
        where = TopicPartition("detections", PARTITION)
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        await consumer.start()
        consumer.assign([where])
        consumer.seek(where, 1)  # behind the rules
        at: list[float] = []
        while len(at) < messages:
            batches = await consumer.getmany(timeout_ms=200)
            at += [time.monotonic()] * len(batches.get(where, ()))
        await consumer.stop()
        return at

    return asyncio.run(reading())


def watch_redis(url: str, seen: Seen, stopped: threading.Event) -> None:
    """The town time of each live number."""
    with Redis.from_url(url) as redis, redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(f"live:{TOWN.name}")
        while not stopped.is_set():
            message = channel.get_message(timeout=ASK_SECONDS)
            if message:
                seen.at.append(time.monotonic())
                seen.value.append(json.loads(message["data"])["town_time_ms"])


def watch_visits(store: EmbeddedStore, seen: Seen, stopped: threading.Event) -> None:
    """The last instant of the closed visit that ended last."""
    while not stopped.wait(ASK_SECONDS):
        (row,) = store.select("SELECT max(last_ms) AS last_ms FROM visits WHERE closed = 1")
        seen.at.append(time.monotonic())
        seen.value.append(int(str(row["last_ms"])))


class Watched(NamedTuple):
    """What was seen of one run."""

    sent: Sent
    read_at: NDArray[np.float64]
    """When the plain reader had each message."""
    live: Seen
    rows: Seen
    last_ms: NDArray[np.int64]
    """Of each closed visit."""
    checkpoints: float
    """How many were written."""


def watch(seconds: float, messages: int) -> Watched:
    """Send the messages within so many seconds to a flow, and watch."""
    live, rows, stopped = Seen([], []), Seen([], []), threading.Event()
    with bench_engines() as engines, ProcessPoolExecutor(2, get_context("spawn")) as processes:
        append(engines.bootstrap, PARTITION, [TOWN.rules()])
        store = EmbeddedStore(engines.folder / "clickhouse")
        migrate(store)
        with running_flow(engines, store) as flow:
            wait_until(flow, lambda: folded_messages(PARTITION) > 0)
            watchers = [
                threading.Thread(target=watch_redis, args=(engines.redis_url, live, stopped)),
                threading.Thread(target=watch_visits, args=(store, rows, stopped)),
            ]
            for watcher in watchers:
                watcher.start()
            try:
                say(f"sending {messages:,} messages within {seconds:.0f} s")
                reading = processes.submit(read, engines.bootstrap, messages)
                before = checkpoints_written()
                sent = processes.submit(send, engines.bootstrap, messages, seconds).result()
                written = checkpoints_written() - before
                newest_ms = int(sent.town_time_ms[-1])
                wait_until(flow, lambda: live.value[-1] == newest_ms and rows.value[-1] >= sent.closed_ms)
            finally:
                stopped.set()
                for watcher in watchers:
                    watcher.join()
        closed = store.select("SELECT last_ms FROM visits FINAL WHERE closed = 1")
        store.close()
        last_ms = np.array([row["last_ms"] for row in closed], np.int64)
        return Watched(sent, np.array(reading.result()), live, rows, last_ms, written)


def checkpoints_written() -> float:
    """So far, in this process."""
    (family,) = metrics.CHECKPOINT_SECONDS.collect()
    return next(sample.value for sample in family.samples if sample.name.endswith("_count"))


def delays(watched: Watched, warm_up: int) -> dict[str, NDArray[np.float64]]:
    """Seconds from the append of each message after the first ones: to the reader, to Redis, to the rows."""
    sent = watched.sent
    counts = np.arange(len(sent.at)) >= warm_up
    # Of messages that do not bring a later time, no live number says whether they are in it.
    is_news = counts & (np.diff(sent.town_time_ms, prepend=0) > 0)
    watermark_ms = sent.town_time_ms - TOWN.lateness_ms
    closing = np.searchsorted(watermark_ms, watched.last_ms + TOWN.gap_ms, "right")
    counted = (closing >= warm_up) & (watched.last_ms <= sent.closed_ms)
    return {
        "read": (watched.read_at - sent.at)[counts],
        "live": (watched.live.first_at(sent.town_time_ms) - sent.at)[is_news],
        "rows": watched.rows.first_at(watched.last_ms[counted]) - sent.at[closing[counted]],
    }


def main() -> None:
    """Measure and keep."""
    parser = bench_options(__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--per-second", type=int, default=50_000)
    options = parser.parse_args()
    seconds = max(SHORTEST_SECONDS, options.seconds * options.scale)
    messages = int(seconds * options.per_second) // MESSAGE_DETECTIONS
    watched = watch(seconds, messages)
    found = delays(watched, int(messages * WARM_UP_SECONDS / seconds))
    p99 = {name: float(np.quantile(each, 0.99)) for name, each in found.items()}
    checkpoint_seconds = seconds / watched.checkpoints
    at_rate = f"{options.per_second:,} detections/s, p99"
    beside = "append to a plain reader, p99"
    figures = [
        Figure(f"append to live number, {at_rate}", "s", [p99["live"]], beside, [p99["read"]], (at_most(1),)),
        Figure(
            f"closing message's append to row readable, {at_rate}",
            "s",
            [p99["rows"]],
            beside,
            [p99["read"]],
            (at_most(2 + checkpoint_seconds),),
        ),
    ]
    spread = {
        name: {f"p{share}": float(np.quantile(each, share / 100)) for share in (50, 90, 99, 100)}
        | {"count": len(each)}
        for name, each in found.items()
    }
    keep("latency", options, figures, details={**spread, "seconds_between_checkpoints": checkpoint_seconds})


if __name__ == "__main__":
    main()
