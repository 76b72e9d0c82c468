"""Dead letters judged again: what is accepted now is appended, once however often it is replayed."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from meguri_proto.columns import ColumnsDisagreeError, read_columns, write_columns
from meguri_proto.records import UnreadableError, read_batch, read_counts, read_sales
from meguri_proto.schema.upload_pb2 import Batch

from meguri_ingest.counts import OF_SENSORS, CounterStanding, add_count
from meguri_ingest.dead_letters import COUNTS, DETECTIONS, SALES
from meguri_ingest.judging import Standing, judge
from meguri_ingest.sales import TillStanding, add_sale
from meguri_ingest.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meguri_kit.registry import Registry
    from meguri_proto.reasons import RejectReason
    from meguri_proto.schema.counts_pb2 import Count, CountBatch
    from meguri_proto.schema.sales_pb2 import Sale
    from meguri_proto.towns import Town

    from meguri_ingest.clocks import Clocks
    from meguri_ingest.coalescing import Coalescer
    from meguri_ingest.day_rules import DayRules
    from meguri_ingest.judging import Delivery
    from meguri_ingest.settings import Settings
    from meguri_ingest.till_intake import TillIntake

REPLAYED = (DETECTIONS, SALES, COUNTS)
"""Sources whose letters may have a body."""
_SEQUENCE_BITS = 62


class ReplayError(Exception):
    """The letter cannot be judged again; the message says why."""


@dataclass(frozen=True)
class Replayed:
    """What became of a letter: detections, sales or counts."""

    accepted: int
    """In the log now, whether for the first time or not."""
    rejected: Mapping[RejectReason, int]
    """Not accepted now either; the letter keeps it."""


class Replays:
    """Judges dead letters as ingest judges what is posted, and appends what is accepted.

    Exactly once: sales and counts have names of their own. A detection is appended under a name that follows
    from the batch in which it was posted and from itself, so that it is the same one in whichever letters it
    stands and however many of its batch are accepted with it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the stations of the way
        self,
        towns: Mapping[str, Town],
        registry: Registry,
        clocks: Clocks,
        rules: DayRules,
        coalescer: Coalescer,
        till_intake: TillIntake,
        settings: Settings,
    ) -> None:
        self._towns = towns
        self._registry = registry
        self._clocks = clocks
        self._rules = rules
        self._coalescer = coalescer
        self._till_intake = till_intake
        self._settings = settings

    async def replay(self, headers: Mapping[str, str], body: bytes) -> Replayed:
        """Replay one letter.

        Raises:
            ReplayError: it has no body that can be judged, or its town is not here.
            LogUnavailableError: Kafka did not acknowledge all; replaying again is harmless.
            RegistryError: the registry does not answer.
        """
        source = headers.get("source", "")
        if not body or source not in REPLAYED:
            raise ReplayError("It has no body: only how much was not accepted is known.")
        town = self._towns.get(headers.get("town", ""))
        if town is None:
            raise ReplayError("Its town has no file here (any more).")
        try:
            if source == DETECTIONS:
                return await self._replay_detections(town, headers.get("sensor", ""), read_batch(body))
            if source == SALES:
                return await self._replay_sales(town, read_sales(body))
            return await self._replay_counts(town, read_counts(body))
        except (UnreadableError, ColumnsDisagreeError):
            raise ReplayError("Its body is not what its source writes.") from None

    async def _replay_detections(self, town: Town, sensor: str, batch: Batch) -> Replayed:
        deliveries, rejected = await asyncio.to_thread(self._judge_detections, town, sensor, batch)
        await self._coalescer.add(deliveries, at_once=True)
        return Replayed(len(deliveries), rejected)

    def _judge_detections(
        self, town: Town, sensor: str, batch: Batch
    ) -> tuple[list[Delivery], Counter[RejectReason]]:
        standing = Standing(
            town=town,
            sensor=sensor,
            names_sensors=False,
            recording=False,
            town_time_ms=self._clocks.town_time_ms(town),
            key_checks={batch.key_day: self._registry.key_check(town.town, batch.key_day)},
            max_detections=self._settings.max_detections,
        )
        verdicts = [judge(single, 0, standing) for single in _one_by_one(town.town, sensor, batch)]
        rejected = Counter(each.reason for verdict in verdicts for each in verdict.rejected)
        deliveries = [
            part for each in verdicts if each.delivery for part in self._rules.divided(each.delivery)
        ]
        return deliveries, rejected

    async def _replay_sales(self, town: Town, sales: list[Sale]) -> Replayed:
        town_time_ms = await asyncio.to_thread(self._clocks.town_time_ms, town)
        verdicts: Verdicts[Sale] = Verdicts()
        for sale in sales:
            add_sale(verdicts, "", sale, TillStanding(town, sale.shop, sale.source, town_time_ms))
        await self._till_intake.append_sales(town.town, verdicts.accepted)
        return _replayed(verdicts)

    async def _replay_counts(self, town: Town, batch: CountBatch) -> Replayed:
        town_time_ms = await asyncio.to_thread(self._clocks.town_time_ms, town)
        verdicts: Verdicts[Count] = Verdicts()
        for count in batch.counts:
            is_sensor = count.quantity in OF_SENSORS
            add_count(verdicts, "", count, CounterStanding(town, batch.counter, is_sensor, town_time_ms))
        await self._till_intake.append_counts(town.town, batch.counter, verdicts.accepted)
        return _replayed(verdicts)


def _replayed(verdicts: Verdicts[Sale] | Verdicts[Count]) -> Replayed:
    return Replayed(len(verdicts.accepted), Counter(each.reason for each in verdicts.rejected))


def _one_by_one(town: str, sensor: str, batch: Batch) -> Iterator[Batch]:
    """The batch's detections as batches of one, each under the name that it has in every letter."""
    origin = f"{town}/{sensor}/{batch.boot}/{batch.sequence}/{batch.key_day}".encode()
    boot = int.from_bytes(blake2b(origin, digest_size=8, person=b"meguri replay").digest(), "little")
    columns = read_columns(batch, batch.count)
    times = columns["time_offset_ms"].astype("i8") + batch.base_time_ms
    alike: Counter[bytes] = Counter()
    for index in range(batch.count):
        mine = slice(index, index + 1)
        content = times[mine].tobytes() + b"".join(
            column[mine].tobytes() for name, column in columns.items() if name != "time_offset_ms"
        )
        alike[content] += 1
        digest = blake2b(content + alike[content].to_bytes(4, "little"), digest_size=8).digest()
        single = Batch(
            boot=boot,
            sequence=int.from_bytes(digest, "little") >> (64 - _SEQUENCE_BITS),
            key_day=batch.key_day,
            key_check=batch.key_check,
            base_time_ms=batch.base_time_ms,
            count=1,
        )
        write_columns(single, {name: column[mine] for name, column in columns.items()})
        yield single
