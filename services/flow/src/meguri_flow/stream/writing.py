"""Checkpoints on their way: what was rejected, rows, snapshot, then the acknowledgement; a set at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_kit.log import LogUnavailableError

from meguri_flow import metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiokafka import TopicPartition
    from meguri_kit.log import Log

    from meguri_flow.domain.folding import Rejected
    from meguri_flow.stream.owned import Checkpoint, OwnedPartition
    from meguri_flow.stream.pace import CheckpointPace

logger = logging.getLogger(__name__)

COMMIT_SECONDS = 5.0
"""A commit would wait for as long as Kafka is away, and the rows of other partitions behind it."""
RETRY_SECONDS = (0.5, 1, 2, 5)


class Taken(NamedTuple):
    """A checkpoint, and of which partition."""

    where: TopicPartition
    owned: OwnedPartition
    checkpoint: Checkpoint


class Writing:
    """Writes the checkpoints of a worker's partitions.

    Args:
        log: where dead letters go.
        owned: the partitions that this worker owns now; they come and go.
        pace: told when it began and ended.
        commit: acknowledges a partition's offset to Kafka.
    """

    def __init__(
        self,
        log: Log,
        owned: Mapping[TopicPartition, OwnedPartition],
        pace: CheckpointPace,
        commit: Callable[[dict[TopicPartition, int]], Awaitable[None]],
    ) -> None:
        self._log = log
        self._owned = owned
        self._pace = pace
        self._commit = commit
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Taken] = deque()
        self._is_closing = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, and how the last ones ended is known."""
        return self._task is None

    @property
    def has_ended(self) -> bool:
        """Whether `ended` returns, or raises, at once."""
        return self._task is None or self._task.done()

    def begin(self, checkpoints: Sequence[Taken]) -> None:
        """Write these, beside whatever else goes on; those before them have ended."""
        self._waiting = deque(checkpoints)
        self._task = asyncio.create_task(self._write())

    async def ended(self) -> None:
        """Return when nothing is on its way any more.

        Raises:
            StoreError: ClickHouse refuses a checkpoint for good.
        """
        if self._task is not None:
            task, self._task = self._task, None
            await task

    async def close(self) -> bool:
        """Try no more what cannot be written now. Whether everything is written.

        If not, nothing later may be: a snapshot makes the rows before it final.

        Raises:
            StoreError: ClickHouse refuses a checkpoint for good.
        """
        self._is_closing.set()
        await self.ended()
        return not self._waiting

    async def write_once(self, taken: Taken) -> None:
        """Write one checkpoint.

        Raises:
            StoreError, LogUnavailableError: not all of it is written; doing it again is safe.
        """
        where, owned, checkpoint = taken
        await self._report(owned.number, checkpoint.rejected)
        await asyncio.to_thread(owned.write, checkpoint)
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._commit({where: checkpoint.next_offset})
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            # The position is the snapshot's; the commit only shows the lag.
            fields = {"partition": owned.number, "offset": checkpoint.next_offset}
            logger.info("offset not committed: %s", error or "Kafka does not answer", extra=fields)

    async def _write(self) -> None:
        """Write what waits, again and again while ClickHouse cannot and the partition is still owned."""
        began = time.monotonic()
        attempt = 0
        while self._waiting and not self._is_closing.is_set():
            taken = self._waiting[0]
            if self._owned.get(taken.where) is not taken.owned:
                self._waiting.popleft()  # its next owner folds it again
                continue
            try:
                await self.write_once(taken)
                self._waiting.popleft()
            except (StoreUnavailableError, LogUnavailableError) as error:
                metrics.SINK_RETRIES.inc()
                wait = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                fields = {"partition": taken.owned.number, "offset": taken.checkpoint.next_offset}
                logger.warning("rows wait, trying again in %s s: %s", wait, error, extra=fields)
                attempt += 1
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._is_closing.wait(), wait)
        self._pace.wrote(began, time.monotonic())

    async def _report(self, partition: int, rejected: list[Rejected]) -> None:
        """Make dead letters of what was rejected; it is forgotten as the log has it."""
        while rejected:
            each = rejected[0]
            await self._log.append(
                "dead-letters",
                b"",
                headers=[
                    ("reason", each.reason.encode()),
                    ("source", f"detections/{partition}/{each.offset}".encode()),
                    ("sensor", each.sensor.encode()),
                    ("detections", str(each.detections).encode()),
                ],
            )
            metrics.REJECTED_DETECTIONS.labels(each.reason).inc(each.detections)
            del rejected[0]
