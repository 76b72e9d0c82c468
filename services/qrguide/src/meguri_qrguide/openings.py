"""Openings by browsers without JavaScript as events in the log, without a visitor ever waiting for it."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from meguri_kit.log import LogUnavailableError
from meguri_proto.guide import GuideEventKind
from meguri_proto.schema.guide_pb2 import GuideEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_kit.log import Log
    from meguri_proto.towns import Town
    from prometheus_client import Counter

TOPIC = "guide-events"
MAX_WAITING = 1_000
"""Events that wait for Kafka at a time; an opening beyond them is counted as dropped."""
_LAST_WAIT_S = 5.0


class Openings:
    """Notes that a sight was opened. To be used from one event loop.

    An event says which sight, in which language and when: nothing of who opened it.

    Args:
        log: where events are appended.
        events: counts them by outcome: `logged`, `dropped_queue_full`, `dropped_log_away`.
        now_ms: the wall clock, epoch milliseconds.
    """

    def __init__(self, log: Log, events: Counter, now_ms: Callable[[], int]) -> None:
        self._log = log
        self._events = events
        self._now_ms = now_ms
        self._waiting: set[asyncio.Task[None]] = set()

    def note(self, town: Town, sight: int, language: str) -> None:
        """Send the event on its way; returns at once and never fails."""
        if len(self._waiting) >= MAX_WAITING:
            self._events.labels("dropped_queue_full").inc()
            return
        at_ms = self._now_ms()
        event = GuideEvent(
            town=town.town,
            event_id=str(uuid.uuid4()),
            sight=str(sight),
            language=language,
            kind=GuideEventKind.OPENED,
            at_ms=at_ms,
            version=1,
            key_day=town.key_day_at(at_ms),
        )
        task = asyncio.create_task(self._append(event))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Give what still waits a few seconds."""
        if self._waiting:
            await asyncio.wait(self._waiting, timeout=_LAST_WAIT_S)

    async def _append(self, event: GuideEvent) -> None:
        try:
            await self._log.append(TOPIC, event.SerializeToString(), key=event.town.encode())
        except LogUnavailableError:
            self._events.labels("dropped_log_away").inc()
        else:
            self._events.labels("logged").inc()
