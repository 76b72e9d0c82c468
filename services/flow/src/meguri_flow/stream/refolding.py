"""The second fold's way: days that something came late for, folded again beside the fold that goes on.

A consumer of its own reads the day's records from the first one, and rows are written under the new
generation as they become certain. No reader sees them: a generation counts once `days` has a row of it, and
that is written by the checkpoint after the state was adopted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from meguri_kit.clickhouse.store import StoreUnavailableError

from meguri_flow import metrics
from meguri_flow.domain.refold import Refold
from meguri_flow.domain.rows import Rows
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.owned import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import TopicPartition
    from aiokafka.structs import ConsumerRecord
    from meguri_kit.clickhouse.store import Store

    from meguri_flow.domain.day_rules import DayKey
    from meguri_flow.stream.owned import OwnedPartition

logger = logging.getLogger(__name__)

MOST_MESSAGES = 4_000
"""Of one read."""
MOST_BYTES = 16 << 20
"""Of messages folded between two writes: their rows wait in memory, some five times as large at worst."""
LOOK_SECONDS = 0.5
"""Between two looks for days that are asked for, and between two reads at the log's end."""
RETRY_SECONDS = 2.0


class Outcome(StrEnum):
    """How a refold ended."""

    ADOPTED = "adopted"
    """Its state is the day's."""
    REPLACED = "replaced"
    """A later one is asked for, or none any more."""
    LEFT = "left"
    """The partition was given away; its next owner begins again."""
    GONE = "gone"
    """Kafka no longer holds the day's first records."""
    INTERRUPTED = "interrupted"
    """Kafka did not answer; it begins again."""


class DayProgress(NamedTuple):
    """What a worker knows of a day's refolds. Generations and offsets are 0 where there is none."""

    saved_offset: int
    """The next offset of the partition's newest snapshot."""
    generation: int
    """Of the day's state."""
    asked: int
    """The generation asked for last."""
    done: int
    """Messages that the refold has folded, if one of this day runs now."""
    to_do: int
    """And those before it."""


class Refolding:
    """Folds the days that are asked for again, one at a time.

    Args:
        bootstrap: Kafka's address, host:port.
        store: where rows go.
        owned: the partitions that this worker owns now; they come and go.
        lock: held by whoever folds or changes a partition's state.
    """

    def __init__(
        self,
        bootstrap: str,
        store: Store,
        owned: Mapping[TopicPartition, OwnedPartition],
        lock: asyncio.Lock,
    ) -> None:
        self._bootstrap = bootstrap
        self._store = store
        self._owned = owned
        self._lock = lock
        self._chase: _Chase | None = None

    def progress(self, partition: int, key: DayKey) -> DayProgress | None:
        """How far a day is; None if its partition is not this worker's. May be asked from any thread."""
        for owned in list(self._owned.values()):
            if owned.number == partition:
                saved_offset, day, chase = owned.saved_offset, owned.state.days.get(key), self._chase
                of_day = chase if chase and chase.refold.key == key else None
                return DayProgress(
                    saved_offset,
                    day.generation if day else 0,
                    day.asked if day else 0,
                    of_day.done if of_day else 0,
                    of_day.to_do if of_day else 0,
                )
        return None

    async def run(self) -> None:
        """Refold whatever is asked for, until cancelled."""
        while True:
            outcome = await self.refold_one()
            if outcome is None:
                await asyncio.sleep(LOOK_SECONDS)
            elif outcome is Outcome.INTERRUPTED:
                await asyncio.sleep(RETRY_SECONDS)

    async def refold_one(self) -> Outcome | None:
        """Refold one of the days that are asked for; None if there is none."""
        chase = await self._next()
        if chase is None:
            return None
        self._chase, began = chase, time.monotonic()
        try:
            outcome = await self._refold(chase)
        finally:
            self._chase = None
        _tell(chase, outcome, time.monotonic() - began)
        return outcome

    async def _next(self) -> _Chase | None:
        async with self._lock:
            for where, owned in self._owned.items():
                for key in owned.state.asked():
                    return _Chase(where, owned, Refold(owned.state.days[key]))
        return None

    async def _refold(self, chase: _Chase) -> Outcome:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=4 << 20,
        )
        try:
            await consumer.start()
            # Let aiokafka's own task begin: who stops a consumer before it has is cancelled with it.
            await asyncio.sleep(0)
            consumer.assign([chase.where])
            consumer.seek(chase.where, chase.refold.next_offset)
            return await self._chase_to_the_end(chase, consumer)
        except OffsetOutOfRangeError:
            async with self._lock:
                if (ended := self._ended(chase)) is not None:
                    return ended
                chase.owned.cannot_refold(chase.refold.key)
            return Outcome.GONE
        except KafkaError as error:
            logger.info("a refold was interrupted: %s", error, extra=chase.fields)
            return Outcome.INTERRUPTED
        finally:
            await consumer.stop()

    async def _chase_to_the_end(self, chase: _Chase, consumer: AIOKafkaConsumer) -> Outcome:
        writing: asyncio.Task[None] | None = None
        try:
            while (ended := self._ended(chase)) is None:
                if chase.has_read_enough:
                    if writing:
                        await writing  # readers will know the generation: its rows come first
                    if await self._adopt(chase, consumer):
                        return Outcome.ADOPTED
                # What was read before is folded while the next is read.
                await asyncio.gather(chase.fold(), chase.read(consumer, LOOK_SECONDS))
                if chase.taken.count:
                    if writing:
                        await writing  # one set at a time: what waits stays small
                    rows, chase.taken = chase.taken, Rows()
                    writing = asyncio.create_task(self._write(chase, rows))
            return ended
        finally:
            if writing:
                writing.cancel()

    def _ended(self, chase: _Chase) -> Outcome | None:
        """Why the refold is for nothing by now; None as long as it is not."""
        if self._owned.get(chase.where) is not chase.owned:
            return Outcome.LEFT
        day = chase.owned.state.days.get(chase.refold.key)
        if day is None or day.asked != chase.refold.generation:
            return Outcome.REPLACED
        return None

    async def _adopt(self, chase: _Chase, consumer: AIOKafkaConsumer) -> bool:
        """Put the refold in the day's place, unless the partition went on further than was read."""
        async with self._lock:
            if self._ended(chase):
                return False
            await chase.read(consumer, 0)
            await chase.fold()
            return chase.has_caught_up and chase.owned.adopt(chase.refold)

    async def _write(self, chase: _Chase, rows: Rows) -> None:
        """Write rows of the refold, again and again while ClickHouse cannot."""
        while not self._ended(chase):
            try:
                await asyncio.to_thread(_insert, self._store, rows)
            except StoreUnavailableError as error:
                metrics.SINK_RETRIES.inc()
                logger.warning("rows of a refold wait: %s", error, extra=chase.fields)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return


class _Chase:
    """A refold on its way to where its partition's fold stands."""

    def __init__(self, where: TopicPartition, owned: OwnedPartition, refold: Refold) -> None:
        self.where = where
        self.owned = owned
        self.refold = refold
        self.taken = Rows()
        """Rows that are certain and not on their way to the store."""
        self._first_offset = self._read_offset = refold.next_offset
        self._waiting: Sequence[ConsumerRecord] = ()
        """Records read and not folded."""
        self._untaken_bytes = 0
        """Of the messages folded whose rows wait in the day."""

    @property
    def has_caught_up(self) -> bool:
        """Whether both folds stand at the same offset and no rows were taken; sure only under the lock."""
        return self.refold.next_offset == self.owned.state.next_offset and not self.taken.count

    @property
    def has_read_enough(self) -> bool:
        """Whether everything up to where the partition's fold stands is read; sure only under the lock."""
        return self._read_offset >= self.owned.state.next_offset

    @property
    def done(self) -> int:
        """Messages folded."""
        return self.refold.next_offset - self._first_offset

    @property
    def to_do(self) -> int:
        """Messages up to where the partition's fold stands."""
        return self.owned.state.next_offset - self.refold.next_offset

    @property
    def fields(self) -> dict[str, object]:
        """What a line of the log says of it."""
        key = self.refold.key
        return {
            "town": key.town,
            "key_day": key.key_day,
            "slice": key.slice,
            "partition": self.owned.number,
            "generation": self.refold.generation,
            "offset": self.refold.next_offset,
        }

    async def read(self, consumer: AIOKafkaConsumer, seconds: float) -> None:
        """Read what comes next, waiting at most so long for it, unless records wait to be folded."""
        if self._waiting:
            return
        batches = await consumer.getmany(timeout_ms=int(1000 * seconds), max_records=MOST_MESSAGES)
        for records in batches.values():
            self._waiting, self._read_offset = records, records[-1].offset + 1

    async def fold(self) -> None:
        """Fold what was read, as far as the partition's fold is."""
        end = self.owned.state.next_offset
        messages = [(record.offset, record.value) for record in self._waiting if record.offset < end]
        self._waiting = self._waiting[len(messages) :]
        if messages:
            rows = await asyncio.to_thread(self._fold, messages)
            self.taken.extend(rows)
        metrics.REFOLD_MESSAGES.labels("done").set(self.done)
        metrics.REFOLD_MESSAGES.labels("to_do").set(self.to_do)

    def _fold(self, messages: Sequence[tuple[int, bytes]]) -> Rows:
        """Fold messages; the rows that are to be written now."""
        self.refold.observe(messages)
        self._untaken_bytes += sum(len(value) for _, value in messages)
        if self._untaken_bytes < MOST_BYTES:
            return Rows()
        self._untaken_bytes = 0
        return self.refold.take_rows()


def _insert(store: Store, rows: Rows) -> None:
    for table in TABLES:
        columns = rows.columns(table)
        if columns:
            insert(store, table, columns)


def _tell(chase: _Chase, outcome: Outcome, seconds: float) -> None:
    metrics.REFOLDS.labels(outcome).inc()
    for state in ("done", "to_do"):
        metrics.REFOLD_MESSAGES.labels(state).set(0)
    if outcome is Outcome.ADOPTED:
        metrics.REFOLD_SECONDS.observe(seconds)
    level = logging.ERROR if outcome is Outcome.GONE else logging.INFO
    logger.log(level, "refold %s", outcome, extra={**chase.fields, "seconds": round(seconds, 3)})
