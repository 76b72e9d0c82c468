"""Coalescing: the small deliveries of many sensors share a message, in the order in which they arrived.

One lane a partition, and one message of a lane on its way at a time: so what is waiting when Kafka is
slow goes together, and a delivery is never overtaken by a later one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_kit.log import LogUnavailableError
from meguri_proto.columns import BYTES_PER_DETECTION, DTYPES
from meguri_proto.schema.log_pb2 import Detections, Record
from meguri_proto.topics import detections_partition

from meguri_ingest.opening import TOPIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.log import Log

    from meguri_ingest.judging import Delivery
    from meguri_ingest.metrics import Metrics
    from meguri_ingest.opening import OpenDays

MAX_MESSAGE_BYTES = 500_000
_SEGMENT_BYTES = 200
"""More than a segment takes: two names of at most 64 characters and seven numbers."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waits:
    """How long and how much may wait.

    Attributes:
        coalesce_s: the longest that a delivery waits for others.
        coalesce_detections: so many waiting ones go at once.
        max_waiting_detections: more, over all partitions, are refused.
    """

    coalesce_s: float
    coalesce_detections: int
    max_waiting_detections: int


@dataclass(frozen=True)
class _Waiting:
    delivery: Delivery
    arrived_s: float
    answer: asyncio.Future[None]

    @property
    def bytes(self) -> int:
        return _SEGMENT_BYTES + self.delivery.segment.count * BYTES_PER_DETECTION


class Coalescer:
    """Appends deliveries to the topic `detections`, many in one message.

    Args:
        log: where to.
        days: opened before the first of their detections.
        partitions: of the topic.
        waits: how long and how much may wait.
        metrics: counts messages and waits.
    """

    def __init__(
        self,
        log: Log,
        days: OpenDays,
        partitions: int,
        waits: Waits,
        metrics: Metrics,
    ) -> None:
        self._partitions = partitions
        self._waits = waits
        self._lanes = [_Lane(number, log, days, waits, metrics) for number in range(partitions)]

    async def add(self, deliveries: Sequence[Delivery], *, at_once: bool) -> None:
        """Append deliveries; returns when Kafka has all of them.

        Args:
            deliveries: of one sensor, in its order, divided into the slices of their days.
            at_once: do not wait for others to share the message.

        Raises:
            LogUnavailableError: some were not acknowledged; delivering all of them again is harmless.
        """
        waiting = sum(lane.detections for lane in self._lanes)
        arriving = sum(delivery.segment.count for delivery in deliveries)
        if waiting and waiting + arriving > self._waits.max_waiting_detections:
            raise LogUnavailableError(f"{waiting} detections wait for Kafka already")
        answers = []
        for delivery in deliveries:
            segment = delivery.segment
            partition = detections_partition(segment.town, segment.key_day, self._partitions, segment.slice)
            answers.append(self._lanes[partition].put(delivery, at_once=at_once))
        await asyncio.gather(*answers)

    async def close(self) -> None:
        """Refuse what still waits and end."""
        for lane in self._lanes:
            await lane.close()


class _Lane:
    """The deliveries that wait for one partition."""

    def __init__(
        self,
        partition: int,
        log: Log,
        days: OpenDays,
        waits: Waits,
        metrics: Metrics,
    ) -> None:
        self._partition = partition
        self._log = log
        self._days = days
        self._waits = waits
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self.detections = 0
        """How many detections wait and are not on their way yet."""

    def put(self, delivery: Delivery, *, at_once: bool) -> asyncio.Future[None]:
        """Queue a delivery; the future is done when it was acknowledged."""
        if self._worker is None:
            self._worker = asyncio.create_task(self._run(), name=f"meguri-lane-{self._partition}")
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(delivery, time.monotonic(), answer))
        self.detections += delivery.segment.count
        self._some.set()
        if at_once or self.detections >= self._waits.coalesce_detections:
            self._enough.set()
        return answer

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        self._refuse_waiting(LogUnavailableError("ingest is stopping"))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._some.wait()
            patience_s = self._waiting[0].arrived_s + self._waits.coalesce_s - time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(loop.time() + patience_s):
                    await self._enough.wait()
            taken = self._take()
            try:
                await self._append([waiting.delivery for waiting in taken])
            except LogUnavailableError as error:
                _refuse(taken, error)
                # What waits behind would wait as long for the same answer.
                self._refuse_waiting(error)
            except Exception as error:
                _logger.exception("a message of detections could not be made")
                _refuse(taken, error)
            else:
                self._acknowledge(taken)

    def _take(self) -> list[_Waiting]:
        """The oldest of what waits, as much as one message holds."""
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and (not taken or size + self._waiting[0].bytes <= MAX_MESSAGE_BYTES):
            taken.append(self._waiting.popleft())
            size += taken[-1].bytes
        self.detections -= sum(waiting.delivery.segment.count for waiting in taken)
        if not self._waiting:
            self._some.clear()
            self._enough.clear()
        return taken

    async def _append(self, deliveries: list[Delivery]) -> None:
        days = dict.fromkeys((each.segment.town, each.segment.key_day) for each in deliveries)
        for town, key_day in days:
            await self._days.open(town, key_day)
        await self._log.append(TOPIC, _message(deliveries), partition=self._partition)

    def _acknowledge(self, taken: list[_Waiting]) -> None:
        now = time.monotonic()
        self._metrics.messages.inc()
        self._metrics.message_detections.observe(sum(each.delivery.segment.count for each in taken))
        for waiting in taken:
            self._metrics.accepted.inc(waiting.delivery.segment.count)
            self._metrics.waiting_seconds.observe(now - waiting.arrived_s)
            if not waiting.answer.done():
                waiting.answer.set_result(None)

    def _refuse_waiting(self, error: Exception) -> None:
        refused = list(self._waiting)
        self._waiting.clear()
        self.detections = 0
        self._some.clear()
        self._enough.clear()
        _refuse(refused, error)


def _refuse(refused: list[_Waiting], error: Exception) -> None:
    for waiting in refused:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def _message(deliveries: list[Delivery]) -> bytes:
    """The record that holds the deliveries one after the other."""
    detections = Detections(segments=[delivery.segment for delivery in deliveries])
    for name in DTYPES:
        setattr(detections, name, b"".join(delivery.columns[name] for delivery in deliveries))
    return Record(detections=detections).SerializeToString()
