"""Kafka and Redis of one bench, in a folder that goes with them, and records appended to Kafka."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaProducer
from meguri.engines import Children, Kafka, Redis
from meguri_kit.log import create_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Engines(NamedTuple):
    """What runs, and the folder in which everything of the bench lies."""

    bootstrap: str
    redis_url: str
    folder: Path
    children: Children
    """Starts what else the bench needs."""


@contextmanager
def bench_engines() -> Iterator[Engines]:
    """Both, with Meguri's topics and nothing in them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        children = Children(folder)
        kafka, redis = Kafka(folder / "kafka", children), Redis(children)
        try:
            kafka.start()
            redis.start()
            kafka.wait_ready()
            redis.wait_ready()
            create_topics(kafka.bootstrap)
            yield Engines(kafka.bootstrap, redis.url, folder, children)
        finally:
            for child in children.running:
                children.stop(child)


def append(bootstrap: str, partition: int, records: Iterable[bytes]) -> None:
    """Append records to a partition of `detections`, as fast as it goes."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks=1, linger_ms=20, batch_size=1 << 20)
    for record in records:
        producer.send("detections", record, partition=partition)
    producer.flush()
    producer.close()
