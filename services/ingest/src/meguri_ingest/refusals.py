"""What the log says of detections that are not in it, since their sensor's clock is ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Record, Refused
from meguri_proto.topics import detections_partition

from meguri_ingest.opening import TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_kit.log import Log
    from meguri_proto.towns import Town

    from meguri_ingest.judging import Verdict
    from meguri_ingest.opening import OpenDays


class Refusals:
    """Appends a record of what was refused to the key day of the refusal: one a sensor."""

    def __init__(self, log: Log, days: OpenDays, partitions: int) -> None:
        self._log = log
        self._days = days
        self._partitions = partitions

    async def append(self, town: Town, town_time_ms: int, verdicts: Iterable[Verdict]) -> None:
        """Append what of an upload's batches was ahead of town time.

        Raises:
            LogUnavailableError: not acknowledged.
        """
        key_day = town.key_day_at(town_time_ms)
        refused: dict[str, Refused] = {}
        for verdict in verdicts:
            detections = sum(
                each.detections for each in verdict.rejected if each.reason is RejectReason.CLOCK_AHEAD
            )
            if detections:
                found = refused.setdefault(verdict.sensor, Refused(sensor=verdict.sensor))
                found.detections += detections
                found.lead_ms = max(found.lead_ms, verdict.lead_ms)
        if not refused:
            return
        await self._days.open(town.town, key_day)
        partition = detections_partition(town.town, key_day, self._partitions)
        for found in refused.values():
            found.town, found.key_day, found.town_time_ms = town.town, key_day, town_time_ms
            await self._log.append(TOPIC, Record(refused=found).SerializeToString(), partition=partition)
