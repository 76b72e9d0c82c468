"""How much of the log the flow has written: the folded topic by its snapshots, the others by its commits."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.errors import KafkaError
from meguri_proto.topics import topics

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meguri.running import Running

FOLDED_TOPIC = "detections"
ONE_TO_ONE_GROUP = "meguri-flow"
"""The consumer group in which the flow acknowledges what it wrote of the other topics."""
_POLL_SECONDS = 0.1


class TopicProgress(TypedDict):
    """Of one topic that becomes rows as it is, in messages."""

    topic: str
    end: int
    written: int
    lag: int


async def all_written(running: Running) -> dict[int, int]:
    """Return when everything that is in the log by now is written; the folded topic's ends by partition."""
    with _administration(running) as admin:
        ends = await asyncio.to_thread(_ends, admin, (FOLDED_TOPIC, *_one_to_one_topics()))
        folded = {each.partition: end for each, end in ends.items() if each.topic == FOLDED_TOPIC}
        others = {each: end for each, end in ends.items() if each.topic != FOLDED_TOPIC}
        while True:
            if _are_folded(running, folded) and _reach(await asyncio.to_thread(_committed, admin), others):
                return folded
            await asyncio.sleep(_POLL_SECONDS)


def folded_topic_end(running: Running, partition: int) -> int:
    """Where a partition of the folded topic ends in Kafka. Blocks."""
    with _administration(running) as admin:
        here = TopicPartition(FOLDED_TOPIC, partition)
        return int(admin.list_partition_offsets({here: OffsetSpec.LATEST})[here].offset)


def one_to_one_progress(running: Running) -> list[TopicProgress]:
    """Of each topic that becomes rows as it is. Asks Kafka; blocks."""
    with _administration(running) as admin:
        committed = _committed(admin)
        ends = _ends(admin, _one_to_one_topics())
    found: dict[str, TopicProgress] = {}
    for each, end in ends.items():
        written = committed.get(each, 0)
        topic = found.setdefault(each.topic, {"topic": each.topic, "end": 0, "written": 0, "lag": 0})
        topic["end"] += end
        topic["written"] += written
        topic["lag"] += max(0, end - written)
    return list(found.values())


def _one_to_one_topics() -> tuple[str, ...]:
    return tuple(
        name for name, topic in topics().items() if "flow" in topic.consumers and name != FOLDED_TOPIC
    )


def _are_folded(running: Running, ends: dict[int, int]) -> bool:
    saved = {each["partition"]: each["snapshot_offset"] for each in running.services.flow.partitions()}
    return all(saved.get(partition, 0) >= end for partition, end in ends.items())


def _reach(committed: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> bool:
    return all(committed.get(each, 0) >= end for each, end in ends.items())


@contextmanager
def _administration(running: Running) -> Iterator[KafkaAdminClient]:
    try:
        admin = KafkaAdminClient(bootstrap_servers=running.kafka.bootstrap)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise LocalRunError(
            f"Kafka did not say how far it is ({type(error).__name__}); ask again."
        ) from error


def _ends(admin: KafkaAdminClient, names: Iterable[str]) -> dict[TopicPartition, int]:
    latest = {
        TopicPartition(topic["name"], number): OffsetSpec.LATEST
        for topic in admin.describe_topics(list(names))
        for number in range(len(topic["partitions"]))
    }
    return {each: found.offset for each, found in admin.list_partition_offsets(latest).items()}


def _committed(admin: KafkaAdminClient) -> dict[TopicPartition, int]:
    found = admin.list_group_offsets(ONE_TO_ONE_GROUP).get(ONE_TO_ONE_GROUP, {})
    return {each: committed.offset for each, committed in found.items()}
