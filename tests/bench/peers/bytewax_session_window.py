"""bytewax: a session window over the keyed stream."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from bytewax import operators
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.testing import TestingSink, run_main
from job import Job, answer, read_job

Detection = dict[str, Any]
Visit = tuple[int, int, int]
"""First and last instant in milliseconds, receptions."""


def dataflow(job: Job, began: list[float], closed: list[tuple[str, tuple[int, Visit]]]) -> Dataflow:
    """From Kafka to `closed`: key, and number and contents of the window.

    Tuned are: larger reads; values as they come instead of sorted by time, which the accumulator does not
    need; no waking up for the ends of windows by the wall clock, which is of no use to a day of the past.
    """
    flow = Dataflow("visits")
    messages = kafka.input(
        "read",
        flow,
        brokers=[job.bootstrap],
        topics=[job.topic],
        tail=False,
        **({"batch_size": 10_000} if job.is_tuned else {}),
    )

    def parsed(message: Any) -> Detection:
        if not began:
            began.append(time.perf_counter())
        return orjson.loads(message.value)

    detections = operators.map("parse", messages.oks, parsed)
    counting = operators.filter("counts", detections, lambda each: each["rssi"] >= job.minimum_rssi)
    keyed = operators.key_on("key", counting, lambda each: f"{each['device']}/{each['place']}")
    windows = windowing.fold_window(
        "sessions",
        keyed,
        windowing.EventClock(
            ts_getter=lambda each: datetime.fromtimestamp(each["time_ms"] / 1_000, UTC),
            wait_for_system_duration=timedelta(milliseconds=job.lateness_ms),
            **({"to_system_utc": lambda _: None} if job.is_tuned else {}),
        ),
        windowing.SessionWindower(gap=timedelta(milliseconds=job.gap_ms)),
        builder=lambda: None,
        folder=heard,
        merger=joined,
        ordered=not job.is_tuned,
    )
    operators.output("keep", windows.down, TestingSink(closed))
    return flow


def heard(visit: Visit | None, detection: Detection) -> Visit:
    """The visit with one detection more."""
    time_ms = detection["time_ms"]
    if visit is None:
        return time_ms, time_ms, 1
    return joined(visit, (time_ms, time_ms, 1))


def joined(one: Visit, other: Visit) -> Visit:
    """Of two visits one."""
    return min(one[0], other[0]), max(one[1], other[1]), one[2] + other[2]


def main() -> None:
    """Fold until the topic's end, where every window closes."""
    job = read_job()
    began: list[float] = []
    closed: list[tuple[str, tuple[int, Visit]]] = []
    run_main(dataflow(job, began, closed))
    seconds = time.perf_counter() - began[0]
    answer(seconds, [(*key.split("/"), *visit) for key, (_, visit) in closed])


if __name__ == "__main__":
    main()
