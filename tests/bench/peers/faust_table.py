"""Faust: an agent over the stream and a Table of visits, which a topic of changes backs.

Faust's windows have fixed lengths, so the visits of a key are made by hand, as the value of its entry.
"""

from __future__ import annotations

import asyncio
import time

import faust
from job import Job, answer, read_job
from key_visits import hear


class Detection(faust.Record, serializer="json"):
    """One message."""

    device: str
    place: str
    time_ms: int
    rssi: int


async def fold(job: Job) -> tuple[float, dict[str, list[list[int]]]]:
    """Run an app until it has seen all messages; the seconds, and the table."""
    app = faust.App(
        job.run,
        broker=f"kafka://{job.bootstrap}",
        datadir=job.folder,
        store="memory://",
        topic_partitions=1,
        web_enabled=False,
    )
    topic = app.topic(job.topic, key_type=str, value_type=Detection)
    table = app.Table("visits", default=list)
    ended = asyncio.get_running_loop().create_future()

    @app.agent(topic)
    async def heard(detections: faust.Stream[Detection]) -> None:
        began = None
        seen = 0
        async for key, detection in detections.items():
            began = began or time.perf_counter()
            seen += 1
            if detection.rssi >= job.minimum_rssi:
                visits = table[key]
                hear(visits, detection.time_ms, job.gap_ms)
                table[key] = visits
            if seen == job.messages:
                ended.set_result(time.perf_counter() - began)

    await app.start()
    seconds = await ended
    found = dict(table.items())
    await app.stop()
    return seconds, found


def main() -> None:
    """Fold."""
    seconds, table = asyncio.run(fold(read_job()))
    answer(seconds, [(*key.split("/"), *visit) for key, visits in table.items() for visit in visits])


if __name__ == "__main__":
    main()
