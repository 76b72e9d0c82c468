"""Quix Streams: an application that folds a topic to its end, whatever the fold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from quixstreams import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from job import Job
    from quixstreams.dataframe import StreamingDataFrame


def run(job: Job, fold: Callable[[StreamingDataFrame], StreamingDataFrame]) -> float:
    """Seconds from the first message to the last one; its state is in RocksDB and a topic of changes.

    Args:
        job: what to read.
        fold: adds the steps that make visits of detections.
    """
    ended: list[float] = []

    def processed(_topic: str, _partition: int, offset: int) -> None:
        if offset == job.messages - 1:
            ended.append(time.perf_counter())
            application.stop()

    application = Application(
        broker_address=job.bootstrap,
        consumer_group=job.run,
        auto_offset_reset="earliest",
        state_dir=job.folder,
        loglevel="WARNING",
        on_message_processed=processed,
    )
    began: list[float] = []

    def counts(detection: dict) -> bool:
        if not began:
            began.append(time.perf_counter())
        return detection["rssi"] >= job.minimum_rssi

    topic = application.topic(
        job.topic,
        key_deserializer="str",
        value_deserializer="json",
        timestamp_extractor=lambda detection, *_: detection["time_ms"],
    )
    fold(application.dataframe(topic).filter(counts))
    application.run()
    return ended[0] - began[0]
