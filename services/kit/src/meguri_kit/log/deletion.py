"""Deletion of records from the log, whose pseudonyms have lived as long as they may."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from meguri_kit.log.producer import LogUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def delete_below(bootstrap: str, topic: str, offsets: Mapping[int, int], *, timeout_s: float = 5.0) -> None:
    """Delete the records below an offset of each partition. Blocks; deleting again changes nothing.

    Nobody reads them any more when this returns. Their bytes leave the disk when the segment that they lie in
    is no longer the one appended to, which takes another record once the segment is as old as its topic
    allows, and Kafka has looked for such segments (every five minutes unless it is told otherwise).

    Args:
        bootstrap: `host:port` of a broker, several separated by commas.
        topic: its name.
        offsets: by partition, at most the partition's end.
        timeout_s: how long to wait for Kafka.

    Raises:
        LogUnavailableError: Kafka did not answer in time; some of it may be deleted.
        ValueError: an offset lies behind the end of its partition, or is none (Kafka takes -1 for the end).
    """
    if any(offset < 0 for offset in offsets.values()):
        raise ValueError(f"the offsets {dict(offsets)} of {topic} hold a negative one")
    timeout_ms = int(1000 * timeout_s)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            bootstrap_timeout_ms=timeout_ms,
            request_timeout_ms=timeout_ms,
        )
        try:
            admin.delete_records(
                {TopicPartition(topic, partition): offset for partition, offset in offsets.items()},
                timeout_ms=timeout_ms,
            )
        finally:
            admin.close()
    except OffsetOutOfRangeError as error:
        raise ValueError(f"the topic {topic} ends before one of the offsets {dict(offsets)}") from error
    except KafkaError as error:
        raise LogUnavailableError(
            f"Kafka did not delete records of {topic} in time ({type(error).__name__})"
        ) from error


def partition_count(bootstrap: str, topic: str, *, timeout_s: float = 5.0) -> int:
    """How many partitions the topic has; 0 if there is none. Blocks.

    Raises:
        LogUnavailableError: Kafka did not answer in time.
    """
    with _reading(bootstrap, timeout_s) as consumer:
        return len(consumer.partitions_for_topic(topic) or ())


def delete_appended_before(
    bootstrap: str, topic: str, times_ms: Mapping[int, int], *, timeout_s: float = 5.0
) -> None:
    """Delete the records that were appended before a time in each partition. Blocks.

    Args:
        bootstrap: `host:port` of a broker, several separated by commas.
        topic: its name.
        times_ms: by partition, milliseconds of the wall clock.
        timeout_s: how long to wait for Kafka.

    Raises:
        LogUnavailableError: Kafka did not answer in time; some of it may be deleted.
    """
    partitions = {TopicPartition(topic, partition): time_ms for partition, time_ms in times_ms.items()}
    with _reading(bootstrap, timeout_s) as consumer:
        ends = consumer.end_offsets(list(partitions))
        found = consumer.offsets_for_times(partitions)
    offsets = {each.partition: found[each].offset if found[each] else ends[each] for each in partitions}
    if offsets:
        delete_below(bootstrap, topic, offsets, timeout_s=timeout_s)


@contextmanager
def _reading(bootstrap: str, timeout_s: float) -> Iterator[KafkaConsumer]:
    timeout_ms = int(1000 * timeout_s)
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap.split(","), group_id=None, bootstrap_timeout_ms=timeout_ms
        )
        try:
            yield consumer
        finally:
            consumer.close()
    except KafkaError as error:
        raise LogUnavailableError(f"Kafka does not answer ({type(error).__name__})") from error
