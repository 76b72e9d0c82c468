"""Ticks: it is at least this late in the town, though nobody was heard."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from meguri_kit.log import LogUnavailableError
from meguri_kit.registry import RegistryError
from meguri_proto.schema.log_pb2 import Record, Tick
from meguri_proto.towns import Clock

from meguri_ingest.opening import TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_kit.log import Log
    from meguri_proto.towns import Town

    from meguri_ingest.clocks import Clocks
    from meguri_ingest.metrics import Metrics
    from meguri_ingest.opening import OpenDays

EVERY_S = 60.0
"""Between two ticks of a live town."""
_logger = logging.getLogger(__name__)


class Ticking:
    """Appends ticks to every partition in which a town's days may lie, and destroys keys on the way.

    The key day of a tick is opened before it: a day in which nobody was heard is a day all the same.
    """

    def __init__(self, log: Log, days: OpenDays, clocks: Clocks, metrics: Metrics) -> None:
        self._log = log
        self._days = days
        self._clocks = clocks
        self._metrics = metrics

    async def tick_recording(self, town: Town, town_time_ms: int) -> int:
        """Move a recording town's clock and tick; where it stands now (it never goes backwards).

        Raises:
            LogUnavailableError: not every partition has the tick; ticking again is harmless.
            RegistryError: the registry does not answer.
        """
        now_ms = await asyncio.to_thread(self._clocks.advance, town, town_time_ms)
        await self.tick(town, now_ms)
        return now_ms

    async def run_live(self, towns: Iterable[Town]) -> None:
        """Tick the live towns now and each minute, until cancelled."""
        live = [town for town in towns if town.clock is Clock.LIVE]
        while live:
            for town in live:
                await self._tick_live(town)
            await asyncio.sleep(EVERY_S)

    async def _tick_live(self, town: Town) -> None:
        try:
            now_ms = await asyncio.to_thread(self._clocks.town_time_ms, town)
            if now_ms is not None:
                await self.tick(town, now_ms)
        except (LogUnavailableError, RegistryError) as error:
            _logger.warning("%s was not ticked, the next minute tries again: %s", town.town, error)

    async def tick(self, town: Town, now_ms: int) -> None:
        """Append the town's time, to which its clock was moved before, and destroy the keys that it ends.

        Raises:
            LogUnavailableError: not every partition has the tick; ticking again is harmless.
            RegistryError: the registry does not answer.
        """
        destroyed = await asyncio.to_thread(self._clocks.destroy_keys, town, now_ms)
        if destroyed:
            self._metrics.keys_destroyed.inc(destroyed)
            _logger.info("%s: %d keys of days that are over were destroyed", town.town, destroyed)
        await self._days.open(town.town, town.key_day_at(now_ms))
        record = Record(tick=Tick(town=town.town, town_time_ms=now_ms)).SerializeToString()
        await asyncio.gather(
            *(
                self._log.append(TOPIC, record, partition=partition)
                for partition in await self._days.partitions(town.town)
            )
        )
        self._metrics.ticks.inc()
