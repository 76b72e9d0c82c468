"""The rules that open each key day in the log, before anything else of that day."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition, town_partitions

if TYPE_CHECKING:
    from meguri_kit.log import Log
    from meguri_proto.schema.log_pb2 import Rules

    from meguri_ingest.day_rules import DayRules

TOPIC = "detections"


class OpenDays:
    """The key days that this process has opened, with all their slices: each once in its life.

    A day that another process opened is opened again, which the fold ignores.

    Args:
        log: where to.
        rules: of each key day.
        partitions: of the topic.
    """

    def __init__(self, log: Log, rules: DayRules, partitions: int) -> None:
        self._log = log
        self._rules = rules
        self._partitions = partitions
        self._openings: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def open(self, town: str, key_day: int) -> None:
        """Return when the log has the day's rules, in the partition of each slice.

        Raises:
            LogUnavailableError: not acknowledged; opening again is harmless.
            RegistryError: the registry does not answer.
        """
        day = (town, key_day)
        if day not in self._openings:
            self._openings[day] = asyncio.create_task(self._append_rules(town, key_day))
        # Others wait for it too: who goes away takes nobody along.
        await asyncio.shield(self._openings[day])

    async def partitions(self, town: str) -> list[int]:
        """Where days of the town may lie that were opened so far, in this process or in another.

        Raises:
            RegistryError: the registry does not answer.
        """
        slices = await asyncio.to_thread(self._rules.most_slices, town)
        return town_partitions(town, self._partitions, slices)

    async def _append_rules(self, town: str, key_day: int) -> None:
        try:
            rules = await asyncio.to_thread(self._rules.of, town, key_day)
            await asyncio.gather(*(self._append(rules, slice_) for slice_ in range(rules.slices)))
        except Exception:
            del self._openings[town, key_day]
            raise

    async def _append(self, rules: Rules, slice_: int) -> None:
        record = Record(rules=rules)
        record.rules.slice = slice_
        partition = detections_partition(rules.town, rules.key_day, self._partitions, slice_)
        await self._log.append(TOPIC, record.SerializeToString(), partition=partition)
