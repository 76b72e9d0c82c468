"""The log: its topics made in Kafka as their files declare them, records appended to it and deleted."""

from meguri_kit.log.deletion import delete_appended_before, delete_below, partition_count
from meguri_kit.log.producer import MAX_RECORD_BYTES, Log, LogProducer, LogUnavailableError
from meguri_kit.log.topics import TopicError, await_topics, create_topics

__all__ = [
    "MAX_RECORD_BYTES",
    "Log",
    "LogProducer",
    "LogUnavailableError",
    "TopicError",
    "await_topics",
    "create_topics",
    "delete_appended_before",
    "delete_below",
    "partition_count",
]
