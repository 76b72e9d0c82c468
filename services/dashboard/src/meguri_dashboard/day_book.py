"""The days' figures for all who look: read once for each minute of town time, however many ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

from meguri_dashboard.figures import DayFigures, day_figures
from meguri_dashboard.findings import MINUTE_MS, DayRow, read_days, read_findings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town

_T = TypeVar("_T")
_ANSWER_S = 10.0
_KEPT = 64


class DayBook:
    """Days and figures of towns, read from the store. Both methods raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._figures: dict[tuple[str, int], tuple[object, asyncio.Future[DayFigures]]] = {}

    async def days(self, town: Town) -> list[DayRow]:
        """The town's days, the newest first."""
        return await _soon(asyncio.to_thread(read_days, self._store, town.town))

    async def figures(self, town: Town, day: DayRow) -> DayFigures:
        """What may be shown of the day; within a minute of town time the counts stay as they are."""
        key = (town.town, day.key_day)
        minute = (day.generation, day.complete, day.watermark_ms // MINUTE_MS)
        kept = self._figures.pop(key, None)
        if kept is None or kept[0] != minute or _failed(kept[1]):
            kept = (minute, asyncio.ensure_future(self._read(town, day)))
        self._figures[key] = kept
        if len(self._figures) > _KEPT:
            del self._figures[next(iter(self._figures))]
        return replace(await _soon(asyncio.shield(kept[1])), late=day.late)

    async def _read(self, town: Town, day: DayRow) -> DayFigures:
        return day_figures(town, await asyncio.to_thread(read_findings, self._store, town, day))


def _failed(reading: asyncio.Future[DayFigures]) -> bool:
    return reading.done() and (reading.cancelled() or isinstance(reading.exception(), StoreError))


async def _soon(reading: Awaitable[_T]) -> _T:
    try:
        return await asyncio.wait_for(reading, _ANSWER_S)
    except TimeoutError as error:
        raise StoreUnavailableError(f"ClickHouse did not answer within {_ANSWER_S:g} s") from error
