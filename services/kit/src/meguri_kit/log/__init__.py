"""The log: its topics made in Kafka as their files declare them, and records appended to it."""

from meguri_kit.log.producer import MAX_RECORD_BYTES, Log, LogProducer, LogUnavailableError
from meguri_kit.log.topics import TopicError, create_topics

__all__ = [
    "MAX_RECORD_BYTES",
    "Log",
    "LogProducer",
    "LogUnavailableError",
    "TopicError",
    "create_topics",
]
