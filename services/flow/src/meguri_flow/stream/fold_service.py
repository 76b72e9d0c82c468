"""The fold as a service of the Faust app: read, fold, write rows, write the snapshot, acknowledge.

    _read ──▶ _fold (a thread) ──▶ Checkpoint ──▶ Writing (a thread) ──▶ acknowledge
      the next read comes meanwhile      folding goes on meanwhile

    _refold, beside it: days that something came late for, folded again from their first record
    _drop_what_is_sealed, beside it: what has a pseudonym of the days that a written checkpoint sealed

The snapshot owns the position; what is committed to Kafka only shows the lag. Reading goes through an
aiokafka consumer of the service's own: a Faust stream acknowledges by itself and reads twenty times fewer
messages a second (infra/decisions/0002).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import faust
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError
from meguri_kit.log import LogUnavailableError, delete_below

from meguri_flow import metrics
from meguri_flow.stream.gauges import StateGauges, state_values
from meguri_flow.stream.inspection import report
from meguri_flow.stream.live import LiveNumbers, live_numbers
from meguri_flow.stream.owned import OwnedPartition
from meguri_flow.stream.pace import CheckpointPace
from meguri_flow.stream.refolding import Refolding
from meguri_flow.stream.sealing import Sealing
from meguri_flow.stream.snapshots import Snapshots
from meguri_flow.stream.writing import Taken, Writing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence
    from typing import Any

    from aiokafka.structs import ConsumerRecord
    from meguri_kit.clickhouse.store import Store
    from meguri_kit.log import Log

    from meguri_flow.stream.inspection import PartitionReport
    from meguri_flow.stream.snapshots import Loaded

logger = logging.getLogger(__name__)

TOPIC = "detections"
GROUP = "meguri-flow-fold"
MOST_MESSAGES = 4_000
"""Of one read: enough that the kernel's start does not count, few enough that live numbers keep up."""
QUIET_SECONDS = 0.2
"""A read waits so long for messages; if none came, none is on its way."""
LIVE_SECONDS = 0.4
GAUGE_SECONDS = 1.0
SEALING_SECONDS = 1.0


class LogReplacedError(Exception):
    """The findings are ahead of the log: Kafka's data was replaced by an older or an empty one."""


class FoldService(faust.Service):
    """Folds the partitions of `detections` that the consumer group gives to this worker."""

    def __init__(self, bootstrap: str, store: Store, log: Log, redis_url: str) -> None:
        super().__init__()
        self._bootstrap = bootstrap
        self._store = store
        self._log = log
        self._redis_url = redis_url
        self._snapshots = Snapshots(store, TOPIC)
        self._sealing = Sealing(store, self._snapshots, log, self._delete_below, TOPIC)
        self._dropping = asyncio.Lock()
        self._owned: dict[TopicPartition, OwnedPartition] = {}
        self._lock = asyncio.Lock()
        self.refolding = Refolding(bootstrap, store, self._owned, self._lock)
        self._sought: dict[TopicPartition, tuple[int, int]] = {}
        self._pace = CheckpointPace()
        self._writing = Writing(log, self._owned, self._pace, self._commit)
        self._gauges = StateGauges()

    async def on_start(self) -> None:
        """Join the group; partitions come with their snapshots by the rebalance listener."""
        self._live = LiveNumbers(self._redis_url)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_000,
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=4 << 20,
        )
        self._consumer.subscribe([TOPIC], listener=_Listener(self))
        await self._consumer.start()

    async def on_stop(self) -> None:
        """Write what is folded, so that the next start has nothing to repeat, and leave the group."""
        async with self._lock:
            with contextlib.suppress(StoreError, LogUnavailableError):
                if await self._writing.close():
                    for each in self._take_checkpoints():
                        await self._writing.write_once(each)
            await self._drop_what_is_sealed()
            self._owned.clear()
        await self._consumer.stop()
        await self._live.close()

    def partitions(self) -> list[dict[str, Any]]:
        """Each owned partition's number, next offset, newest snapshot and open days."""
        return [
            {
                "partition": owned.number,
                "next_offset": owned.state.next_offset,
                "snapshot_offset": owned.saved_offset,
                "lag": self._lag(topic_partition, owned),
                "days": [f"{key.town}/{key.key_day}" for key in sorted(owned.state.days)],
            }
            for topic_partition, owned in sorted(self._owned.items())
        ]

    async def inspect(self) -> list[PartitionReport]:
        """All that is known of the owned partitions."""
        async with self._lock:
            return [report(owned, self._lag(each, owned)) for each, owned in sorted(self._owned.items())]

    async def load(self, assigned: Iterable[TopicPartition]) -> None:
        """Take over partitions: the newest snapshot of each, and the position that it names."""
        assigned = sorted(assigned)
        async with self._lock:
            # Asked for all at once and before the first seek: a question waits behind a fetch that is open.
            starts = await self._consumer.beginning_offsets(assigned)
            ends = await self._consumer.end_offsets(assigned)
            loaded = await asyncio.gather(
                *(asyncio.to_thread(self._snapshots.load, each.partition) for each in assigned)
            )
            partitions = len(self._consumer.partitions_for_topic(TOPIC))
            for topic_partition, snapshot in zip(assigned, loaded, strict=True):
                self._take_over(topic_partition, snapshot, starts[topic_partition], ends[topic_partition])
                owned = self._owned[topic_partition]
                owned.sealed = await asyncio.to_thread(
                    self._sealing.not_dropped, owned.number, partitions, owned.state.days
                )

    async def drop(self) -> None:
        """Give the partitions back. What was folded since the snapshots, the next owner folds again."""
        async with self._lock:
            self._owned.clear()

    def _take_over(
        self, topic_partition: TopicPartition, loaded: Loaded | None, start: int, end: int
    ) -> None:
        number = topic_partition.partition
        owned = OwnedPartition(number, loaded, self._store, self._snapshots)
        if loaded is None:
            owned.start_at(start)
        elif owned.state.next_offset > end:
            raise LogReplacedError(
                f"the snapshot of partition {number} was taken at offset {owned.state.next_offset}, but "
                f"Kafka's log ends at {end}: Kafka's data is not the one that the findings come from. "
                "Bring that data back, or start with an empty data folder"
            )
        self._consumer.seek(topic_partition, max(owned.state.next_offset, start))
        self._owned[topic_partition] = owned
        logger.info(
            "partition taken over",
            extra={"partition": number, "offset": owned.state.next_offset, "log_end": end},
        )

    async def _execute_task(self, task: Awaitable[None]) -> None:
        """See Faust's service: it says nothing of a task that a library cancelled, and goes on without it."""
        await super()._execute_task(task)
        if not self.should_stop:
            await self.crash(RuntimeError("a task of the fold was cancelled; the next start goes on with it"))

    @faust.Service.task
    async def _read(self) -> None:
        """Read while what was read before is folded."""
        folding: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        folding.set_result(None)
        while not self.should_stop:
            batches = await self._consumer.getmany(
                timeout_ms=int(1000 * QUIET_SECONDS), max_records=MOST_MESSAGES
            )
            await folding
            folding = asyncio.create_task(self._fold(batches))
        await folding

    @faust.Service.task
    async def _refold(self) -> None:
        await self.refolding.run()

    async def _fold(self, batches: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """Fold what was read, and see to it that it is written when it is time to."""
        if self._writing.has_ended or self._pace.is_full:
            await self._writing.ended()
        async with self._lock:
            for topic_partition, records in batches.items():
                owned = self._owned.get(topic_partition)
                if owned is not None:
                    await self._take(topic_partition, owned, records)
            if any(owned.is_ahead_of_its_checkpoint for owned in self._owned.values()):
                size = sum(len(record.value) for records in batches.values() for record in records)
                self._pace.folded(time.monotonic(), size)
            caught_up = not any(self._lag(*each) for each in self._owned.items())
            if self._writing.is_idle and self._pace.is_due(time.monotonic(), quiet=caught_up):
                self._pace.took()
                self._writing.begin(await asyncio.to_thread(self._take_checkpoints))

    @faust.Service.timer(LIVE_SECONDS)
    async def _publish_live(self) -> None:
        async with self._lock:
            numbers = live_numbers(day for owned in self._owned.values() for day in owned.state.days.values())
        await self._live.publish(numbers)  # without the lock: a Redis that is away holds up nothing else

    @faust.Service.timer(GAUGE_SECONDS)
    async def _show_gauges(self) -> None:
        async with self._lock:
            owned = [(owned, self._lag(each, owned)) for each, owned in self._owned.items()]
            self._gauges.show(state_values(owned, time.time_ns() // 1_000_000))

    @faust.Service.task
    async def _drop_sealed(self) -> None:
        while not self.should_stop:
            await self.sleep(SEALING_SECONDS)
            await self._drop_what_is_sealed()

    async def _drop_what_is_sealed(self) -> None:
        """Drop the pseudonyms of sealed days; what cannot be dropped now waits for the next time."""
        async with self._dropping:
            for owned in list(self._owned.values()):
                sealed = list(owned.sealed)
                if not sealed or owned.slot is None:
                    continue
                try:
                    await self._sealing.drop(owned.number, sealed, owned.slot, owned.needed_offset)
                except (StoreUnavailableError, LogUnavailableError) as error:
                    metrics.SINK_RETRIES.inc()
                    fields = {"partition": owned.number, "offset": owned.saved_offset}
                    logger.warning("pseudonyms of sealed days wait to be dropped: %s", error, extra=fields)
                    return
                del owned.sealed[: len(sealed)]

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        await self._consumer.commit(offsets)

    def _delete_below(self, partition: int, offset: int) -> None:
        delete_below(self._bootstrap, TOPIC, {partition: offset})

    def _lag(self, topic_partition: TopicPartition, owned: OwnedPartition) -> int:
        end = self._consumer.highwater(topic_partition)
        return max(0, end - owned.state.next_offset) if end is not None else 0

    async def _take(
        self, topic_partition: TopicPartition, owned: OwnedPartition, records: Sequence[ConsumerRecord]
    ) -> None:
        fresh = [record for record in records if record.offset >= owned.state.next_offset]
        metrics.SKIPPED_MESSAGES.labels(owned.number).inc(len(records) - len(fresh))
        while fresh:
            found = fresh[0].offset
            if found > owned.state.next_offset and not await self._accept_jump(topic_partition, owned, found):
                return
            unbroken = _unbroken(fresh)
            await asyncio.to_thread(owned.observe, [(record.offset, record.value) for record in unbroken])
            fresh = fresh[len(unbroken) :]

    async def _accept_jump(self, topic_partition: TopicPartition, owned: OwnedPartition, found: int) -> bool:
        """Whether to go on at `found`, which is above the offset expected; else seek back to it."""
        expected = owned.state.next_offset
        start = (await self._consumer.beginning_offsets([topic_partition]))[topic_partition]
        if start > expected:
            metrics.LOST_MESSAGES.labels(owned.number).inc(start - expected)
            logger.error(
                "messages are gone from the topic before they were folded",
                extra={"partition": owned.number, "offset": expected, "lost": start - expected},
            )
            owned.state.lose_before(start)
            if found == start:
                return True
        elif self._sought.get(topic_partition) == (expected, found):
            owned.state.next_offset = found  # nothing stands between: offsets that Kafka itself used
            return True
        metrics.JUMPS.labels(owned.number).inc()
        self._sought[topic_partition] = (owned.state.next_offset, found)
        self._consumer.seek(topic_partition, owned.state.next_offset)
        return False

    def _take_checkpoints(self) -> list[Taken]:
        """Of every partition that went on."""
        return [
            Taken(topic_partition, owned, owned.take_checkpoint())
            for topic_partition, owned in self._owned.items()
            if owned.is_ahead_of_its_checkpoint
        ]


def _unbroken(records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
    """The first records, as far as their offsets follow each other."""
    first = records[0].offset
    if records[-1].offset - first == len(records) - 1:
        return records
    return [record for index, record in enumerate(records) if record.offset == first + index]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no annotations
    def __init__(self, service: FoldService) -> None:
        self._service = service

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if revoked:
            await self._service.drop()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        try:
            await self._service.load(assigned)
        except Exception as error:  # noqa: BLE001  # aiokafka would log it and go on without the state
            await self._service.crash(error)
