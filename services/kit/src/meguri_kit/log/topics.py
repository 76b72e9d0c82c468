"""Making the topics that the topic files declare."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError
from meguri_proto.topics import DAYS_PER_SHARD, DETECTIONS, topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.topics import Topic

_POLL_S = 0.5
_HOUR_MS = 3_600_000


class TopicError(Exception):
    """Kafka's topics cannot be made what their files say; the message says which and what to do."""


def create_topics(
    bootstrap: str,
    *,
    shards: int = 1,
    replication: int = 1,
    declared: Mapping[str, Topic] | None = None,
    timeout_s: float = 30.0,
) -> list[str]:
    """Make the topics that are missing and give those that exist the retention of their files.

    Blocks. Safe to run again and in several processes at a time.

    Args:
        bootstrap: `host:port` of a broker, several separated by commas.
        shards: of the topic of detections, four partitions each.
        replication: copies of each partition, for topics made now.
        declared: topics by name, by default those of `meguri_proto` with so many shards.
        timeout_s: how long to wait for Kafka.

    Returns:
        The names of the topics made.

    Raises:
        TopicError: Kafka does not answer, refuses, or holds a topic with another number of partitions.
    """
    declared = topics(shards) if declared is None else declared
    admin = _connected(bootstrap, timeout_s)
    try:
        existing = set(admin.list_topics())
        made = [
            name
            for name, topic in declared.items()
            if name not in existing and _made(admin, topic, replication)
        ]
        _compare_partitions(admin, declared)
        _align_configs(admin, declared)
    except KafkaError as error:
        raise TopicError(f"Kafka refused to make the topics: {type(error).__name__}") from error
    finally:
        admin.close()
    return made


def await_topics(bootstrap: str, *, timeout_s: float = 60.0) -> None:
    """Return when Kafka has every topic: for a service that reads them, and leaves their making to ingest.

    Raises:
        TopicError: Kafka does not answer, or some are missing still.
    """
    deadline = time.monotonic() + timeout_s
    admin = _connected(bootstrap, timeout_s)
    try:
        while missing := topics().keys() - set(admin.list_topics()):
            if time.monotonic() >= deadline:
                raise TopicError(
                    f"Kafka has no topic {', '.join(sorted(missing))} after {timeout_s:g} s; ingest makes "
                    "the topics when it starts: start it, then this again"
                )
            time.sleep(_POLL_S)
    except KafkaError as error:
        raise TopicError(f"Kafka did not say its topics: {type(error).__name__}") from error
    finally:
        admin.close()


def _connected(bootstrap: str, timeout_s: float) -> KafkaAdminClient:
    try:
        return KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=int(timeout_s * 1000)
        )
    except KafkaError as error:
        raise TopicError(f"Kafka does not answer within {timeout_s:g} s; is it running?") from error


def _made(admin: KafkaAdminClient, topic: Topic, replication: int) -> bool:
    """Make one topic; False where another process was quicker."""
    options = {
        "num_partitions": topic.partitions,
        "replication_factor": replication,
        "configs": _configs(topic),
    }
    try:
        admin.create_topics({topic.name: options}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return False
    return True


def _configs(topic: Topic) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_hours * _HOUR_MS),
        "segment.ms": str(topic.segment_hours * _HOUR_MS),
    }


def _compare_partitions(admin: KafkaAdminClient, declared: Mapping[str, Topic]) -> None:
    for found in admin.describe_topics(list(declared)):
        topic = declared[found["name"]]
        partitions = len(found["partitions"])
        if partitions != topic.partitions:
            raise TopicError(
                f"Kafka holds the topic {topic.name} with {partitions} partitions where {topic.partitions} "
                "are declared. Where a record stands follows from their number, so it is never changed in "
                f"place: {_way_back(topic, partitions)}, or start with an empty Kafka."
            )


def _way_back(topic: Topic, partitions: int) -> str:
    if topic.name == DETECTIONS and partitions % DAYS_PER_SHARD == 0:
        return f"set MEGURI_SHARDS to {partitions // DAYS_PER_SHARD}"
    return f"set the file of the topic back to {partitions}"


def _align_configs(admin: KafkaAdminClient, declared: Mapping[str, Topic]) -> None:
    wanted = {name: _configs(topic) for name, topic in declared.items()}
    found = admin.describe_configs(
        [ConfigResource("topic", name, list(configs)) for name, configs in wanted.items()],
        config_filter="all",
    )["topic"]
    changed = {
        name: differing
        for name, configs in wanted.items()
        if (differing := {key: value for key, value in configs.items() if found[name][key]["value"] != value})
    }
    if changed:
        admin.alter_configs([ConfigResource("topic", name, configs) for name, configs in changed.items()])
