"""A day that is folded again because something came late: how fast, and in how much memory.

    python tests/bench/refold_day.py [--detections 100000000]

A day in messages of 2,000 detections, of which every 500th comes an hour late, behind them the tick that
closes the day and asks for the refold. One worker (chDB, snapshots on) folds it, then folds it again until
the last row of the new generation is readable; its resident memory is noted all the while.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import psutil
from bench_engines import append, bench_engines
from bench_flow import folded_messages, running_flow, wait_until
from figures import Figure, at_least, bench_options, keep, ratio_at_most, say
from made_town import DAY_MS, KEY_DAY, MadeTown
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_proto.topics import detections_partition

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE_DETECTIONS = 2_000
DETECTIONS_A_DEVICE = 100
LATE_EVERY = 500
"""Messages."""
PARTITION = detections_partition(MadeTown.name, KEY_DAY, 4)
LOOK_SECONDS = 0.25


class Memory:
    """The resident megabytes of this process, noted every so often."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.megabytes: list[float] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def between(self, begin: float, end: float) -> list[float]:
        return [size for at, size in zip(self.at, self.megabytes, strict=True) if begin <= at <= end]

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._stopped.wait(LOOK_SECONDS):
            self.megabytes.append(process.memory_info().rss / 1e6)
            self.at.append(time.monotonic())


class Run(NamedTuple):
    """When what was done, in seconds of the monotonic clock."""

    began: float
    """The first message was folded."""
    folded: float
    """Everything was folded, what came late was left out, and the refold was asked for."""
    refolded: float
    """The day is readable with what came late."""
    memory: Memory


def records(messages: int) -> Iterator[bytes]:
    """The day, of which some messages come an hour late, and the tick that asks for a refold."""
    town = MadeTown(devices=messages * MESSAGE_DETECTIONS // DETECTIONS_A_DEVICE)
    hour = messages * 3_600_000 // (DAY_MS - 3_600_000)
    waiting: deque[tuple[int, bytes]] = deque()
    yield town.rules()
    for number, record in enumerate(town.deliveries(messages, MESSAGE_DETECTIONS)):
        if number % LATE_EVERY:
            yield record
        else:
            waiting.append((number + hour, record))
        while waiting and waiting[0][0] <= number:
            yield waiting.popleft()[1]
    yield from (record for _, record in waiting)
    yield town.tick(DAY_MS + 3_600_000)


def fold_twice(messages: int) -> Run:
    """Let a worker fold the day, and fold it again."""
    with bench_engines() as engines:
        say(f"appending {messages:,} messages of {MESSAGE_DETECTIONS:,} detections")
        append(engines.bootstrap, PARTITION, records(messages))
        store = EmbeddedStore(engines.folder / "clickhouse")
        migrate(store)
        with running_flow(engines, store) as flow, Memory() as memory:
            wait_until(flow, lambda: folded_messages(PARTITION) > 0)
            began = time.monotonic()
            wait_until(flow, lambda: folded_messages(PARTITION) == messages + 2)
            folded = time.monotonic()
            say(f"folded within {folded - began:.1f} s")
            wait_until(flow, lambda: is_refolded(store))
            refolded = time.monotonic()
            say(f"folded again within {refolded - folded:.1f} s")
        store.close()
    return Run(began, folded, refolded, memory)


def is_refolded(store: EmbeddedStore) -> bool:
    """Whether a generation after the first is complete."""
    return bool(store.select("SELECT 1 AS one FROM days WHERE complete = 1 AND generation > 0 LIMIT 1"))


def main() -> None:
    """Measure and keep."""
    parser = bench_options(__doc__)
    parser.add_argument("--detections", type=int, default=100_000_000)
    options = parser.parse_args()
    messages = int(options.detections * options.scale) // MESSAGE_DETECTIONS
    total = messages * MESSAGE_DETECTIONS
    run = fold_twice(messages)
    third = (run.refolded - run.folded) / 3
    early = run.memory.between(run.folded, run.folded + third)
    late = run.memory.between(run.refolded - third, run.refolded)
    figures = [
        Figure(
            f"refold of a day of {total:,} detections",
            "detections/s",
            [total / (run.refolded - run.folded)],
            "its first fold",
            [total / (run.folded - run.began)],
            (at_least(7e6),),
        ),
        Figure(
            "memory in the last third of the refold",
            "MB",
            late,
            "in its first third",
            early,
            (ratio_at_most(1.1),),
        ),
    ]
    over_time = {
        "seconds": np.round(np.array(run.memory.at) - run.began, 2).tolist(),
        "megabytes": np.round(run.memory.megabytes).tolist(),
        "folded_at": run.folded - run.began,
        "refolded_at": run.refolded - run.began,
    }
    keep("refold_day", options, figures, details={"memory": over_time})


if __name__ == "__main__":
    main()
