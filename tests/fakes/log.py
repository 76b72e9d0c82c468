"""A log in memory, which passes the suite of the real one."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from meguri_kit.log import MAX_RECORD_BYTES, LogUnavailableError
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import topics


@dataclass(frozen=True)
class Appended:
    """One record as it stands in the log."""

    value: bytes
    key: bytes | None
    headers: dict[str, bytes]


class MemoryLog:
    """Keeps what is appended to the declared topics.

    Attributes:
        topics: those declared, by name, with so many shards.
        available: False makes every append fail.
        acknowledging: cleared, appends wait until it is set again, as for a slow Kafka.
        calls: (topic, partition) of each append in the order of the calls, refused ones too.
    """

    def __init__(self, shards=1):
        self.topics = topics(shards)
        self.available = True
        self.acknowledging = asyncio.Event()
        self.acknowledging.set()
        self.calls = []
        self._records = defaultdict(list)
        self._last = defaultdict(lambda: None)

    async def append(self, topic, value, *, partition=None, key=None, headers=()):
        size = len(value) + len(key or b"") + sum(len(name) + len(body) for name, body in headers)
        if size > MAX_RECORD_BYTES:
            raise ValueError(
                f"a record of {size} bytes for {topic}; the log takes {MAX_RECORD_BYTES} at most"
            )
        partitions = self.topics[topic].partitions
        if partition is None:
            partition = sum(key or b"") % partitions
        if not 0 <= partition < partitions:
            raise ValueError(f"Unrecognized partition {partition} for topic {topic}")
        self.calls.append((topic, partition))
        before = self._last[topic, partition]
        record = Appended(value, key, dict(headers))
        taken = asyncio.create_task(self._take(topic, partition, record, before))
        self._last[topic, partition] = taken
        await asyncio.shield(taken)

    async def _take(self, topic, partition, record, before):
        if before is not None:
            await asyncio.wait([before])
        await self.acknowledging.wait()
        if not self.available:
            raise LogUnavailableError("Kafka did not acknowledge in time (MemoryLog)")
        self._records[topic, partition].append(record)

    async def reachable(self):
        return self.available

    def close(self):
        self.available = False

    def read(self, topic, partition):
        """The records of one partition, in order."""
        return list(self._records[topic, partition])

    def read_all(self, topic):
        """The records of every partition, partition by partition."""
        return [each for n in range(self.topics[topic].partitions) for each in self.read(topic, n)]

    def records(self, partition=None):
        """The records of the topic `detections`, decoded."""
        found = self.read_all("detections") if partition is None else self.read("detections", partition)
        return [Record.FromString(each.value) for each in found]
