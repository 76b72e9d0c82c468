"""The end of a key day's pseudonyms: marked as sealed, then dropped wherever they are.

    rows, findings, `days` ─▶ mark ─▶ snapshot without the day ─▶ acknowledge ─▶ drop ─▶ marked as dropped

Whoever is killed between two of these leaves either a day that its heir's state still holds, and then it is
sealed again, or a mark without an end, and then only the dropping is repeated. A mark says that everything
which stays of the slice's day is written: who finds one asks nothing of its visits any more, since they may
be gone (`unsealed`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from meguri_proto.key_days import day_date
from meguri_proto.schema.log_pb2 import Record, Sealed
from meguri_proto.topics import detections_partition

from meguri_flow import metrics
from meguri_flow.domain.day import SEALED_AFTER_MS
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.stream.inserts import BY_DAY, insert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from meguri_kit.clickhouse.store import Store
    from meguri_kit.log import Log

    from meguri_flow.domain.rows import SealedDay
    from meguri_flow.stream.snapshots import Snapshots

logger = logging.getLogger(__name__)

MARKED, DROPPED = 1, 2
"""Versions of a row in `sealed_days`."""


class Mark(NamedTuple):
    """A slice of a key day that is sealed."""

    key: DayKey
    generation: int
    sealed_ms: int
    """Town time."""


def marks(sealed: Iterable[SealedDay]) -> list[Mark]:
    """What is marked of days that have left a state."""
    return [
        Mark(DayKey(day.town, day.key_day, day.slice), day.generation, day.end_ms + SEALED_AFTER_MS)
        for day in sealed
    ]


def mark(store: Store, sealed: Sequence[Mark], version: int = MARKED) -> None:
    """Mark slices of days as sealed, or (version `DROPPED`) their pseudonyms as dropped."""
    insert(
        store,
        "sealed_days",
        {
            "town": [each.key.town for each in sealed],
            "key_day": np.array([each.key.key_day for each in sealed], np.int32),
            "slice": [each.key.slice for each in sealed],
            "generation": [each.generation for each in sealed],
            "sealed_ms": [each.sealed_ms for each in sealed],
            "dropped": [int(version == DROPPED)] * len(sealed),
            "lost": [0] * len(sealed),
            "version": [version] * len(sealed),
        },
    )


def unsealed(store: Store, keys: Collection[DayKey]) -> set[DayKey]:
    """Which of these are not marked as sealed: what was read of them before is all that there was."""
    if not keys:
        return set()
    found = store.query("meguri_flow/sealed_slices", _towns_and_days(keys))
    return set(keys) - {
        DayKey(str(row["town"]), int(str(row["day"])), int(str(row["slice"]))) for row in found
    }


def whole_days(store: Store, keys: Collection[DayKey]) -> list[tuple[str, int]]:
    """The town and key day of these of which every slice is sealed."""
    if not keys:
        return []
    wanted = {(key.town, key.key_day) for key in keys}
    found = store.query("meguri_flow/sealed_whole_days", _towns_and_days(keys))
    sealed = {(str(row["town"]), int(str(row["day"]))) for row in found}
    return sorted(wanted & sealed)


def drop_rows(store: Store, keys: Collection[DayKey]) -> None:
    """Drop the rows with pseudonyms of days of which every slice is sealed.

    Of slices that are sealed at the same time, each is marked before it looks for the others' marks: the last
    one sees them all.
    """
    for town, key_day in whole_days(store, keys):
        for table in sorted(BY_DAY):
            store.drop_partition(table, town, day_date(key_day))


class Sealing:
    """Drops what has a pseudonym of sealed days, each step again and again if need be.

    Args:
        store: holds rows and snapshots.
        snapshots: of the topic's partitions.
        log: where the record goes that ends a segment.
        delete_below: deletes the topic's records of a partition below an offset; blocks.
        topic: its name.
    """

    def __init__(
        self,
        store: Store,
        snapshots: Snapshots,
        log: Log,
        delete_below: Callable[[int, int], None],
        topic: str,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._log = log
        self._delete_below = delete_below
        self._topic = topic

    def not_dropped(self, partition: int, partitions: int, held: Collection[DayKey]) -> list[Mark]:
        """What a worker before left to be dropped of a partition.

        Args:
            partition: its number.
            partitions: how many the topic has.
            held: the days that the state holds, and which will therefore be sealed once more.
        """
        left = []
        for row in self._store.query("meguri_flow/sealed_not_dropped"):
            key = DayKey(str(row["town"]), int(str(row["day"])), int(str(row["slice"])))
            its = detections_partition(key.town, key.key_day, partitions, key.slice)
            if its == partition and key not in held:
                left.append(Mark(key, int(str(row["generation"])), int(str(row["sealed_ms"]))))
        return left

    async def drop(self, partition: int, sealed: Sequence[Mark], slot: int, needed_offset: int) -> None:
        """Drop what has a pseudonym of days whose marks and whose state's snapshot are written.

        Args:
            partition: the days' partition of the topic.
            sealed: the days.
            slot: of the snapshot that does not hold them any more.
            needed_offset: the first record that this snapshot may ask for.

        Raises:
            StoreError, LogUnavailableError: see there; doing it again is safe.
        """
        await asyncio.to_thread(drop_rows, self._store, [each.key for each in sealed])
        await asyncio.to_thread(self._snapshots.drop_before, partition, slot)
        if needed_offset > 0:
            await asyncio.to_thread(self._delete_below, partition, needed_offset)
        for town, key_day in sorted({(each.key.town, each.key.key_day) for each in sealed}):
            record = Record(sealed=Sealed(town=town, key_day=key_day))
            await self._log.append(
                self._topic, record.SerializeToString(), partition=partition, key=town.encode()
            )
        await asyncio.to_thread(mark, self._store, sealed, DROPPED)
        metrics.SEALED_DAYS.inc(len(sealed))
        fields = {"partition": partition, "offset": needed_offset}
        logger.info("%s key days sealed", len(sealed), extra=fields)


def _towns_and_days(keys: Iterable[DayKey]) -> dict[str, object]:
    return {
        "towns": tuple(sorted({key.town for key in keys})),
        "key_days": tuple(sorted({day_date(key.key_day) for key in keys})),
    }
