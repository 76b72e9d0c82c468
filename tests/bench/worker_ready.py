"""How soon a worker is ready, and how soon another goes on where one was killed, with a million open devices.

    python tests/bench/worker_ready.py [--devices 1000000] [--rounds 3]

Workers are processes (`python -m meguri_flow`) beside a ClickHouse server; small deliveries are appended all
the time, and a worker is ready once it has folded one of them. It is assigned its partitions when Kafka's
client says so in its log. Beside it: the same with nobody there, and a worker that leaves as it should.
"""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil
from bench_engines import append, bench_engines
from figures import Figure, at_most, bench_options, keep, say
from kafka import KafkaProducer
from made_town import KEY_DAY, MadeTown
from meguri_flow.stream.fold_service import GROUP
from meguri_proto.topics import detections_partition

sys.path.append(str(Path(__file__).parents[1]))
from engines.clickhouse_server import ClickHouseServer  # the tests' folder is no package
from engines.flow_world import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTITION = detections_partition(MadeTown.name, KEY_DAY, 4)
PARTITIONS = {0, 1, 2, 3}
ASSIGNED = re.compile(rf"Setting newly assigned partitions .* for group {GROUP}")
"""What aiokafka says."""
LAST_MS = 25 * 60_000
"""Less than the gap: nobody leaves."""
APPEND_SECONDS = 0.05
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 300


class World(NamedTuple):
    """Where workers work."""

    bootstrap: str
    clickhouse_url: str
    redis_url: str
    folder: Path
    numbers: Iterator[int]
    """Of the workers."""

    def worker(self) -> Worker:
        """One more."""
        output = self.folder / f"worker{next(self.numbers)}.log"
        return Worker(self.bootstrap, self.clickhouse_url, self.redis_url, output)


class Ready(NamedTuple):
    """Seconds until a worker had folded its first message."""

    from_start: float
    """Of its process."""
    from_assignment: float

    def __str__(self) -> str:
        return f"ready after {self.from_start:.2f} s, {self.from_assignment:.2f} s after its assignment"


@contextmanager
def deliveries_all_the_time(bootstrap: str, town: MadeTown) -> Iterator[None]:
    """Append a few detections every now and then."""
    stopped = threading.Event()

    def send() -> None:
        producer = KafkaProducer(bootstrap_servers=bootstrap)
        for record in town.deliveries(100_000, 20, last_ms=LAST_MS):
            if stopped.wait(APPEND_SECONDS):
                break
            producer.send("detections", record, partition=PARTITION)
        producer.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        stopped.set()
        sender.join()


def wait_until(worker: Worker, is_so: Callable[[], bool]) -> None:
    """Wait for a condition, as long as the worker runs.

    Raises:
        TimeoutError: it has not come true.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if failure := worker.ended():
            raise failure
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {PATIENCE_SECONDS} s; is the machine too slow for this much?")
        time.sleep(LOOK_SECONDS)


def folded(worker: Worker) -> int:
    """Messages of the partition that this worker has folded."""
    return int(worker.metric("meguri_flow_folded_messages_total").get((str(PARTITION),), 0))


def wait_ready(worker: Worker) -> Ready:
    """Wait until a worker that is alone has folded something."""
    wait_until(worker, lambda: folded(worker) > 0)
    now = time.time()
    return Ready(now - psutil.Process(worker.process.pid).create_time(), now - assigned_at(worker))


def assigned_at(worker: Worker) -> float:
    """When the worker was given partitions of detections."""
    (line,) = (line for line in worker.log() if ASSIGNED.fullmatch(line["message"]))
    return datetime.fromisoformat(line["at"]).timestamp()


def starts(world: World, rounds: int) -> list[Ready]:
    """Workers that are started one after the other, each when the one before has left."""
    found = []
    for _ in range(rounds):
        with world.worker() as worker:
            found.append(wait_ready(worker))
            worker.end()
        say(f"{found[-1]}")
    return found


def fill(world: World, town: MadeTown) -> None:
    """Let a worker hear every device, and leave with all of them in its snapshot."""
    with world.worker() as worker:
        wait_ready(worker)
        append(world.bootstrap, PARTITION, town.everybody(2_000))
        wait_until(worker, lambda: open_visits(worker) >= town.devices)
        worker.end()


def open_visits(worker: Worker) -> float:
    """Of the partition, as the worker says."""
    return worker.metric("meguri_flow_open_visits").get((str(PARTITION),), 0)


def go_on(world: World, ending: signal.Signals) -> float:
    """Seconds from the signal that ends one of two workers until the other folds its partition."""
    with world.worker() as one, world.worker() as other:
        wait_until(one, lambda: one.partitions() and one.partitions() ^ other.partitions() == PARTITIONS)
        owner, survivor = (one, other) if PARTITION in one.partitions() else (other, one)
        before = folded(survivor)
        began = time.monotonic()
        owner.process.send_signal(ending)
        wait_until(survivor, lambda: folded(survivor) > before)
        seconds = time.monotonic() - began
        say(f"{ending.name}: goes on after {seconds:.1f} s")
        return seconds


def main() -> None:
    """Measure with nobody there, then with everybody."""
    parser = bench_options(__doc__)
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    town = MadeTown(devices=int(options.devices * options.scale), around=1.0)
    with bench_engines() as engines:
        server = ClickHouseServer(engines.folder / "clickhouse", engines.children)
        server.start()
        server.wait_ready()
        server.execute("CREATE DATABASE meguri")
        world = World(engines.bootstrap, f"{server.url}/meguri", engines.redis_url, engines.folder, count())
        append(engines.bootstrap, PARTITION, [town.rules()])
        with deliveries_all_the_time(engines.bootstrap, town):
            empty = starts(world, options.rounds)
            fill(world, town)
            full = starts(world, options.rounds)
            killed = [go_on(world, signal.SIGKILL) for _ in range(options.rounds)]
            left = [go_on(world, signal.SIGTERM) for _ in range(options.rounds)]
    what = f"{town.devices:,} open devices"
    figures = [
        Figure(
            f"{what}: assignment to reading",
            "s",
            [each.from_assignment for each in full],
            "nobody there",
            [each.from_assignment for each in empty],
            (at_most(5),),
        ),
        Figure(
            f"{what}: start of the process to reading",
            "s",
            [each.from_start for each in full],
            "nobody there",
            [each.from_start for each in empty],
        ),
        Figure(
            f"{what}: a killed worker's partition goes on",
            "s",
            killed,
            "of one that leaves (SIGTERM)",
            left,
            (at_most(10),),
        ),
    ]
    keep("worker_ready", options, figures)


if __name__ == "__main__":
    main()
