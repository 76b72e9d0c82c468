"""The figures of pages for all who look: read once for each minute of town time, however many ask."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

from meguri_dashboard.days import read_days
from meguri_dashboard.page import BLOCKS, read_page
from meguri_dashboard.times import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.blocks.block import Reader
    from meguri_dashboard.days import DayRow
    from meguri_dashboard.page import PageFigures
    from meguri_dashboard.periods import Period

_T = TypeVar("_T")
_ANSWER_S = 10.0
_KEPT = 64
_FRESH_S = 60.0
"""Sales and guide use of days that are over may still come in: nothing is kept for longer."""


@dataclass(frozen=True)
class _Reading:
    minute: object
    began_s: float
    figures: asyncio.Future[PageFigures]

    @property
    def failed(self) -> bool:
        done = self.figures
        return done.done() and (done.cancelled() or isinstance(done.exception(), StoreError))


class PageBook:
    """Days and figures of towns, read from the store. Both methods raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readings: dict[tuple[str, Period, tuple[Reader, ...]], _Reading] = {}

    async def days(self, town: Town) -> dict[int, DayRow]:
        """The town's days, the newest first."""
        return await _soon(asyncio.to_thread(read_days, self._store, town.town))

    async def figures(self, asked: Asked, blocks: tuple[Reader, ...] = BLOCKS) -> PageFigures:
        """What may be shown of a page's blocks; within a minute of town time the counts stay as they are."""
        key = (asked.town.town, asked.period, blocks)
        minute = tuple(
            (day.key_day, day.folds, day.complete, day.seal, day.watermark_ms // MINUTE_MS)
            for day in asked.known
        )
        kept = self._readings.pop(key, None)
        now_s = time.monotonic()
        if kept is None or kept.minute != minute or now_s - kept.began_s > _FRESH_S or kept.failed:
            reading = asyncio.ensure_future(asyncio.to_thread(read_page, self._store, asked, blocks))
            kept = _Reading(minute, now_s, reading)
        self._readings[key] = kept
        if len(self._readings) > _KEPT:
            del self._readings[next(iter(self._readings))]
        figures = await _soon(asyncio.shield(kept.figures))
        return replace(figures, asked=asked)


async def _soon(reading: Awaitable[_T]) -> _T:
    try:
        return await asyncio.wait_for(reading, _ANSWER_S)
    except TimeoutError as error:
        raise StoreUnavailableError(f"ClickHouse did not answer within {_ANSWER_S:g} s") from error
